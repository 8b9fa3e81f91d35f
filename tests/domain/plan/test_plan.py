"""From a ticket and an account to what should be true now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import EvidencePlace
from desk_sync.domain.account.subscription import combine
from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.plan.draft import draft_plan
from desk_sync.domain.plan.memory import AppliedValue, Memory, Override
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.policy import EmailFill, Mode
from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.domain.ticket.inference import Inference
from desk_sync.domain.ticket.ticket import Field
from tests.support.makers import (
    ADMIN,
    NOW,
    POLICY,
    ROBOT,
    TICKETS,
    changed,
    make_account,
    make_event,
    make_item,
    make_lookup,
    make_memory,
    make_snapshot,
    make_ticket,
)

LARGE = make_lookup(make_account(88))
SMALL = make_lookup(make_account(12))
NOBODY = make_lookup()
UNDECIDED = make_lookup(make_account(items=(make_item(88, status="unpaid"),)))
STALE = make_lookup(make_account(12), age=timedelta(days=8))

EMAIL, BOX, SEVERITY = Field.CUSTOMER_PRIMARY_EMAIL, Field.LARGE_USER, Field.SEVERITY
LARGE_BASIS, SMALL_BASIS = "A1:PRIORITY", "A1:NOT_PRIORITY"

OURS = {
    BOX: AppliedValue(value=True, before=False, basis=LARGE_BASIS),
    SEVERITY: AppliedValue(value="S1-Critical", before="S2-Moderate", basis=LARGE_BASIS),
}
AFTER_OURS = make_memory(written_digest="d1", read_digest="d0", applied=OURS)


def after_ours(**facts):
    return make_memory(written_digest="d1", read_digest="d0", applied=OURS, **facts)


TREATED = {"large_user": True, "severity": "S1-Critical"}


def look(ticket, lookup, memory=None, events=(), policy=POLICY):
    observed = ObservedTicket(ticket=ticket, lookup=lookup, events=events, now=NOW)
    return draft_plan(observed, memory or Memory(), policy).finish(agents={}, last_education=None)


def with_rules(**rules):
    return replace(POLICY, tickets=replace(TICKETS, **rules))


def test_a_large_accounts_ticket_gets_the_box_and_severity_one():
    plan = look(make_ticket(severity="S2-Moderate"), LARGE)

    assert plan.decision.verdict is Verdict.PRIORITY
    assert plan.fields.writes == {BOX: True, SEVERITY: "S1-Critical"}
    assert plan.fields.memory.applied == OURS
    assert plan.urgency == 1


@pytest.mark.parametrize("lookup", [SMALL, NOBODY, UNDECIDED, STALE], ids=["small", "nobody", "undecided", "stale"])
@pytest.mark.parametrize("ticket", [make_ticket(), make_ticket(**TREATED)], ids=["untouched", "box ticked by others"])
def test_nothing_but_a_large_account_writes_box_and_severity(ticket, lookup):
    assert look(ticket, lookup).fields.writes == {}


def test_a_second_look_writes_nothing():
    first = look(make_ticket(), LARGE)
    again = look(
        make_ticket(**TREATED),
        LARGE,
        make_memory(applied=first.fields.memory.applied, consecutive_writes=first.fields.memory.consecutive_writes),
    )

    assert again.fields.writes == {}
    assert again.fields.memory.applied == first.fields.memory.applied
    assert again.fields.memory.consecutive_writes == first.fields.memory.consecutive_writes


class TestUnknown:
    """L8: "unknown" never clears a box, never lowers a severity."""

    @pytest.mark.parametrize("lookup", [NOBODY, UNDECIDED, STALE, make_lookup(snapshot=None)])
    def test_what_we_set_stays(self, lookup):
        plan = look(make_ticket(**TREATED), lookup, AFTER_OURS)

        assert (plan.fields.writes, plan.fields.memory.applied) == ({}, OURS)

    def test_old_data_say_so(self):
        plan = look(make_ticket(), STALE)

        assert plan.decision.verdict is Verdict.UNKNOWN
        assert "unknown since 2026-11-22 09:00Z: source file was last read in full" in str(plan.decision.reasons[-1])

    def test_the_age_of_an_account_is_that_of_its_own_source(self):
        stale = make_account(88, origin=make_snapshot(timedelta(days=8), source="store"))

        plan = look(make_ticket(**TREATED), make_lookup(stale), AFTER_OURS)

        assert (plan.decision.verdict, plan.fields.writes) == (Verdict.UNKNOWN, {})
        assert "source store" in str(plan.decision.reasons[-1])

    def test_an_account_is_as_old_as_the_oldest_that_it_is_counted_with(self):
        old, young = (make_account(40, origin=make_snapshot(timedelta(days=age))) for age in (8, 1))

        assert look(make_ticket(), make_lookup(combine(young, [old]))).decision.verdict is Verdict.UNKNOWN

    def test_an_account_in_several_sources_says_which_one_was_used(self):
        account = make_account(88, also_in=("store",))

        reasons = look(make_ticket(), make_lookup(account)).decision.reasons

        assert any("; store has it too and comes later" in reason.text for reason in reasons)

    def test_data_are_good_until_the_last_day_is_over(self):
        assert look(make_ticket(), make_lookup(make_account(88), age=timedelta(days=7))).fields.writes


class TestWithdrawal:
    def test_a_fresh_not_large_takes_back_what_was_ours(self):
        plan = look(make_ticket(**TREATED), SMALL, AFTER_OURS)

        assert plan.fields.writes == {BOX: False, SEVERITY: "S2-Moderate"}
        assert plan.fields.memory.applied == {}

    def test_it_may_be_switched_off(self):
        assert look(make_ticket(**TREATED), SMALL, AFTER_OURS, policy=with_rules(untick=False)).fields.writes == {}

    def test_what_is_no_longer_ours_stays(self):
        assert look(make_ticket(large_user=True, severity="S3-Minimal"), SMALL, AFTER_OURS).fields.writes == {
            BOX: False
        }

    def test_a_box_that_a_person_ticks_afterwards_stays(self):
        taken_back = look(make_ticket(**TREATED), SMALL, AFTER_OURS)

        assert (
            look(
                make_ticket(large_user=True), SMALL, make_memory(applied=taken_back.fields.memory.applied)
            ).fields.writes
            == {}
        )

    def test_a_crash_before_it_is_recorded_changes_nothing(self):
        done = make_ticket(large_user=False, severity="S2-Moderate", modified_by=ROBOT)

        plan = look(done, SMALL, AFTER_OURS)

        assert (plan.fields.writes, plan.fields.memory.overrides) == ({}, {})


class TestAPersonsEdit:
    """L7: a person's later edit wins over ours until what it was based on changes."""

    lowered = make_ticket(large_user=True, severity="S3-Minimal")

    def test_it_stands(self):
        plan = look(self.lowered, LARGE, AFTER_OURS, [changed(SEVERITY)])

        assert plan.fields.writes == {}
        assert plan.fields.memory.overrides == {SEVERITY: Override(value="S3-Minimal", basis=LARGE_BASIS)}
        assert "L7: severity stays as a person set it" in map(str, plan.decision.reasons)

    def test_it_stands_when_no_event_told_of_it(self):
        assert look(self.lowered, LARGE, AFTER_OURS).fields.writes == {}

    def test_it_still_stands_when_a_machine_wrote_last(self):
        memory = after_ours(overrides={SEVERITY: Override(value="S3-Minimal", basis=LARGE_BASIS)})

        assert look(replace(self.lowered, modified_by=ROBOT), LARGE, memory).fields.writes == {}

    @pytest.mark.parametrize(
        "events", [[changed(SEVERITY, by=ROBOT)], [changed(SEVERITY, by=ROBOT), changed(BOX)]], ids=["robot", "both"]
    )
    def test_a_machines_edit_does_not(self, events):
        assert look(self.lowered, LARGE, AFTER_OURS, events).fields.writes == {SEVERITY: "S1-Critical"}

    def test_a_machine_that_wrote_last_does_not(self):
        assert look(replace(self.lowered, modified_by=ROBOT), LARGE, AFTER_OURS).fields.writes == {
            SEVERITY: "S1-Critical"
        }

    def test_it_ends_when_the_ticket_turns_out_to_be_about_another_account(self):
        other = make_lookup(make_account(99, account_id="A2"))

        plan = look(self.lowered, other, AFTER_OURS)

        assert (plan.fields.writes, plan.fields.memory.overrides) == ({SEVERITY: "S1-Critical"}, {})
        assert plan.fields.memory.applied[SEVERITY] == AppliedValue(
            value="S1-Critical", before="S3-Minimal", basis="A2:PRIORITY"
        )

    def test_it_outlives_a_time_in_which_nothing_is_known(self):
        unknown = look(self.lowered, NOBODY, AFTER_OURS)
        memory = make_memory(applied=unknown.fields.memory.applied, overrides=unknown.fields.memory.overrides)

        assert look(replace(self.lowered, modified_by=ROBOT), LARGE, memory).fields.writes == {}

    def test_it_ends_when_the_person_puts_ours_back(self):
        memory = after_ours(overrides={SEVERITY: Override(value="S3-Minimal", basis=LARGE_BASIS)})

        assert look(make_ticket(**TREATED), LARGE, memory).fields.memory.overrides == {}

    def test_an_edit_before_our_first_look_is_no_later_edit(self):
        assert look(self.lowered, LARGE, events=[changed(SEVERITY)]).fields.writes == {SEVERITY: "S1-Critical"}


