"""The decision on a ticket: its account's entitlement, the reasons, and the questions that a person must answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.licence_policy import RegionBy
from desk_sync.domain.account.partner import WRITER_NOT_LOOKED_UP, TaggedElsewhere
from desk_sync.domain.account.subscription import combine
from desk_sync.domain.commitment.regions import RegionBasis, TicketOrigin
from desk_sync.domain.plan.decision import PARTNER_UNKNOWN, asking_where, assess, decide
from tests.support.clock_scenes import REGIONS
from tests.support.makers import (
    FRESHNESS,
    NOW,
    PARTNERS,
    POLICY,
    make_account,
    make_freshness,
    make_lookup,
    make_snapshot,
    make_ticket,
)
from tests.support.plan_scenes import (
    LARGE,
    NO_DATA,
    PRAIRIE,
    SMALL,
    STALE,
    UNDECIDED,
    UNKNOWN,
    UNPROVEN,
    with_rules,
)

IGNORING = replace(POLICY, partners=replace(PARTNERS, tagged_elsewhere=TaggedElsewhere.IGNORE))
BY_PARTNER = replace(POLICY, licences=replace(POLICY.licences, region_by=RegionBy.PARTNER_COUNTRY))


def decided(lookup=LARGE, writer=WRITER_NOT_LOOKED_UP, policy=POLICY, **facts):
    return decide(make_ticket(**facts), lookup, writer, policy, NOW)


@pytest.mark.parametrize(
    ("lookup", "verdict", "hands_off"),
    [
        pytest.param(LARGE, Verdict.PRIORITY, False, id="large"),
        pytest.param(SMALL, Verdict.NOT_PRIORITY, False, id="not large"),
        pytest.param(UNDECIDED, Verdict.REVIEW, True, id="undecided"),
        pytest.param(UNKNOWN, Verdict.UNKNOWN, True, id="no account found"),
        pytest.param(STALE, Verdict.UNKNOWN, True, id="old data"),
        pytest.param(NO_DATA, Verdict.UNKNOWN, True, id="no data at all"),
    ],
)
def test_box_and_severity_are_left_alone_unless_the_verdict_is_certain(lookup, verdict, hands_off):
    assert (decided(lookup).verdict, decided(lookup).hands_off) == (verdict, hands_off)


@pytest.mark.parametrize(
    ("lookup", "verdict", "unproven"),
    [
        pytest.param(UNPROVEN, Verdict.UNKNOWN, True, id="only a suggestion"),
        pytest.param(replace(UNPROVEN, contested=True), Verdict.REVIEW, True, id="equally strong evidence of several"),
        pytest.param(replace(UNPROVEN, whole=False), Verdict.UNKNOWN, False, id="evidence may be missing"),
    ],
)
def test_a_ticket_that_proves_no_account_names_those_to_choose_from(lookup, verdict, unproven):
    decision = decided(lookup)

    assert (decision.verdict, decision.account_id, decision.hands_off) == (verdict, None, True)
    assert [(each.account_id, each.place) for each in decision.suggestions] == [("A1", "quoted text")]
    assert decision.unproven is unproven
    assert decision.gist != decided(UNKNOWN).gist


def test_old_data_suggest_nothing():
    decision = decided(replace(UNPROVEN, snapshot=STALE.snapshot))

    assert (decision.suggestions, decision.unproven) == ((), False)


class TestTheAgeOfTheData:
    def test_data_are_valid_until_their_last_day_is_over(self):
        last = timedelta(days=7)

        assert decided(make_lookup(make_account(), age=last)).verdict is Verdict.PRIORITY
        assert decided(make_lookup(make_account(), age=last + timedelta(seconds=1))).verdict is Verdict.UNKNOWN

    def test_data_of_an_old_day_are_unknown_only_if_the_mapping_says_so(self):
        dated = make_account(88, origin=make_snapshot(as_of=date(2026, 11, 1)))
        week = timedelta(days=7)
        limited = replace(POLICY, licences=replace(POLICY.licences, freshness=make_freshness(week, data=week)))

        assert decided(make_lookup(dated)).verdict is Verdict.PRIORITY
        unknown = decided(make_lookup(dated), policy=limited)
        assert unknown.verdict is Verdict.UNKNOWN
        assert "unknown since 2026-11-08 00:00Z" in str(unknown.reasons[-1])
        assert str(unknown.reasons[-1]).endswith("with data of 2026-11-01")

    def test_the_reason_says_since_when_old_data_are_unknown(self):
        assert "unknown since 2026-11-22 09:00Z: source file was last read in full" in str(decided(STALE).reasons[-1])

    def test_the_age_of_an_account_is_that_of_its_own_source(self):
        stale = make_account(88, origin=make_snapshot(timedelta(days=8), source="store"))

        decision = decided(make_lookup(stale))

        assert decision.verdict is Verdict.UNKNOWN
        assert "source store" in str(decision.reasons[-1])

    def test_accounts_that_count_together_are_as_old_as_the_oldest(self):
        old, young = (make_account(40, origin=make_snapshot(timedelta(days=age))) for age in (8, 1))

        assert decided(make_lookup(combine(young, [old], FRESHNESS.stale_at))).verdict is Verdict.UNKNOWN

    def test_the_reason_names_the_other_sources_that_have_the_account(self):
        reasons = decided(make_lookup(make_account(88, also_in=("store",)))).reasons

        assert any("; store has it too and comes later" in reason.text for reason in reasons)

    def test_an_account_from_a_single_look_up_has_the_instant_of_that(self):
        asked = make_account(88, origin=make_snapshot(timedelta(0), source="store", in_full=False))

        assert "source store was asked for it at 2026-11-23 09:00Z" in "".join(
            map(str, decided(make_lookup(asked)).reasons)
        )


class TestAnExcludedService:
    """C16."""

    def test_a_ticket_about_it_is_left_as_it_is_although_the_account_is_large(self):
        decision = decided(product="Campaigns")

        assert (decision.verdict, decision.hands_off) == (Verdict.NOT_PRIORITY, True)
        assert decision.reasons[-1].rule == "C16"

    def test_it_may_be_treated_like_any_other(self):
        policy = with_rules(exclude_tickets_about_excluded_services=False)

        assert decided(product="Campaigns", policy=policy).verdict is Verdict.PRIORITY

    def test_the_account_itself_stays_large(self):
        assert assess(LARGE, POLICY, NOW).verdict is Verdict.PRIORITY

    def test_an_unknown_account_stays_unknown(self):
        assert decided(UNKNOWN, product="Campaigns").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("tagged_to", "writer", "policy", "verdict", "questions"),
    [
        pytest.param("prairie.example", PRAIRIE, POLICY, Verdict.PRIORITY, (), id="the partner's own"),
        pytest.param("other.example", PRAIRIE, POLICY, Verdict.REVIEW, (), id="another partner's"),
        pytest.param("other.example", PRAIRIE, IGNORING, Verdict.PRIORITY, (), id="another's, which is ignored"),
        pytest.param(
            "other.example", WRITER_NOT_LOOKED_UP, POLICY, Verdict.PRIORITY, (PARTNER_UNKNOWN,), id="not comparable"
        ),
        pytest.param(
            "other.example", WRITER_NOT_LOOKED_UP, IGNORING, Verdict.PRIORITY, (), id="not comparable, and ignored"
        ),
        pytest.param(
            None, WRITER_NOT_LOOKED_UP, BY_PARTNER, Verdict.REVIEW, (PARTNER_UNKNOWN,), id="the threshold depends on it"
        ),
        pytest.param(
            "other.example",
            WRITER_NOT_LOOKED_UP,
            BY_PARTNER,
            Verdict.REVIEW,
            (PARTNER_UNKNOWN,),
            id="both are one question",
        ),
    ],
)
def test_an_account_of_another_partner_is_for_a_person_and_an_unknown_partner_is_a_question(
    tagged_to, writer, policy, verdict, questions
):
    """R8."""
    decision = decided(make_lookup(make_account(partner_domain=tagged_to)), writer, policy)

    assert (decision.verdict, decision.questions) == (verdict, questions)
    assert decision.hands_off is (verdict is Verdict.REVIEW)


PARTNER, CUSTOMER, CENTER = (
    "in which escalation region the partner is",
    "in which escalation region the customer is",
    "to which escalation region the data centre belongs",
)
BY_OTHERS = replace(REGIONS, calendar_by=RegionBasis.CUSTOMER_COUNTRY, ladder_by=RegionBasis.DATA_CENTER)


@pytest.mark.parametrize(
    ("regions", "writer", "origin", "questions"),
    [
        pytest.param(REGIONS, PRAIRIE, TicketOrigin(partner_country="DE"), (), id="a country in a region"),
        pytest.param(REGIONS, PRAIRIE, TicketOrigin(partner_country="KZ"), (PARTNER,), id="a country in none"),
        pytest.param(REGIONS, WRITER_NOT_LOOKED_UP, TicketOrigin(), (PARTNER_UNKNOWN,), id="an unknown partner"),
        pytest.param(
            BY_OTHERS, WRITER_NOT_LOOKED_UP, TicketOrigin(), (CUSTOMER, CENTER), id="clocks and ladder by others"
        ),
        pytest.param(
            BY_OTHERS,
            PRAIRIE,
            TicketOrigin(customer_country="DE", data_centers=("EU",)),
            (),
            id="clocks and ladder by others, both known",
        ),
    ],
)
def test_clocks_or_ladders_of_the_fallback_region_are_a_question_with_a_reason(regions, writer, origin, questions):
    """C17."""
    before = decided(writer=writer)

    decision = asking_where(before, regions, writer, origin)

    assert decision.questions == questions
    assert [reason.rule for reason in decision.reasons].count("C17") == len(questions)
    assert decision.reasons[-1] == before.reasons[-1], "the reason for the verdict stays the last one"


def test_a_question_that_is_open_already_is_not_asked_twice():
    before = decided(make_lookup(make_account(partner_domain="other.example")))

    assert asking_where(before, REGIONS, WRITER_NOT_LOOKED_UP, TicketOrigin()).questions == (PARTNER_UNKNOWN,)


GIST = decided().gist


@pytest.mark.parametrize(
    ("decision", "same"),
    [
        pytest.param(decided(make_lookup(make_account(), age=timedelta(days=2))), True, id="older data"),
        pytest.param(decided(policy=replace(POLICY, version="p2")), True, id="another version of the mapping"),
        pytest.param(decided(make_lookup(make_account(89))), False, id="one licence more"),
        pytest.param(decided(make_lookup(make_account(account_id="A2"))), False, id="another account"),
        pytest.param(decided(product="Campaigns"), False, id="another verdict"),
        pytest.param(decided(UNKNOWN), False, id="no account"),
    ],
)
def test_a_decision_that_a_person_set_aside_returns_only_if_its_substance_changes(decision, same):
    assert (decision.gist == GIST) is same


def test_a_decision_that_was_set_aside_returns_with_a_new_question():
    assert asking_where(decided(), REGIONS, PRAIRIE, TicketOrigin()).gist != GIST


def test_the_basis_changes_with_the_account_and_the_verdict_alone():
    assert decided().basis == decided(make_lookup(make_account(89))).basis == "A1:PRIORITY"
    assert len({decided(each).basis for each in (LARGE, SMALL, UNDECIDED, UNKNOWN)}) == 4


def test_the_date_of_the_data_stands_beside_the_age_of_their_reading():
    account = replace(make_account(88), origin=make_snapshot(as_of=date(2026, 11, 20)))

    reasons = assess(make_lookup(account), POLICY, NOW).reasons

    assert "was last read in full at 2026-11-23 08:00Z, with data of 2026-11-20" in " ".join(map(str, reasons))
