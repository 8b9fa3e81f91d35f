"""The large-user decision (R42–R48)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.account.entitlement import ItemStanding, Verdict, entitle, entitle_each, judge
from desk_sync.domain.account.licence_policy import AccountScope, CountBy, RegionBy
from desk_sync.domain.account.subscription import ContestedSubscription
from tests.support.makers import LICENCES, make_account, make_item

PRIORITY, NOT_PRIORITY, REVIEW = Verdict.PRIORITY, Verdict.NOT_PRIORITY, Verdict.REVIEW


@pytest.mark.parametrize(
    ("licences", "country", "verdict"),
    [
        pytest.param(59, "DE", NOT_PRIORITY, id="one below"),
        pytest.param(60, "DE", PRIORITY, id="the threshold itself counts"),
        pytest.param(60, "IN", NOT_PRIORITY, id="India requires 100"),
        pytest.param(55, "KZ", REVIEW, id="no region lists the country, and the verdict depends on it"),
        pytest.param(49, "KZ", NOT_PRIORITY, id="no region lists the country, but it is below every threshold"),
        pytest.param(100, "KZ", PRIORITY, id="no region lists the country, but it reaches every threshold"),
    ],
)
def test_an_account_is_large_from_its_regions_threshold_on(licences, country, verdict):
    assert entitle(make_account(licences, countries=(country,)), LICENCES).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "standing", "rule"),
    [
        pytest.param({}, ItemStanding.COUNTED, "R43", id="a live user licence"),
        pytest.param({"status": "non_renewing"}, ItemStanding.COUNTED, "R43", id="in force until the end of its term"),
        pytest.param({"status": "cancelled"}, ItemStanding.NOT_COUNTED, "R42", id="cancelled"),
        pytest.param({"status": "paused"}, ItemStanding.UNSETTLED, "R42", id="an unknown status"),
        pytest.param({"status": ""}, ItemStanding.UNSETTLED, "R42", id="no status"),
        pytest.param({"status": "unpaid"}, ItemStanding.UNSETTLED, "R42", id="unpaid: no rule decides it"),
        pytest.param({"paid": False}, ItemStanding.UNSETTLED, "R42", id="complimentary: no rule decides it"),
        pytest.param({"paid": False, "edition": "CRM Free"}, ItemStanding.NOT_COUNTED, "R42", id="a free edition"),
        pytest.param(
            {"paid": False, "edition": "x one-trial"}, ItemStanding.NOT_COUNTED, "R42", id="a trial by its code"
        ),
        pytest.param({"edition": "Freedom plan"}, ItemStanding.COUNTED, "R43", id="a paid plan may be called anything"),
        pytest.param({"service": "zoho campaigns"}, ItemStanding.NOT_COUNTED, "R46", id="an excluded service's users"),
        pytest.param({"name": "Writer merge pack"}, ItemStanding.NOT_COUNTED, "R46", id="excluded by the item's words"),
        pytest.param({"name": "Writer seats"}, ItemStanding.COUNTED, "R43", id="one of the words is not enough"),
        pytest.param({"unit": "light_agents"}, ItemStanding.NOT_COUNTED, "R43", id="not a person with a login"),
        pytest.param(
            {"unit": "", "name": "Standard User"}, ItemStanding.COUNTED, "R43", id="the unit follows from the name"
        ),
        pytest.param(
            {"unit": "", "name": "Base fee", "quantity": 0},
            ItemStanding.NOT_COUNTED,
            "R43",
            id="no unit, but no quantity either",
        ),
        pytest.param(
            {"unit": "", "name": "Base fee", "quantity": None},
            ItemStanding.NOT_COUNTED,
            "R43",
            id="neither unit nor number",
        ),
        pytest.param({"quantity": None}, ItemStanding.UNSETTLED, "R43", id="persons, and not how many"),
        pytest.param(
            {"unit": "light agents", "quantity": None}, ItemStanding.NOT_COUNTED, "R43", id="no persons, not how many"
        ),
        pytest.param({"unit": "wombats", "quantity": None}, ItemStanding.UNSETTLED, "R43", id="both unknown"),
        pytest.param({"unit": "wombats"}, ItemStanding.UNSETTLED, "R43", id="an unknown unit"),
        pytest.param({"service": "Zoho Wombat"}, ItemStanding.UNSETTLED, "R48", id="an unknown service"),
    ],
)
def test_each_item_counts_or_not_by_the_first_rule_that_applies(facts, standing, rule):
    judgement = judge(make_item(**{"quantity": 5} | facts), LICENCES)

    assert (judgement.standing, judgement.reason.rule) == (standing, rule)


@pytest.mark.parametrize(
    ("certain", "unsettled", "verdict"),
    [
        pytest.param(59, 1, REVIEW, id="the unpaid licence decides"),
        pytest.param(58, 1, NOT_PRIORITY, id="too few either way"),
        pytest.param(60, 1, PRIORITY, id="enough either way"),
    ],
)
def test_unsettled_licences_need_a_person_only_if_they_decide(certain, unsettled, verdict):
    account = make_account(items=(make_item(certain), make_item(unsettled, status="unpaid")))

    found = entitle(account, LICENCES)

    assert (found.verdict, found.licences) == (verdict, certain)


def test_the_largest_service_alone_may_be_what_counts():
    bought = (make_item(30), make_item(10, service="ZCRM"), make_item(35, service="Zoho Desk", unit="agents"))

    assert entitle(make_account(items=bought), LICENCES).licences == 75
    assert entitle(make_account(items=bought), replace(LICENCES, count=CountBy.LARGEST_SERVICE)).licences == 40


@pytest.mark.parametrize(
    ("per", "licences"), [(AccountScope.SUPER_ADMIN, [35, 30, 20]), (AccountScope.DOMAIN, [65, 65, 20])]
)
def test_accounts_on_one_domain_may_be_counted_together(per, licences):
    accounts = [make_account(35, account_id="A"), make_account(30, account_id="B"), make_account(20, domain=None)]

    decided = entitle_each(accounts, replace(LICENCES, per=per))

    assert [found.licences for _, found in decided] == licences


@pytest.mark.parametrize(
    ("account", "policy", "verdict", "text"),
    [
        pytest.param(
            {"regions": ("EUROPE_UK",)}, {}, PRIORITY, "as the subscription data say", id="and the map agrees"
        ),
        pytest.param({"regions": ("INDIA",)}, {}, NOT_PRIORITY, "as the subscription data say", id="stated wins"),
        pytest.param(
            {"regions": ("INDIA",)},
            {},
            NOT_PRIORITY,
            "warning: the country map says EUROPE_UK",
            id="the disagreement is a warning",
        ),
        pytest.param(
            {"regions": ("MARS",)}, {}, PRIORITY, "EUROPE_UK by customer country", id="an unknown region is ignored"
        ),
        pytest.param({"regions": ("INDIA", "ANZ")}, {}, REVIEW, "a person must decide", id="the rows disagree"),
        pytest.param({"countries": ()}, {}, REVIEW, "an unnamed country", id="no country at all"),
        pytest.param(
            {}, {"region_by": RegionBy.PARTNER_COUNTRY}, REVIEW, "a partner of no known country", id="no partner"
        ),
        pytest.param(
            {"countries": ("KZ",)}, {"fallback_region": "ANZ"}, PRIORITY, "falls back to ANZ", id="a fallback"
        ),
        pytest.param(
            {"data_centers": ("IN",)}, {"region_by": RegionBy.DATA_CENTER}, NOT_PRIORITY, "by data center", id="by host"
        ),
    ],
)
def test_the_region_comes_from_the_data_then_the_map_then_the_fallback(account, policy, verdict, text):
    found = entitle(make_account(60, **account), replace(LICENCES, **policy))

    assert found.verdict is verdict
    assert text in "\n".join(map(str, found.reasons))


items = st.builds(
    make_item,
    st.integers(0, 120),
    status=st.sampled_from(["live", "unpaid", "cancelled", "odd"]),
    unit=st.sampled_from(["users", "contacts", "odd"]),
    paid=st.booleans(),
)


@given(st.lists(items, max_size=5), st.sampled_from(["DE", "IN", "KZ"]))
def test_more_licences_never_make_an_account_less_large(bought, country):
    rank = {NOT_PRIORITY: 0, REVIEW: 1, PRIORITY: 2}
    before = entitle(make_account(items=tuple(bought), countries=(country,)), LICENCES)
    after = entitle(make_account(items=(*bought, make_item(7)), countries=(country,)), LICENCES)

    assert rank[after.verdict] >= rank[before.verdict]
    assert after.licences == before.licences + 7


@given(st.permutations([make_item(30), make_item(31, status="unpaid"), make_item(9, unit="contacts")]))
def test_the_order_of_rows_does_not_matter(bought):
    assert entitle(make_account(items=tuple(bought)), LICENCES).verdict is REVIEW


@pytest.mark.parametrize(
    ("certain", "verdict", "figures"),
    [
        pytest.param(59, REVIEW, "59 or more licences", id="it can be enough"),
        pytest.param(60, PRIORITY, "60 licences", id="enough without it"),
    ],
)
def test_users_without_a_number_are_never_none(certain, verdict, figures):
    account = make_account(items=(make_item(certain), make_item(None, name="User")))

    decided = entitle(account, LICENCES)

    assert (decided.verdict, decided.licences) == (verdict, certain)
    assert decided.reasons[-1].text.startswith(figures)
    assert decided.reasons[1].text == "Zoho CRM / User, a number of users may count: the data do not say how many"


def contested(*readings):
    return (ContestedSubscription(subscription_id="7", readings=readings),)


@pytest.mark.parametrize(
    ("readings", "verdict", "licences"),
    [
        pytest.param([(make_item(60),), (make_item(10),)], REVIEW, 10, id="one is enough, the other is not"),
        pytest.param([(make_item(80),), (make_item(70),)], PRIORITY, 70, id="enough either way"),
        pytest.param([(make_item(20),), (make_item(10),)], NOT_PRIORITY, 10, id="too few either way"),
        pytest.param([(make_item(60),), (make_item(60, status="cancelled"),)], REVIEW, 0, id="in force or ended"),
        pytest.param([(make_item(60),), (make_item(None),)], REVIEW, 0, id="one without a number"),
        pytest.param(
            [(make_item(60),), (make_item(60, service="Zoho Campaigns"),)], REVIEW, 0, id="one of an excluded service"
        ),
    ],
)
def test_a_contested_subscription_is_decided_for_each_reading(readings, verdict, licences):
    for order in (readings, readings[::-1]):
        decided = entitle(make_account(items=(), contested=contested(*order)), LICENCES)

        assert (decided.verdict, decided.licences) == (verdict, licences)
        assert "rows of one date differ about subscription 7" in decided.reasons[0].text


def test_contested_subscriptions_add_to_the_certain_ones_and_to_each_other():
    two = contested((make_item(20),), (make_item(10),)) * 2
    account = make_account(items=(make_item(30),), contested=two)

    assert entitle(account, LICENCES).reasons[-1].text == "50 to 70 licences against >= 60: a person must decide"


def test_the_accounts_of_one_domain_share_what_is_contested():
    small = make_account(1, account_id="A2", super_admin_email="b@large.example")
    unsure = make_account(items=(), contested=contested((make_item(60),), (make_item(10),)))
    by_domain = replace(LICENCES, per=AccountScope.DOMAIN)

    assert [each.verdict for _, each in entitle_each([small, unsure], by_domain)] == [REVIEW, REVIEW]


@pytest.mark.parametrize("written", ["EUROPE_UK", "Europe & UK", "europe/uk", "Europe UK"])
def test_a_region_is_known_in_every_spelling(written):
    assert entitle(make_account(70, countries=("IN",), regions=(written,)), LICENCES).verdict is PRIORITY


@pytest.mark.parametrize(
    ("facts", "policy", "warned"),
    [
        pytest.param({"countries": ("IN",), "regions": ("EMEA",)}, LICENCES, True, id="the country decides"),
        pytest.param({"countries": ("IN",), "regions": ("EMEA", "INDIA")}, LICENCES, True, id="beside a known one"),
        pytest.param({"countries": ("KZ",), "regions": ("EMEA",)}, LICENCES, True, id="no country either"),
        pytest.param(
            {"countries": ("KZ",), "regions": ("EMEA",)},
            replace(LICENCES, fallback_region="INDIA"),
            True,
            id="a fallback",
        ),
        pytest.param({"countries": ("IN",), "regions": ("INDIA",)}, LICENCES, False, id="a known one"),
        pytest.param(
            {"countries": ("IN",), "regions": ("EMEA",)},
            replace(LICENCES, region_by=RegionBy.PARTNER_COUNTRY),
            False,
            id="the partner's region counts",
        ),
    ],
)
def test_a_region_that_is_none_is_a_reason(facts, policy, warned):
    reasons = [str(reason) for reason in entitle(make_account(70, **facts), policy).reasons]

    assert ("R42: warning: a region in the subscription data is not in the mapping" in reasons) is warned