class TestALayoutWithoutTheField:
    """L8: where a ticket's layout has no place for a value, the value is unknown."""

    MOVED = make_ticket(not_on_layout=frozenset({BOX, SEVERITY}), modified_by="a person")

    def test_what_we_set_is_neither_written_again_nor_taken_for_a_persons_edit(self):
        events = [make_event(changed=frozenset({BOX, SEVERITY}), actor_id="a person")]

        plan = look(self.MOVED, LARGE, AFTER_OURS, events)

        assert (plan.fields.writes, plan.fields.memory.overrides, plan.fields.memory.applied) == ({}, {}, OURS)
        assert plan.urgency == 1
        assert "L8: severity is not written: the ticket's layout has no place for it" in map(str, plan.decision.reasons)
        assert not plan.decision.questions

    def test_what_a_person_set_before_still_stands(self):
        lowered = after_ours(overrides={SEVERITY: Override(value="S3-Minimal", basis=LARGE_BASIS)})

        assert set(look(self.MOVED, LARGE, lowered).fields.memory.overrides) == {SEVERITY}

    def test_what_was_never_written_is_a_question(self):
        plan = look(self.MOVED, LARGE)

        assert plan.fields.writes == {}
        assert plan.decision.questions == tuple(
            f"whether the ticket's layout should have {name}" for name in ("large_user", "severity")
        )

    def test_the_last_severity_that_was_known_still_counts(self):
        events = (HistoryEvent(kind=HistoryEventKind.SEVERITY, at=NOW - timedelta(hours=1), level=2),)
        past = History(created_at=NOW - timedelta(hours=2), events=events)
        memory = make_memory(inputs=ClockInputs(history=past, promise="p1", basis=ClockBasis()))

        assert look(self.MOVED, SMALL, memory).urgency == 2

    def test_a_ticket_of_a_small_account_needs_no_place(self):
        assert not look(self.MOVED, SMALL).decision.questions


