"""The comparison of a mapping with its portal: each difference at its line, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from desk_sync.adapters.desk import catalogue
from desk_sync.adapters.desk.catalogue import CatalogueLayout, LayoutEntry, PortalCatalogue
from desk_sync.adapters.mapping.file import check, check_live
from desk_sync.adapters.mapping.live_checks import TYPES
from desk_sync.adapters.mapping.schema import FieldsSection
from desk_sync.domain.ticket.agent import DeskAgent

SHIPPED = Path(__file__).parents[3] / "mappings" / "partner_support.yaml"
SUPPORT, SALES, TEAM, MARIA = "7001", "7002", "8001", "9001"
PEOPLE = "  people: {maria: {agent: Maria@support.example, team: 8001}}\n"
ACTIONS = "  actions: {3: {status: Escalated, priority: High, assign: true}}\n  fallback_agent: maria@support.example\n"

FIELDS = {
    "cf_customer_primary_email_address": LayoutEntry(type="email"),
    "cf_priority_customer_large_user_account": LayoutEntry(type="boolean"),
    "cf_severity": LayoutEntry(type="picklist", values=("S1-Critical", "S2-Moderate", "S3-Minimal")),
    "cf_type_of_support_request": LayoutEntry(type="picklist", values=("Technical Support", "Upgrades")),
    "cf_issue_type": LayoutEntry(type="picklist", values=("Outage", "Defect", "How-to", "Question")),
    "cf_zoho_product_name": LayoutEntry(type="text"),
    "cf_service_organisation_id": LayoutEntry(type="text"),
    "status": LayoutEntry(type="picklist", values=("Open", "On Hold", "Escalated", "Closed")),
    "priority": LayoutEntry(type="picklist", values=("High", "Low")),
}


def make_catalogue(*, sales=None, **fields) -> PortalCatalogue:
    """A portal with two departments. `fields` replace some on all layouts; `sales` those of the second layout."""
    everywhere = {name: entry for name, entry in (FIELDS | fields).items() if entry}
    there = {name: entry for name, entry in (everywhere | (sales or {})).items() if entry}
    return PortalCatalogue(
        fields={name: entry.type for name, entry in everywhere.items()},
        layouts=(
            CatalogueLayout(name="Standard", department_id=SUPPORT, fields=everywhere),
            CatalogueLayout(name="Short", department_id=SALES, fields=there),
        ),
        departments={SUPPORT: "Support", SALES: "Sales"},
        agents={"maria@support.example": DeskAgent(agent_id=MARIA, zuid="1", active=True)},
        teams={TEAM: "Escalation Desk"},
    )


@pytest.fixture
def mapping(tmp_path):
    """A function that writes the shipped mapping with a team and actions, and with one text replaced."""

    def write(old="", new="", *, count=1):
        text = SHIPPED.read_text().replace("  people: {}\n", PEOPLE).replace("  actions: {}\n", ACTIONS)
        assert text.count(old) >= 1
        file = tmp_path / "mapping.yaml"
        file.write_text(text.replace(old, new, count) if old else text)
        assert check(file) == []
        return file

    return write


def line_of(file: Path, text: str) -> int:
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line)


def test_a_mapping_that_fits_its_portal_has_no_differences(mapping):
    found = check_live(mapping(), {"default": make_catalogue()})

    assert (found.wrong, found.gaps) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "where", "message", "hint"),
    [
        pytest.param(
            "cf_severity ", "cf_severty ", "fields.severity",
            "Desk has no field cf_severty", "did you mean cf_severity?", id="a misspelt field",
        ),
        pytest.param(
            "1: S1-Critical", "1: S1-Critcal", "values.severity.1",
            'cf_severity has no value "S1-Critcal"', "did you mean S1-Critical?", id="a misspelt value",
        ),
        pytest.param(
            "1: S1-Critical", "1: s1-critical", "values.severity.1",
            'cf_severity has no value "s1-critical"', "did you mean S1-Critical?", id="a written value in another case",
        ),
        pytest.param(
            "1: S1-Critical", "1: Now", "values.severity.1",
            'cf_severity has no value "Now"', "Desk has S1-Critical, S2-Moderate, S3-Minimal", id="a value of its own",
        ),
        pytest.param(
            "{3: {status: Escalated", "{3: {status: Eskalated", "escalation.actions.3.status",
            'status has no value "Eskalated"', "did you mean Escalated?", id="a status that a level sets",
        ),
        pytest.param(
            "High, assign: true}}", "Urgent, assign: true}}", "escalation.actions.3.priority",
            'priority has no value "Urgent"', "Desk has High, Low", id="a priority that a level sets",
        ),
        pytest.param(
            "waiting_statuses: []", "waiting_statuses: [on hold, Wating]", "clocks.waiting_statuses[1]",
            'no layout has the status "Wating"', "Desk has Closed, Escalated, On Hold, Open", id="a waiting status",
        ),
        pytest.param(
            "    statuses: []", "    statuses: [escalatd]", "escalation.requests.statuses[0]",
            'no layout has the status "escalatd"', "did you mean Escalated?", id="a status that requests",
        ),
        pytest.param(
            "    How-to: howto\n    Howto: howto\n    How to: howto", "    Howwto: howto", "values.issue_type.Howwto",
            'cf_issue_type has no value "Howwto"; its value "How-to" has no meaning here', "did you mean How-to?",
            id="an issue type that is read",
        ),
        pytest.param(
            "      - Upgrades\n", "      - Upgrads\n", "values.request_type.UPGRADES[0]",
            'cf_type_of_support_request has no value "Upgrads"; its value "Upgrades" has no meaning here',
            "did you mean Upgrades?", id="a request type that is read",
        ),
        pytest.param(
            "agent: Maria@", "agent: mara@", "escalation.people.maria.agent",
            "Desk has no agent mara@support.example", "did you mean maria@support.example?", id="an agent",
        ),
        pytest.param(
            "fallback_agent: maria@", "fallback_agent: jonas@", "escalation.fallback_agent",
            "Desk has no agent jonas@support.example", None, id="the fallback agent",
        ),
        pytest.param(
            "team: 8001", "team: 8002", "escalation.people.maria.team",
            "Desk has no team 8002", "Desk has Escalation Desk (8001)", id="a team",
        ),
        pytest.param(
            "  departments: {}", "  departments: {7009: shadow}", "tickets.departments.7009",
            "Desk has no department 7009", "Desk has Support (7001), Sales (7002)", id="a department",
        ),
        pytest.param(
            "automation_agents: []", "automation_agents: [9001, 9009]", "tickets.automation_agents[1]",
            "Desk has no agent 9009", "Desk has maria@support.example (9001)", id="an automation agent",
        ),
    ],
)  # fmt: skip
def test_what_the_portal_lacks_is_found_at_its_line(mapping, old, new, where, message, hint):
    file = mapping(old, new)

    [problem] = check_live(file, {"default": make_catalogue()}).all

    assert (problem.where, problem.message) == (where, message)
    assert hint is None or problem.hint == hint
    assert problem.line == line_of(file, new.strip().splitlines()[0])


@pytest.mark.parametrize(
    ("portal", "where", "message"),
    [
        pytest.param(
            make_catalogue(cf_priority_customer_large_user_account=LayoutEntry(type="text")),
            "fields.large_user",
            "cf_priority_customer_large_user_account is of Desk's type text, and must be a check box",
            id="a text for a check box",
        ),
        pytest.param(
            make_catalogue(cf_severity=LayoutEntry(type="text")),
            "fields.severity",
            "cf_severity is of Desk's type text, and must be a pick list",
            id="a text for a pick list",
        ),
        pytest.param(
            make_catalogue(cf_service_organisation_id=LayoutEntry(type="boolean")),
            "fields.service_org_id",
            "cf_service_organisation_id is of Desk's type boolean, and must be a text or a number",
            id="a check box for a text",
        ),
        pytest.param(
            make_catalogue(sales={"status": LayoutEntry(type="picklist", values=("Open", "Closed"))}),
            "escalation.actions.3.status",
            'status has no value "Escalated" on the layout "Short" of the department "Sales"',
            id="a status on one layout",
        ),
        pytest.param(
            make_catalogue(sales={"cf_severity": LayoutEntry(type="picklist", values=("S1-Critical", "S3-Minimal"))}),
            "values.severity.2",
            'cf_severity has no value "S2-Moderate" on the layout "Short" of the department "Sales"',
            id="a value on one layout",
        ),
        pytest.param(
            replace(
                make_catalogue(),
                agents={"maria@support.example": DeskAgent(agent_id=MARIA, zuid="1", active=False)},
                departments={},
            ),
            "escalation.people.maria.agent",
            "the agent Maria@support.example is not active in Desk",
            id="an agent who has left",
        ),
    ],
)
def test_what_the_portal_has_otherwise_is_found(mapping, portal, where, message):
    found = check_live(mapping(), {"default": portal})

    assert (where, message) in {(each.where, each.message) for each in found.wrong}


def test_a_field_that_one_layout_lacks_is_a_gap_and_names_its_department(mapping):
    found = check_live(mapping(), {"default": make_catalogue(sales={"cf_severity": None})})

    [gap] = found.gaps
    assert (found.wrong, gap.where) == ([], "fields.severity")
    assert gap.message == 'cf_severity is missing on the layout "Short" of the department "Sales"'


def test_a_field_on_no_layout_is_wrong(mapping):
    portal = make_catalogue()
    layouts = [
        replace(each, fields={name: entry for name, entry in each.fields.items() if name != "cf_severity"})
        for each in portal.layouts
    ]

    found = check_live(mapping(), {"default": replace(portal, layouts=layouts)})

    assert [(each.where, each.message) for each in found.wrong] == [("fields.severity", "cf_severity is on no layout")]


def test_nothing_is_compared_in_a_department_in_shadow_mode(mapping):
    file = mapping("  departments: {}", f"  departments: {{{SALES}: shadow}}")
    portal = make_catalogue(sales={"cf_severity": None, "status": LayoutEntry(type="picklist", values=("Open",))})

    assert check_live(file, {"default": portal}).all == []


def test_of_several_portals_each_difference_names_its_portal(mapping):
    lacking = make_catalogue(cf_severity=None)

    [problem] = check_live(mapping(), {"europe": make_catalogue(), "india": lacking}).all

    assert problem.message == "portal india: Desk has no field cf_severity"


def test_values_that_desk_does_not_list_are_not_compared(mapping):
    """Some portals return pick lists without values."""
    portal = make_catalogue(**{name: replace(entry, values=()) for name, entry in FIELDS.items()})

    assert check_live(mapping(), {"default": portal}).all == []


def test_every_mapped_field_has_its_types():
    assert TYPES.keys() == FieldsSection.model_fields.keys()


def test_a_catalogue_is_read_leniently():
    """A portal whose answers have other forms than expected has an empty catalogue, and nothing raises."""
    odd = {"data": [None, 7, {"id": None}, {"id": "1", "name": None, "sections": "none"}], "teams": None}

    found = catalogue.read(lambda path, query=None: {} if "/" in path[1:] else odd)

    assert found.departments == {"1": "1"}
    assert [each.fields for each in found.layouts] == [{}]
    assert (found.fields, found.agents, found.teams) == ({}, {}, {})


def test_pages_are_read_to_the_end():
    agents = [{"id": str(each), "zuid": str(each), "emailId": f"a{each}@desk.example"} for each in range(450)]

    def get(path, query=None):
        start = int((query or {}).get("from", 0))
        return {"data": agents[start : start + 200]} if path == "/agents" else {}

    assert len(catalogue.read(get).agents) == 450
