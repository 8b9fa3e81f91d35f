"""The mapping file: a correct one becomes one policy; of a wrong one every mistake is reported with its place."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.adapters.mapping.file import check, load, schema
from desk_sync.adapters.text.countries import COUNTRIES
from desk_sync.adapters.yaml.tree import read_tree
from desk_sync.adapters.zoho.hosts import DATA_CENTERS, PortalHosts
from desk_sync.domain.account.freshness import FreshnessRule
from desk_sync.domain.account.identity import IdentifierKind, WeakEvidence
from desk_sync.domain.account.licence_policy import AccountScope, CountBy, RegionBy, Threshold, plain
from desk_sync.domain.plan.education import EducationOccasion
from desk_sync.domain.plan.policy import EmailFill, Mode
from desk_sync.errors import MappingError, Problem
from tests.support.makers import make_freshness

SHIPPED = Path(__file__).parents[3] / "mappings" / "partner_support.yaml"
TEXT = SHIPPED.read_text(encoding="utf-8")


@pytest.fixture
def write(tmp_path):
    def write_file(content: str | bytes) -> Path:
        file = tmp_path / "mapping.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write_file


@pytest.fixture
def changed(write):
    """The shipped file with one passage replaced."""

    def write_changed(old: str, new: str) -> Path:
        assert old in TEXT
        return write(TEXT.replace(old, new, 1))

    return write_changed


def shown(problems: list[Problem]) -> list[tuple[str, str, str | None]]:
    return [(problem.where, problem.message, problem.hint) for problem in problems]


def test_the_shipped_mapping_has_no_mistakes():
    assert check("partner_support") == []
    assert load("partner_support") == load(SHIPPED) == load(str(SHIPPED))


def test_the_shipped_mapping_is_the_programmes():
    mapping = load("partner_support")
    licences, tickets = mapping.policy.licences, mapping.policy.tickets

    assert {region: str(threshold) for region, threshold in licences.thresholds.items()} == {
        "ANZ": ">= 50",
        "APAC_JAPAN": ">= 50",
        "INDIA": ">= 100",
        "MEA": ">= 60",
        "EUROPE_UK": ">= 60",
        "USA_LATAM": ">= 70",
        "CANADA_BRAZIL": ">= 50",
    }
    assert (licences.region_by, licences.count, licences.per) == (
        RegionBy.CUSTOMER_COUNTRY,
        CountBy.SUM,
        AccountScope.SUPER_ADMIN,
    )
    assert licences.fallback_region is None
    assert licences.freshness == make_freshness(timedelta(days=7))
    assert len(licences.exclusions) == 5
    assert tickets.severities == {1: "S1-Critical", 2: "S2-Moderate", 3: "S3-Minimal"}
    assert tickets.severity_left_for_issues == {"feature_request", "limitation"}
    assert (tickets.email_fill, tickets.untick, tickets.mode) == (EmailFill.ALWAYS, True, Mode.WRITE)
    assert mapping.vocabulary.fields["large_user"] == "cf_priority_customer_large_user_account"
    assert mapping.vocabulary.issue_types["downtime"] == "outage"
    assert mapping.vocabulary.request_types["technischer support"] == "TECHNICAL_SUPPORT"


LEFT_OUT = """
KZ KG TJ TM UZ AF PK BD LK NP BT MV
AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI
GL BM PM GI GG JE
AS CK FJ FM GU KI MH MP NC NR NU PF PG PN PW SB TK TO TV UM VU WF WS
AQ
"""


def test_every_country_has_a_region_or_is_left_out_on_purpose():
    mapped = load("partner_support").policy.licences.region_of_country
    left_out = LEFT_OUT.split()

    assert set(mapped) == COUNTRIES.difference(left_out)
    assert all(re.search(rf"^  #.*\b{code}\b", TEXT, re.MULTILINE) for code in left_out)


def test_names_in_the_policy_are_in_plain_form():
    licences = load("partner_support").policy.licences
    named = licences.counted_units | licences.uncounted_units | licences.services.keys() | licences.in_force
    named = named.union(*(each.names for each in licences.exclusions))

    assert {name for name in named if plain(name) != name} == set()
    assert {"users", "agents", "light agents", "api calls", "plan"} <= licences.counted_units | licences.uncounted_units


def test_every_setting_of_the_shipped_file_can_be_changed(changed):
    licences = load(changed('EUROPE_UK: ">= 60"', 'EUROPE_UK: "> 60"')).policy.licences

    assert licences.thresholds["EUROPE_UK"] == Threshold(figure=60, inclusive=False)


@pytest.mark.parametrize(
    ("old", "new", "where", "message", "hint"),
    [
        pytest.param(
            "region_by: customer_country",
            "region_bye: customer_country",
            "licences.region_bye",
            "is not a setting",
            "did you mean region_by?",
            id="a misspelt key",
        ),
        pytest.param(
            "max_age: 7d",
            "maxage: 7d",
            "licences.maxage",
            "is not a setting",
            "did you mean max_age?",
            id="a misspelt key that is required is one mistake",
        ),
        pytest.param("  max_age: 7d", "", "licences.max_age", "is missing", None, id="a missing key"),
        pytest.param(
            "count: sum",
            "count: summ",
            "licences.count",
            "must be 'sum' or 'largest_service', not \"summ\"",
            "did you mean sum?",
            id="a misspelt value",
        ),
        pytest.param(
            'EUROPE_UK: ">= 60"',
            "EUROPE_UK: 60",
            "licences.thresholds.EUROPE_UK",
            '60 is not a threshold such as ">= 60" or "> 60"',
            None,
            id="a threshold without its sign",
        ),
        pytest.param(
            "max_age: 7d",
            "max_age: 1 week",
            "licences.max_age",
            '"1 week" is not a duration such as 7d, 36h or 90m',
            None,
            id="a duration in words",
        ),
        pytest.param(
            "fallback_region: null",
            "fallback_region: EUROPE",
            "licences.fallback_region",
            "EUROPE is not in the threshold table",
            "did you mean EUROPE_UK?",
            id="a region without a threshold",
        ),
        pytest.param(
            "MEA: [SA]",
            "SAUDI: [SA]",
            "licences.data_centers.SAUDI",
            "SAUDI is not in the threshold table",
            None,
            id="nothing like it in the table",
        ),
        pytest.param(
            "INDIA: [IN]",
            "INDIA: [IN, UK]",
            "licences.countries.INDIA[1]",
            "UK is not an ISO 3166-1 alpha-2 country code",
            "did you mean GB?",
            id="a code in everyday use",
        ),
        pytest.param(
            "INDIA: [IN]",
            "INDIA: [IN, true]",
            "licences.countries.INDIA[1]",
            "must be text, not true",
            None,
            id="something else among texts",
        ),
        pytest.param(
            "INDIA: [IN]",
            "INDIA: [in]",
            "licences.countries.INDIA[0]",
            "in is not an ISO 3166-1 alpha-2 country code",
            "did you mean IN?",
            id="a code in lower case",
        ),
        pytest.param(
            "CANADA_BRAZIL: [CA, BR]",
            "CANADA_BRAZIL: [CA, BR, VE]",
            "licences.countries.CANADA_BRAZIL[2]",
            '"VE" is already used for USA_LATAM',
            None,
            id="a country in two regions",
        ),
        pytest.param(
            "2: S2-Moderate",
            "2: S1-Critical",
            "values.severity.2",
            '"S1-Critical" is already used for 1',
            None,
            id="a severity named twice",
        ),
        pytest.param("    3: S3-Minimal\n", "", "values.severity.3", "is missing", None, id="a severity not named"),
        pytest.param(
            "Bug: defect",
            "bug: defct",
            "values.issue_type.bug",
            "must be 'outage', 'login', 'defect', 'howto', 'feature_request', 'limitation' or 'security', "
            'not "defct"',
            "did you mean defect?",
            id="a word that is not ours",
        ),
        pytest.param(
            "Bug: defect",
            "OUTAGE: defect",
            "values.issue_type.OUTAGE",
            '"outage" is already used for outage',
            None,
            id="one Desk value for two of our words",
        ),
        pytest.param(
            "untick: true",
            "untick: yes",
            "tickets.untick",
            'must be true or false, not "yes"',
            None,
            id="yes is a word in YAML 1.2",
        ),
        pytest.param(
            "write_limit: 10",
            "write_limit: ten",
            "tickets.write_limit",
            'must be a whole number, not "ten"',
            None,
            id="a number in words",
        ),
        pytest.param(
            "write_limit: 10", "write_limit: 0", "tickets.write_limit", "must be at least 1, not 0", None, id="too low"
        ),
        pytest.param(
            "automation_agents: []",
            "automation_agents: {}",
            "tickets.automation_agents",
            "must be a list, not keys with values",
            None,
            id="keys for a list",
        ),
        pytest.param(
            "departments: {}",
            "departments: {Partner Support: shadow}",
            "tickets.departments.Partner Support",
            'must be a name or an id as Desk\'s API gives it, not "Partner Support"',
            None,
            id="a department by its name",
        ),
        pytest.param(
            "large_user: cf_priority_customer_large_user_account",
            "large_user: cf_severity",
            "fields.severity",
            '"cf_severity" is already used for large_user',
            None,
            id="one field for two of our words",
        ),
        pytest.param(
            "unsettled: [unpaid]",
            "unsettled: [Live]",
            "licences.status.unsettled[0]",
            '"live" is already used for in_force',
            None,
            id="a status in two lists",
        ),
        pytest.param(
            "unpaid_editions: [free, trial]",
            'unpaid_editions: [free, "–"]',
            "licences.unpaid_editions[1]",
            '"–" contains no letter or digit',
            None,
            id="a name of signs",
        ),
        pytest.param(
            "    Zoho CRM: [ZCRM]",
            "    Zoho CRM: [Page-Sense]",
            "licences.services.Zoho CRM[0]",
            '"page sense" is already used for Zoho PageSense',
            None,
            id="a service that counts and is excluded",
        ),
        pytest.param(
            "      aliases: [Data Prep]",
            "      aliasses: [Data Prep]",
            "licences.excluded_services.Zoho DataPrep.aliasses",
            "is not a setting",
            "did you mean aliases?",
            id="a misspelt key under a name of the admin's",
        ),
        pytest.param(
            "      item_word: writer\n",
            "",
            "licences.excluded_services.Zoho Writer Add-ons",
            "item_word and item_words must be given together",
            None,
            id="half a rule for items",
        ),
    ],
)
def test_a_mistake_is_reported_with_its_place_and_a_suggestion(changed, old, new, where, message, hint):
    assert shown(check(changed(old, new))) == [(where, message, hint)]


def test_a_repeated_key_is_reported_with_other_mistakes(changed):
    problems = check(changed("  per: super_admin", "  count: sum\n  per: user"))

    assert [(each.where, each.message.partition(":")[0]) for each in problems] == [
        ("licences.count", "repeated"),
        ("licences.per", "must be 'super_admin' or 'domain', not \"user\""),
    ]


def test_every_mistake_is_reported_at_once_in_the_order_of_its_lines(write):
    file = write(
        TEXT.replace("count: sum", "count: summ").replace("mode: write", "mode: rite").replace("DE, AT", "DE, XX", 1)
    )

    problems = check(file)

    assert [each.where for each in problems] == ["licences.countries.EUROPE_UK[47]", "licences.count", "tickets.mode"]
    assert [each.line for each in problems] == sorted(each.line for each in problems)
    with pytest.raises(MappingError) as refused:
        load(file)
    assert refused.value.problems == tuple(problems)
    assert refused.value.file == str(file)


DOCUMENT = read_tree(TEXT).value
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([[]]), st.just({"a": {1: []}})
)


@st.composite
def broken_mappings(draw) -> str:
    """The shipped mapping with something else in one place, as JSON, which is YAML too."""
    mapping = json.loads(json.dumps(DOCUMENT))
    section, key = mapping, draw(st.sampled_from(sorted(mapping)))
    while isinstance(section[key], dict) and section[key] and draw(st.booleans()):
        section, key = section[key], draw(st.sampled_from(sorted(section[key])))
    if draw(st.booleans()):
        section[draw(st.text(max_size=9))] = section.pop(key)
    else:
        section[key] = draw(ANYTHING)
    return json.dumps(mapping, ensure_ascii=draw(st.booleans()))


@given(text=broken_mappings())
def test_any_mistake_is_reported_and_never_raised(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("mappings") / "mapping.yaml"
    file.write_text(text, encoding="utf-8")

    assert all(problem.message and problem.line == 1 for problem in check(file))


def test_line_and_column_are_those_of_the_key(write):
    (problem,) = check(write(TEXT.replace("  region_by: customer_country", "  region_by: nobody")))

    line = TEXT.splitlines().index("  region_by: customer_country") + 1
    assert (problem.line, problem.column) == (line, 3)


def test_a_missing_key_is_placed_at_its_parent(write):
    (problem,) = check(write(TEXT.replace("    in_force: [live, non_renewing, dunning]\n", "")))

    assert problem.where == "licences.status.in_force"
    assert problem.line == TEXT.splitlines().index("  status:") + 1


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        pytest.param("", 1, 1, "the file is empty", id="empty"),
        pytest.param("# nothing yet\n", 1, 1, "the file is empty", id="comments only"),
        pytest.param(
            "version: 1\n\tfields: {}", 2, 1, r"not YAML: found character '\t' that cannot start any token", id="a tab"
        ),
        pytest.param("version: 1\nfields: [a", 2, 11, "not YAML: expected ',' or ']'", id="an open bracket"),
        pytest.param("- version", 1, 1, "must be keys with values, not a list", id="a list"),
        pytest.param("version: \x01", 1, 1, "not YAML: a character that is not text", id="a control character"),
        pytest.param("version: \xfc".encode("latin-1"), 1, 1, "is not UTF-8 text", id="another encoding"),
    ],
)
def test_a_file_that_is_no_mapping_says_why(write, content, line, column, message):
    (problem,) = check(write(content))

    assert (problem.line, problem.column) == (line, column)
    assert problem.message.startswith(message)


def test_a_file_that_cannot_be_read_is_a_mistake_too(tmp_path):
    (problem,) = check(tmp_path / "absent.yaml")

    assert problem.message == "cannot be read: No such file or directory"


def test_the_hint_for_an_unknown_name_lists_the_shipped_ones():
    (problem,) = check("partner_suport")

    assert problem.hint == "name a file, or a shipped mapping: partner_support"


def test_the_version_follows_the_meaning_only(changed, write):
    version = load("partner_support").policy.version

    assert load(write(TEXT.replace("# R43:", "# Rule R43:"))).policy.version == version
    assert (
        load(changed("[live, non_renewing, dunning]", "[dunning, Live, live, non-renewing]")).policy.version == version
    )
    assert load(changed('ANZ: ">= 50"\n', 'ANZ: ">=50"\n')).policy.version == version
    assert load(changed("Defect: defect\n    Bug: defect", "Bug: defect\n    Defect: defect")).policy.version == version
    assert load(changed("write_limit: 10", "write_limit: 11")).policy.version != version
    assert load(changed("cf_issue_type", "cf_issue")).policy.version != version


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_version_is_the_same_in_every_process(seed):
    code = "from desk_sync.adapters.mapping.file import load; print(load('partner_support').policy.version)"
    printed = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )

    assert printed.stdout.strip() == load("partner_support").policy.version


def test_ids_may_be_written_without_quotation_marks(changed):
    tickets = load(changed("departments: {}", "departments: {1892000000006907: shadow}")).policy.tickets

    assert tickets.mode_of("1892000000006907") is Mode.SHADOW
    assert tickets.mode_of("1892000000006908") is Mode.WRITE


EUROPE = "{data_center: eu, org_id: 11, webhook_id: 21}"


@pytest.fixture
def with_portals(write):
    """The shipped file with a section of portals."""
    return lambda **portals: write(
        TEXT + "portals:\n" + "".join(f"  {name.replace('__', '-')}: {each}\n" for name, each in portals.items())
    )


def test_without_portals_the_environment_describes_the_only_one():
    assert load("partner_support").portals == {}


def test_each_portal_has_the_hosts_of_its_data_centre_or_its_own(with_portals):
    local = '{data_center: in, org_id: "12", webhook_id: 22, desk_url: "http://127.0.0.1:1/"}'
    portals = load(with_portals(europe=EUROPE, in_2=local)).portals

    assert portals["europe"] == PortalHosts(
        org_id="11",
        data_center="eu",
        webhook_id="21",
        desk_url="https://desk.zoho.eu",
        accounts_url="https://accounts.zoho.eu",
    )
    assert portals["europe"].keys_url == "https://desk.zoho.eu/.well-known/jwks.json"
    assert (portals["in_2"].desk_url, portals["in_2"].accounts_url) == (
        "http://127.0.0.1:1",
        "https://accounts.zoho.in",
    )


def test_a_portal_may_have_limits_of_its_own(with_portals):
    india = "{data_center: in, org_id: 12, webhook_id: 22}"
    portals = load(with_portals(europe=EUROPE.replace("}", ", concurrency: 25}"), india=india)).portals

    assert (portals["europe"].limits, portals["india"].limits) == ({"concurrency": 25}, {})


def test_portals_are_no_part_of_the_policys_version(with_portals):
    assert load(with_portals(europe=EUROPE)).policy.version == load("partner_support").policy.version


@pytest.mark.parametrize(
    ("portals", "where", "message"),
    [
        pytest.param({"Europe": EUROPE}, "portals.Europe", '"Europe" is not a plain name', id="a capital in a name"),
        pytest.param(
            {"europe": EUROPE.replace("eu,", "mars,")},
            "portals.europe.data_center",
            '"mars" is not one of Zoho\'s data centres',
            id="an unknown data centre",
        ),
        pytest.param({"europe": EUROPE.replace("org_id: 11, ", "")}, "portals.europe.org_id", "is missing", id="no id"),
        pytest.param(
            {"europe": EUROPE.replace("}", ', desk_url: "https://desk.zoho.example"}')},
            "portals.europe.desk_url",
            "https://desk.zoho.example is not a host of Zoho Desk",
            id="a host that is not Zoho's",
        ),
        pytest.param(
            {"europe": EUROPE, "other": EUROPE},
            "portals.other.org_id",
            '"11" is already used for europe',
            id="one organisation twice",
        ),
        pytest.param(
            {"a_b": EUROPE, "a__b": EUROPE.replace("11", "12")},
            "portals.a-b",
            '"a_b" is already used for a_b',
            id="two names with the same variables",
        ),
    ],
)
def test_a_mistake_among_the_portals_is_reported(with_portals, portals, where, message):
    (problem,) = check(with_portals(**portals))

    assert problem.where == where
    assert problem.message.startswith(message)


def test_an_empty_list_of_portals_is_a_mistake(write):
    (problem,) = check(write(TEXT + "portals: {}\n"))

    assert (problem.where, problem.message) == ("portals", "must not be empty")


def test_a_field_that_the_portal_lacks_is_absent(changed):
    fields = load(changed("  product: cf_zoho_product_name  ", "  # ")).vocabulary.fields

    assert "product" not in fields


def test_the_shipped_schema_is_the_codes_own():
    shipped = SHIPPED.with_name("partner_support.schema.json").read_text(encoding="utf-8")

    assert json.loads(shipped) == schema()


def test_the_schema_accepts_the_shipped_mapping_and_refuses_a_misspelt_one():
    document = json.loads(json.dumps(DOCUMENT))

    jsonschema.validate(document, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"licenses": {}}, schema())


def test_every_setting_is_explained_to_the_admin():
    explained = SHIPPED.with_name("README.md").read_text(encoding="utf-8")
    settings = {name for section in schema()["$defs"].values() for name in section.get("properties", ())}

    assert {name for name in settings if name not in explained and f"{name}:" not in TEXT} == set()


class TestSources:
    def test_they_keep_their_order(self, changed):
        text = "sources:\n  store: {kind: partner_store, data_center: eu, every: 6h, max_shrink: 30%}\n"
        text += "  billing: {kind: billing, data_center: eu, org_id: 1, every: 12h}\nlicences:\n"

        sources = load(changed("licences:\n", text)).sources

        assert list(sources) == ["store", "billing"]
        assert (sources["store"].max_shrink, sources["billing"].every) == (0.3, timedelta(hours=12))

    def test_a_source_may_have_a_freshness_of_its_own(self, changed):
        file = "{kind: file, path: x, every: 1h"
        text = f"sources:\n  usual: {file}}}\n  daily: {file}, max_age: 1d}}\n  dated: {file}, max_data_age: 2d}}\n"

        freshness = load(changed("licences:\n", f"{text}licences:\n")).policy.licences.freshness

        day = timedelta(days=1)
        assert freshness.usual == FreshnessRule(max_age=7 * day)
        assert freshness.sources == {
            "daily": FreshnessRule(max_age=day),
            "dated": FreshnessRule(max_age=7 * day, max_data_age=2 * day),
        }

    def test_the_day_of_the_data_may_be_limited_for_all_sources(self, changed):
        freshness = load(changed("  max_age: 7d\n", "  max_age: 7d\n  max_data_age: 14d\n")).policy.licences.freshness

        assert freshness == make_freshness(timedelta(days=7), data=timedelta(days=14))

    @pytest.mark.parametrize("center", DATA_CENTERS)
    def test_a_source_may_be_in_any_data_centre(self, changed, center):
        store = f"{{kind: partner_store, data_center: {center}, every: 1h}}"

        assert load(changed("licences:\n", f"sources:\n  x: {store}\nlicences:\n")).sources["x"].data_center == center

    @pytest.mark.parametrize(
        "source",
        [
            "{kind: billing, data_center: eu, org_id: 1, every: 1h, live: true}",
            "{kind: sql, table: x, every: 1h, live: true}",
            "{kind: mail_partner, data_center: eu, zoids_of: file, every: 1d, live: true}",
        ],
    )
    def test_sources_that_can_be_queried_may_be_live(self, changed, source):
        assert load(changed("licences:\n", f"sources:\n  house: {source}\nlicences:\n")).sources["house"].live

    @pytest.mark.parametrize(
        ("source", "mistake"),
        [
            pytest.param("{kind: file, every: 1h}", "path is missing", id="a file without a path"),
            pytest.param("{kind: billing, data_center: eu, every: 1h}", "org_id is missing", id="no organisation"),
            pytest.param("{kind: file, path: x, every: 1h, max_shrink: 120%}", "is not a share", id="too much"),
            pytest.param("{kind: crm, every: 1h}", "must be", id="an unknown kind"),
            pytest.param(
                "{kind: partner_store, data_center: eu, every: 1h, url: https://evil.example}",
                "is not a host of Zoho",
                id="a host that is not Zoho's",
            ),
            pytest.param(
                "{kind: file, path: x, every: 1h, live: true}",
                "a file cannot be queried",
                id="a file that is to be queried",
            ),
            pytest.param(
                "{kind: partner_store, data_center: eu, every: 1h, live: true}",
                "a partner_store cannot be queried",
                id="a store that is to be queried",
            ),
            pytest.param("{kind: mail_partner, data_center: eu, every: 1d}", "zoids_of is missing", id="no ZOIDs"),
            pytest.param(
                "{kind: mail_partner, data_center: eu, zoids_of: store, every: 1d}",
                "store is not the name of another source",
                id="its own ZOIDs",
            ),
            pytest.param(
                "{kind: mail_partner, data_center: eu, zoids_of: fiel, every: 1d}",
                "fiel is not the name of another source",
                id="the ZOIDs of an unknown source",
            ),
        ],
    )
    def test_mistakes_are_reported_with_their_place(self, changed, source, mistake):
        [problem] = check(changed("licences:\n", f"sources:\n  store: {source}\nlicences:\n"))

        assert mistake in problem.message
        assert problem.where.startswith("sources.store")


class TestIdentity:
    SHIPPED_LIST = "strategies: [email, zoid, zgid, zuid, domain]"

    def test_the_order_of_the_strategies_is_kept(self, changed):
        policy = load(changed(self.SHIPPED_LIST, "strategies: [zoid, email]")).policy

        assert policy.strategies == (IdentifierKind.ZOID, IdentifierKind.EMAIL)
        assert policy.version != load(changed(self.SHIPPED_LIST, "strategies: [email, zoid]")).policy.version

    @pytest.mark.parametrize(
        ("strategies", "mistake"),
        [
            pytest.param("[email, email]", "email is listed twice", id="one twice"),
            pytest.param("[]", "must not be empty", id="none"),
            pytest.param("[email, phone]", "must be", id="an unknown kind"),
        ],
    )
    def test_mistakes_are_named(self, changed, strategies, mistake):
        (problem,) = check(changed(self.SHIPPED_LIST, f"strategies: {strategies}"))

        assert mistake in str(problem)

    def test_no_weak_evidence_acts_unless_the_mapping_says_so(self, changed):
        shipped = load("partner_support").policy
        policy = load(changed("weak_evidence_acts: []", "weak_evidence_acts: [quoted, domain]")).policy

        assert shipped.admitted == ()
        assert policy.admitted == (WeakEvidence.QUOTED, WeakEvidence.DOMAIN)
        assert policy.version != shipped.version

    @pytest.mark.parametrize(
        ("kinds", "mistake"),
        [
            pytest.param("[quoted, quoted]", "quoted is listed twice", id="one twice"),
            pytest.param("[ours]", "must be", id="what we wrote ourselves"),
            pytest.param("quoted", "must be", id="no list"),
        ],
    )
    def test_mistakes_about_weak_evidence_are_named(self, changed, kinds, mistake):
        (problem,) = check(changed("weak_evidence_acts: []", f"weak_evidence_acts: {kinds}"))

        assert mistake in str(problem)


def test_an_education_text_of_the_admin_replaces_the_shipped_one(changed):
    own = load(changed("  texts: {}\n", '  texts: {de: {public_mail: "Bitte von der Firma aus."}}\n')).policy
    ours = load("partner_support").policy

    assert own.education.texts["de"][EducationOccasion.PUBLIC_MAIL] == "Bitte von der Firma aus."
    assert (
        own.education.texts["de"][EducationOccasion.NO_IDENTIFIER]
        == ours.education.texts["de"][EducationOccasion.NO_IDENTIFIER]
    )
    assert own.version != ours.version


@pytest.mark.parametrize(
    ("before", "after", "mistake"),
    [
        pytest.param("order: [desk, file, domain]", "order: [desk, desk]", "desk is listed twice", id="twice"),
        pytest.param("partner-support@zohocorp.com:", "partner-support:", "is not an e-mail address", id="no address"),
        pytest.param("  max_age: 1d\n", "  max_age: soon\n", "is not a duration", id="no duration"),
    ],
)
def test_mistakes_about_the_partner_are_reported(changed, before, after, mistake):
    [problem] = check(changed(before, after))

    assert mistake in problem.message