class TestACrashAroundAWrite:
    intended = make_memory(intended=OURS)

    def test_what_came_true_is_ours(self):
        plan = look(make_ticket(**TREATED), LARGE, self.intended)

        assert (plan.fields.writes, plan.fields.memory.applied) == ({}, OURS)

    def test_what_did_not_come_true_is_written_now(self):
        plan = look(make_ticket(severity="S2-Moderate"), LARGE, self.intended)

        assert (plan.fields.writes, plan.fields.memory.overrides) == ({BOX: True, SEVERITY: "S1-Critical"}, {})

    def test_a_plan_says_what_it_is_about_to_write(self):
        assert look(make_ticket(severity="S2-Moderate"), LARGE).fields.intended == OURS


class TestKindsOfTickets:
    @pytest.mark.parametrize(
        ("ticket", "rules", "severity"),
        [
            pytest.param({"issue_type": "howto"}, {}, True, id="C5: every case is S1"),
            pytest.param({"issue_type": "howto"}, {"severity_left_for_issues": {"howto"}}, False, id="C5: or not"),
            pytest.param({"issue_type": "feature_request"}, {}, False, id="R25: exempt"),
            pytest.param({"issue_type": "limitation"}, {}, False, id="R25: exempt too"),
            pytest.param({"request_type": "UPGRADES"}, {}, True, id="R49: commercial types too"),
            pytest.param(
                {"request_type": "UPGRADES"}, {"severity_left_for_requests": {"UPGRADES"}}, False, id="or not"
            ),
            pytest.param({"request_type": None}, {}, True, id="R49: without a type"),
            pytest.param({"request_type": None}, {"severity_left_without_request": True}, False, id="or not "),
        ],
    )
    def test_the_box_is_ticked_and_the_severity_may_be_left_alone(self, ticket, rules, severity):
        plan = look(make_ticket(**ticket), LARGE, policy=with_rules(**rules))

        assert plan.fields.writes == {BOX: True} | ({SEVERITY: "S1-Critical"} if severity else {})

    @pytest.mark.parametrize("ticket", [make_ticket(product="Campaigns"), make_ticket(product="Campaigns", **TREATED)])
    def test_a_ticket_about_an_excluded_service_is_left_as_it_is(self, ticket):
        plan = look(ticket, LARGE, AFTER_OURS if ticket.large_user else None)

        assert (plan.decision.verdict, plan.fields.writes) == (Verdict.NOT_PRIORITY, {})
        assert plan.decision.reasons[-1].rule == "C16"

    def test_or_treated_like_any_other(self):
        policy = with_rules(exclude_tickets_about_excluded_services=False)

        assert look(make_ticket(product="Campaigns"), LARGE, policy=policy).fields.writes

    def test_a_ticket_in_the_bin_is_left_alone(self):
        assert look(make_ticket(in_bin=True), LARGE).fields.writes == {}
        assert look(make_ticket(in_bin=True, **TREATED), SMALL, AFTER_OURS).fields.writes == {}


