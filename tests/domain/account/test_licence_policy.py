"""Names in plain form, thresholds, exclusions, and the regions of an account."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.account.licence_policy import RegionBy, Threshold, plain
from desk_sync.domain.account.partner import Partner, TicketWriter
from tests.support.makers import LICENCES, make_account, make_item


@pytest.mark.parametrize("name", ["Zoho CRM Plus", "crm-plus", "CRM  Plus", "zoho crm_plus", "ＣＲＭ Plus"])
def test_one_name_has_one_plain_form(name):
    assert plain(name) == "crm plus"


@given(st.text(st.sampled_from("aZ -_oh"), max_size=8).filter(lambda name: not plain(name).startswith("zoho ")))
def test_a_plain_form_is_its_own_plain_form(name):
    assert plain(plain(name)) == plain(name)


@pytest.mark.parametrize(
    ("threshold", "licences", "large"),
    [
        pytest.param(Threshold(figure=60, inclusive=True), 59, False, id="one below"),
        pytest.param(Threshold(figure=60, inclusive=True), 60, True, id="the figure itself"),
        pytest.param(Threshold(figure=60, inclusive=False), 60, False, id="the figure itself is left out"),
        pytest.param(Threshold(figure=60, inclusive=False), 61, True, id="one above"),
    ],
)
def test_a_threshold_may_leave_its_own_figure_out(threshold, licences, large):
    assert threshold.reached(licences) is large


def test_a_threshold_is_written_with_its_sign():
    assert [str(Threshold(figure=60, inclusive=True)), str(Threshold(figure=60, inclusive=False))] == [">= 60", "> 60"]


def test_a_threshold_that_every_account_reaches_is_refused():
    with pytest.raises(ValueError, match="threshold 0: must be at least 1"):
        Threshold(figure=0, inclusive=True)


@pytest.mark.parametrize(
    ("facts", "exclusion"),
    [
        pytest.param({"service": "zoho-campaigns"}, "Zoho Campaigns", id="by its service"),
        pytest.param({"name": "Writer merge pack"}, "Zoho Writer add-ons", id="by both words of its name"),
        pytest.param({"name": "Writer users"}, None, id="by one word of its name only"),
        pytest.param({"name": "Merge credits"}, None, id="without the leading word"),
        pytest.param({"name": "Ghostwriter credits"}, None, id="a part of a word"),
        pytest.param({}, None, id="not at all"),
    ],
)
def test_an_item_is_excluded_by_its_service_or_by_words_of_its_name(facts, exclusion):
    found = LICENCES.exclusion(make_item(**facts))

    assert (found and found.name) == exclusion


def test_a_tickets_product_is_excluded_by_its_name_alone():
    assert LICENCES.excluded_service("Zoho Campaigns") == LICENCES.exclusions[0]
    assert LICENCES.excluded_service("Writer merge pack") is None


@pytest.mark.parametrize(
    ("by", "account", "stated", "mapped"),
    [
        pytest.param(RegionBy.CUSTOMER_COUNTRY, {}, set(), {"EUROPE_UK"}, id="the customer's country"),
        pytest.param(
            RegionBy.CUSTOMER_COUNTRY, {"countries": ("DE", "IN", "KZ")}, set(), {"EUROPE_UK", "INDIA"}, id="several"
        ),
        pytest.param(
            RegionBy.CUSTOMER_COUNTRY, {"regions": ("ANZ", "MARS")}, {"ANZ"}, {"EUROPE_UK"}, id="a known region counts"
        ),
        pytest.param(RegionBy.PARTNER_COUNTRY, {}, set(), {"INDIA"}, id="the partner's country"),
        pytest.param(
            RegionBy.PARTNER_COUNTRY, {"regions": ("ANZ",)}, set(), {"INDIA"}, id="the customer's region is ignored"
        ),
        pytest.param(RegionBy.DATA_CENTER, {"data_centers": ("EU",)}, set(), {"EUROPE_UK"}, id="its data centre"),
        pytest.param(RegionBy.DATA_CENTER, {}, set(), {"INDIA"}, id="the mailbox's data centre"),
    ],
)
def test_the_setting_decides_which_facts_give_the_region(by, account, stated, mapped):
    writer = TicketWriter(partner=Partner(name="P", country="IN"), data_centers=frozenset({"IN"}))
    policy, bought = replace(LICENCES, region_by=by), make_account(**account)

    assert (policy.stated_regions(bought), policy.mapped_regions(bought, writer)) == (stated, mapped)