class TestTheCustomersAddress:
    """C3, R53: the field holds the super admin's address."""

    by_zoid = replace(SMALL, led_by=frozenset({EvidencePlace.LABEL}))
    by_user = replace(SMALL, led_by=frozenset({EvidencePlace.FIELD, EvidencePlace.LABEL}))

    @pytest.mark.parametrize(
        ("fill", "field", "lookup", "written"),
        [
            pytest.param(EmailFill.ALWAYS, None, by_zoid, True, id="an empty field is filled, large or not"),
            pytest.param(EmailFill.ALWAYS, "user@large.example", by_user, True, id="a user's address that led here"),
            pytest.param(EmailFill.ALWAYS, "else@other.example", by_zoid, False, id="an address that led nowhere"),
            pytest.param(EmailFill.ALWAYS, ADMIN, SMALL, False, id="it stands there already"),
            pytest.param(EmailFill.ALWAYS, None, NOBODY, False, id="nobody found"),
            pytest.param(EmailFill.WHEN_EMPTY, None, by_zoid, True, id="when empty"),
            pytest.param(EmailFill.WHEN_EMPTY, "user@large.example", by_user, False, id="when empty, it is not"),
            pytest.param(EmailFill.NEVER, None, by_zoid, False, id="never"),
        ],
    )
    def test_it_is_filled_where_it_does_no_harm(self, fill, field, lookup, written):
        plan = look(make_ticket(customer_primary_email=field), lookup, policy=with_rules(email_fill=fill))

        assert plan.fields.writes == ({EMAIL: ADMIN} if written else {})

    def test_the_old_value_goes_into_a_private_note(self):
        plan = look(make_ticket(customer_primary_email="user@large.example"), self.by_user)

        assert [(note.kind, "user@large.example" in note.text) for note in plan.effects] == [
            (EffectKind.DECISION, True)
        ]

    def test_an_account_under_review_gets_its_address_too(self):
        lookup = replace(UNDECIDED, led_by=frozenset({EvidencePlace.LABEL}))

        assert look(make_ticket(customer_primary_email=None), lookup).fields.writes == {EMAIL: ADMIN}


class TestWords:
    """What the words of a ticket suggest is told to the agents, where the ticket itself says nothing."""

    SUGGESTED = (Inference("outage", "en", "is down"),)

    def test_a_note_names_what_they_suggest(self):
        plan = look(make_ticket(inferred=self.SUGGESTED), SMALL)

        [said] = [effect for effect in plan.effects if effect.key == "suggestions"]
        assert 'the words "is down" (en) suggest outage' in said.text
        assert not said.public

    @pytest.mark.parametrize("facts", [{"issue_type": "login"}, {"status_type": "Closed"}], ids=["stated", "closed"])
    def test_there_is_none_where_it_is_stated_or_over(self, facts):
        plan = look(make_ticket(inferred=self.SUGGESTED, **facts), SMALL)

        assert [effect for effect in plan.effects if effect.key == "suggestions"] == []


class TestReview:
    def test_a_person_is_told_once_what_to_decide(self):
        first, again = look(make_ticket(), UNDECIDED), look(make_ticket(severity="S3-Minimal"), UNDECIDED)

        assert "unpaid" in first.effects[0].text
        assert first.effects[0].key == again.effects[0].key
        assert first.effects[0].reference("1") != first.effects[0].reference("2")


class TestModes:
    @pytest.mark.parametrize(
        ("mode", "comments", "writes"), [(Mode.SHADOW, 0, 0), (Mode.COMMENT, 1, 0), (Mode.WRITE, 1, 1)]
    )
    def test_a_portal_says_how_much_we_may_do(self, mode, comments, writes):
        policy = with_rules(mode=mode)

        assert len(look(make_ticket(), UNDECIDED, policy=policy).effects) == comments
        assert bool(look(make_ticket(), LARGE, policy=policy).fields.writes) == bool(writes)
        assert bool(look(make_ticket(), LARGE, policy=policy).fields.memory.applied) == bool(writes)

    def test_a_department_may_say_otherwise(self):
        ticket = make_ticket()

        policy = with_rules(mode=Mode.SHADOW, department_modes={ticket.department_id: Mode.WRITE})

        assert look(ticket, LARGE, policy=policy).fields.writes


class TestLoops:
    """L14: n writes without a person's change in between, then stop and say so."""

    undone = make_ticket(modified_by=ROBOT)
    tired = after_ours(consecutive_writes=TICKETS.write_limit)

    def test_the_last_write_before_the_limit_is_made(self):
        plan = look(self.undone, LARGE, after_ours(consecutive_writes=TICKETS.write_limit - 1))

        assert (bool(plan.fields.writes), plan.fields.memory.consecutive_writes) == (True, TICKETS.write_limit)

    def test_at_the_limit_we_stop_and_say_so(self):
        plan = look(self.undone, LARGE, self.tired)

        assert plan.fields.writes == {}
        assert "another program" in plan.effects[0].text
        assert plan.decision.reasons[-1].rule == "L14"

    def test_a_person_who_changes_something_else_is_not_blamed_for_what_the_machine_undid(self):
        later = replace(self.undone, status="On Hold", modified_by="300")

        plan = look(later, LARGE, self.tired, [make_event(state="held", before="open", actor_id="300")])

        assert (plan.fields.memory.overrides, bool(plan.fields.writes)) == ({}, True)

    def test_a_person_who_comes_by_starts_it_anew(self):
        plan = look(self.undone, LARGE, self.tired, [changed(SEVERITY, by=ROBOT), make_event(actor_id="300")])

        assert (bool(plan.fields.writes), plan.fields.memory.consecutive_writes) == (True, 1)


@pytest.mark.parametrize(
    ("severity", "urgency"),
    [("S1-Critical", 1), ("S2-Moderate", 2), (None, 3), ("Whatever", 3)],
)
def test_worse_tickets_come_first(severity, urgency):
    assert look(make_ticket(severity=severity), NOBODY).urgency == urgency


tickets = st.builds(
    make_ticket,
    large_user=st.booleans(),
    severity=st.sampled_from([None, "S1-Critical", "S2-Moderate", "S3-Minimal", "odd"]),
    issue_type=st.sampled_from([None, "howto", "limitation"]),
    modified_by=st.sampled_from([ROBOT, "300"]),
    in_bin=st.booleans(),
)
memories = st.sampled_from([Memory(), AFTER_OURS, make_memory(intended=OURS), after_ours(consecutive_writes=3)])
lookups = st.sampled_from([LARGE, SMALL, NOBODY, UNDECIDED, STALE])


@given(tickets, lookups, memories)
def test_the_same_inputs_give_the_same_plan_to_the_byte(ticket, lookup, memory):
    """L4."""
    assert repr(look(ticket, lookup, memory)) == repr(look(ticket, lookup, memory))


@given(tickets, lookups, memories)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(ticket, lookup, memory):
    """L5."""
    plan = look(ticket, lookup, memory)
    after = replace(ticket, **{str(name): value for name, value in plan.fields.writes.items()})

    again = look(
        after,
        lookup,
        make_memory(
            applied=plan.fields.memory.applied,
            overrides=plan.fields.memory.overrides,
            consecutive_writes=plan.fields.memory.consecutive_writes,
        ),
    )

    assert again.fields.writes == {}
