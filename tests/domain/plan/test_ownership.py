"""The fields that are ours to set, and those that a person took back (L7, L8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import EvidencePlace
from desk_sync.domain.plan.decision import assess
from desk_sync.domain.plan.draft import draft_plan
from desk_sync.domain.plan.memory import AppliedValue, FieldsMemory, Memory, Override
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.ownership import changed_by_person, desired_values, evidence_on, own_fields
from desk_sync.domain.plan.policy import EmailFill, Mode
from desk_sync.domain.ticket.event import EventHint
from desk_sync.domain.ticket.past import PastChange, TicketPast
from desk_sync.domain.ticket.ticket import Field
from tests.support.makers import (
    ADMIN,
    NOW,
    PERSON,
    POLICY,
    ROBOT,
    TICKETS,
    changed,
    make_account,
    make_event,
    make_evidence,
    make_lookup,
    make_memory,
    make_ticket,
)
from tests.support.plan_scenes import (
    BOX,
    EMAIL,
    LARGE,
    LARGE_BASIS,
    NO_DATA,
    OURS,
    SEVERITY,
    SMALL,
    STALE,
    TREATED,
    UNDECIDED,
    UNKNOWN,
    UNPROVEN,
    after_ours,
    look,
    observe,
    with_rules,
)

WRITTEN = make_ticket(**TREATED)
UNTICKED = make_ticket(severity="S3-Minimal")
ANOTHER = make_lookup(make_account(99, account_id="A2"))
LOWERED = make_ticket(large_user=True, severity="S3-Minimal")
KEPT = {SEVERITY: Override(value="S3-Minimal", basis=LARGE_BASIS)}


def writes(*args, **facts):
    return look(*args, **facts).fields.writes


def test_a_large_accounts_ticket_gets_the_box_and_severity_one():
    plan = look(make_ticket(severity="S2-Moderate"), LARGE)

    assert plan.decision.verdict is Verdict.PRIORITY
    assert plan.fields.writes == {BOX: True, SEVERITY: "S1-Critical"}
    assert plan.fields.memory.applied == OURS


@pytest.mark.parametrize("lookup", [SMALL, UNKNOWN, UNDECIDED, STALE], ids=["small", "unknown", "undecided", "stale"])
@pytest.mark.parametrize("ticket", [make_ticket(), make_ticket(**TREATED)], ids=["untouched", "box ticked by others"])
def test_nothing_but_a_large_account_writes_box_and_severity(ticket, lookup):
    assert writes(ticket, lookup) == {}


@pytest.mark.parametrize("lookup", [UNKNOWN, UNDECIDED, STALE, NO_DATA])
def test_an_unknown_account_takes_nothing_back(lookup):
    """L8: "unknown" never clears a box, never lowers a severity."""
    plan = look(make_ticket(**TREATED), lookup, after_ours())

    assert (plan.fields.writes, plan.fields.memory.applied) == ({}, OURS)


class TestReverts:
    def test_a_fresh_not_large_takes_back_what_was_ours(self):
        plan = look(make_ticket(**TREATED), SMALL, after_ours())

        assert plan.fields.writes == {BOX: False, SEVERITY: "S2-Moderate"}
        assert plan.fields.memory.applied == {}

    @pytest.mark.parametrize(
        ("lookup", "written"),
        [
            pytest.param(UNPROVEN, {BOX: False, SEVERITY: "S2-Moderate", EMAIL: None}, id="only suggestions are left"),
            pytest.param(
                replace(UNPROVEN, contested=True), {BOX: False, SEVERITY: "S2-Moderate", EMAIL: None}, id="two"
            ),
            pytest.param(replace(UNPROVEN, whole=False), {}, id="L8: a text or a source could not be read"),
            pytest.param(replace(UNPROVEN, snapshot=STALE.snapshot), {}, id="L8: the data are too old"),
            pytest.param(UNDECIDED, {}, id="L8: the same account is undecided"),
            pytest.param(
                replace(UNDECIDED, account=replace(UNDECIDED.account, account_id="A2")),
                {BOX: False, SEVERITY: "S2-Moderate"},
                id="another account, which is undecided",
            ),
        ],
    )
    def test_what_was_set_for_an_account_falls_when_another_or_none_is_proven(self, lookup, written):
        """L17, L18."""
        memory = make_memory(applied=OURS | {EMAIL: AppliedValue(value=ADMIN, before=None, basis=LARGE_BASIS)})
        plan = look(make_ticket(**TREATED), lookup, memory)

        assert plan.fields.writes == written

    def test_the_clocks_and_the_severity_follow_at_the_same_look(self):
        draft = draft_plan(observe(make_ticket(**TREATED), UNPROVEN), after_ours(), POLICY)

        assert (draft.fields.severity, draft.clocks.urgency) == ("S2-Moderate", 2)

    def test_a_persons_severity_stands_although_no_account_is_proven_and_again_afterwards(self):
        unproven = look(LOWERED, UNPROVEN, after_ours(overrides=KEPT))
        again = look(UNTICKED, LARGE, Memory(fields=unproven.fields.memory))

        assert unproven.fields.writes == {BOX: False}
        assert again.fields.writes == {BOX: True}

    def test_they_can_be_switched_off(self):
        assert writes(make_ticket(**TREATED), SMALL, after_ours(), with_rules(untick=False)) == {}

    def test_a_value_that_is_no_longer_ours_stays(self):
        assert writes(make_ticket(large_user=True, severity="S3-Minimal"), SMALL, after_ours()) == {BOX: False}

    def test_a_box_that_a_person_ticks_afterwards_stays(self):
        reverted = look(make_ticket(**TREATED), SMALL, after_ours())
        memory = make_memory(applied=reverted.fields.memory.applied)

        assert writes(make_ticket(large_user=True), SMALL, memory) == {}

    def test_a_crash_before_they_are_recorded_changes_nothing(self):
        done = make_ticket(large_user=False, severity="S2-Moderate", modified_by=ROBOT)

        plan = look(done, SMALL, after_ours())

        assert (plan.fields.writes, plan.fields.memory.overrides) == ({}, {})

    def test_the_value_before_is_never_a_value_of_ours(self):
        ours = AppliedValue(value=ADMIN, before=None, basis=LARGE_BASIS)
        other = make_lookup(make_account(99, account_id="A2", super_admin_email="b@two.example"))

        applied = look(make_ticket(**TREATED), other, make_memory(applied=OURS | {EMAIL: ours})).fields.memory.applied

        assert {name: each.before for name, each in applied.items()} == {
            EMAIL: None,
            BOX: False,
            SEVERITY: "S2-Moderate",
        }
        assert {each.basis for each in applied.values()} == {"A2:PRIORITY"}


class TestAPersonsEdit:
    """L7: a person's later edit wins over ours until its basis changes."""

    def test_it_holds(self):
        plan = look(LOWERED, LARGE, after_ours(), events=[changed(WRITTEN, LOWERED)])

        assert plan.fields.writes == {}
        assert plan.fields.memory.overrides == KEPT

    def test_it_holds_although_no_event_reported_it(self):
        assert writes(LOWERED, LARGE, after_ours()) == {}

    def test_it_still_holds_when_a_machine_wrote_last(self):
        assert writes(replace(LOWERED, modified_by=ROBOT), LARGE, after_ours(overrides=KEPT)) == {}

    @pytest.mark.parametrize(
        "events",
        [
            pytest.param([changed(WRITTEN, LOWERED, by=ROBOT)], id="robot"),
            pytest.param([changed(WRITTEN, LOWERED, by=ROBOT), changed(UNTICKED, LOWERED)], id="both"),
        ],
    )
    def test_a_machines_edit_does_not_hold(self, events):
        assert writes(LOWERED, LARGE, after_ours(), events=events) == {SEVERITY: "S1-Critical"}

    def test_an_edit_does_not_hold_if_a_machine_wrote_last_and_no_event_reported_it(self):
        assert writes(replace(LOWERED, modified_by=ROBOT), LARGE, after_ours()) == {SEVERITY: "S1-Critical"}

    def test_a_change_without_an_author_is_no_persons(self):
        events = [changed(WRITTEN, LOWERED, by=None)]

        assert writes(replace(LOWERED, modified_by=None), LARGE, after_ours()) == {SEVERITY: "S1-Critical"}
        assert writes(LOWERED, LARGE, after_ours(), events=events) == {SEVERITY: "S1-Critical"}

    @pytest.mark.parametrize(
        ("set_by_rules", "events", "written"),
        [
            pytest.param({SEVERITY: "S3-Minimal"}, [], {SEVERITY: "S1-Critical"}, id="a rule's, not the last author's"),
            pytest.param({SEVERITY: "S3-Minimal"}, [changed(WRITTEN, LOWERED)], {}, id="an event names the person"),
            pytest.param({SEVERITY: "S2-Moderate"}, [], {}, id="changed again since the rule"),
        ],
    )
    def test_a_value_that_a_rule_set_within_our_write_is_no_persons(self, set_by_rules, events, written):
        assert writes(LOWERED, LARGE, after_ours(set_by_rules=set_by_rules), events=events) == written

    def test_it_ends_when_the_ticket_turns_out_to_be_about_another_account(self):
        plan = look(LOWERED, make_lookup(make_account(99, account_id="A2")), after_ours(overrides=KEPT))

        assert (plan.fields.writes, plan.fields.memory.overrides) == ({SEVERITY: "S1-Critical"}, {})
        assert plan.fields.memory.applied[SEVERITY] == AppliedValue(
            value="S1-Critical", before="S3-Minimal", basis="A2:PRIORITY"
        )

    def test_it_stands_on_the_new_basis_if_both_came_in_one_save(self):
        plan = look(LOWERED, ANOTHER, after_ours())

        assert plan.fields.writes == {}
        assert plan.fields.memory.overrides == {SEVERITY: Override(value="S3-Minimal", basis="A2:PRIORITY")}
        assert {each.basis for each in plan.fields.memory.applied.values()} == {"A2:PRIORITY"}

    @pytest.mark.parametrize(
        ("severity_at", "address_at", "written"),
        [
            pytest.param(1, 2, {SEVERITY: "S1-Critical"}, id="the address came later"),
            pytest.param(2, 1, {}, id="the severity came later"),
            pytest.param(1, 1, {}, id="at once"),
            pytest.param(None, 2, {}, id="only the address is reported"),
        ],
    )
    def test_of_two_edits_that_one_look_finds_the_later_one_counts(self, severity_at, address_at, written):
        before = {WRITTEN: severity_at, replace(LOWERED, customer_primary_email="old@large.example"): address_at}
        events = [changed(each, LOWERED, occurred_at=NOW + timedelta(minutes=at)) for each, at in before.items() if at]

        assert writes(LOWERED, ANOTHER, after_ours(), events=events) == written

    @pytest.mark.parametrize(
        ("looked", "by", "severity_at", "address_at", "written"),
        [
            pytest.param(True, PERSON, 2, 1, {}, id="after the account was named"),
            pytest.param(True, PERSON, 1, 1, {}, id="in one save with the account"),
            pytest.param(True, PERSON, 1, 2, {SEVERITY: "S1-Critical"}, id="before the account was named"),
            pytest.param(True, ROBOT, 2, 1, {SEVERITY: "S1-Critical"}, id="by a program"),
            pytest.param(False, PERSON, 2, 1, {SEVERITY: "S1-Critical"}, id="before our first look"),
        ],
    )
    def test_an_edit_before_our_first_write_stands_if_we_had_looked(self, looked, by, severity_at, address_at, written):
        before = {
            replace(LOWERED, severity=None): severity_at,
            replace(LOWERED, customer_primary_email="old@large.example"): address_at,
        }
        events = [changed(each, LOWERED, by=by, occurred_at=NOW + timedelta(minutes=at)) for each, at in before.items()]

        assert writes(LOWERED, LARGE, make_memory(looked=looked), events=events) == written

    def test_such_an_edit_holds_at_later_looks_until_its_basis_changes(self):
        memory = make_memory(looked=True, overrides=KEPT)

        assert writes(LOWERED, LARGE, memory) == {}
        assert writes(LOWERED, ANOTHER, memory) == {SEVERITY: "S1-Critical"}

    @pytest.mark.parametrize(
        ("ticket", "lookup", "kept"),
        [
            pytest.param(replace(LOWERED, in_bin=True), LARGE, KEPT, id="in the bin"),
            pytest.param(LOWERED, UNKNOWN, KEPT, id="the account is unknown for a time"),
            pytest.param(LOWERED, SMALL, {}, id="the account is small now"),
        ],
    )
    def test_it_is_remembered_while_nothing_is_desired(self, ticket, lookup, kept):
        plan = look(ticket, lookup, make_memory(looked=True, overrides=KEPT))

        assert plan.fields.memory.overrides == kept

    def test_one_that_gave_way_is_none_any_more_also_if_nothing_is_written_in_its_place(self):
        shadow = look(LOWERED, ANOTHER, after_ours(overrides=KEPT), with_rules(mode=Mode.COMMENT))
        memory = make_memory(applied=shadow.fields.memory.applied, overrides=shadow.fields.memory.overrides)

        assert writes(LOWERED, ANOTHER, memory) == {SEVERITY: "S1-Critical"}

    def test_one_over_a_value_that_was_there_before_us_holds_too(self):
        found = look(make_ticket(**TREATED), LARGE)
        memory = replace(make_memory(), fields=found.fields.memory)

        later = look(LOWERED, LARGE, memory)

        assert (found.fields.writes, found.fields.memory.applied) == ({}, {})
        assert (later.fields.writes, later.fields.memory.overrides) == ({}, KEPT)
        assert later.fields.memory.agreed.keys() == {EMAIL, BOX, SEVERITY}

    def test_what_others_set_as_we_would_have_is_not_taken_back(self):
        found = look(make_ticket(**TREATED), LARGE)

        assert writes(make_ticket(**TREATED), SMALL, replace(make_memory(), fields=found.fields.memory)) == {}

    def test_a_value_of_ours_that_becomes_what_a_person_set_is_the_persons(self):
        memory = make_memory(applied={SEVERITY: replace(OURS[SEVERITY], value="S2-Moderate")})

        fields = look(make_ticket(**TREATED), LARGE, memory).fields.memory

        assert (fields.overrides, fields.applied.keys()) == ({}, set())
        assert fields.agreed[SEVERITY].before == "S1-Critical"

    def test_it_outlives_a_time_in_which_the_account_is_unknown(self):
        unknown = look(LOWERED, UNKNOWN, after_ours())
        memory = make_memory(applied=unknown.fields.memory.applied, overrides=unknown.fields.memory.overrides)

        assert writes(replace(LOWERED, modified_by=ROBOT), LARGE, memory) == {}

    def test_it_ends_when_the_person_puts_ours_back(self):
        assert look(make_ticket(**TREATED), LARGE, after_ours(overrides=KEPT)).fields.memory.overrides == {}

    def test_an_edit_before_our_first_look_is_no_later_edit(self):
        assert writes(LOWERED, LARGE, events=[changed(WRITTEN, LOWERED)]) == {SEVERITY: "S1-Critical"}


class TestAnEditWhoseEventCameTooLate:
    """L7: we overwrote it, because a program wrote last; its event brings it back."""

    after_all = changed(WRITTEN, LOWERED)
    seen_as_a_programs = look(replace(LOWERED, modified_by=ROBOT), LARGE, after_ours())

    def late(self, *events, memory=None):
        memory = memory or replace(make_memory(), fields=self.seen_as_a_programs.fields.memory)
        return look(replace(WRITTEN, modified_by=ROBOT), LARGE, memory, events=events).fields

    def test_it_is_written_back_and_stands(self):
        fields = self.late(self.after_all)

        assert self.seen_as_a_programs.fields.writes == {SEVERITY: "S1-Critical"}
        assert (fields.writes, fields.memory.overrides, fields.intended) == ({SEVERITY: "S3-Minimal"}, KEPT, {})
        assert writes(replace(LOWERED, modified_by=ROBOT), LARGE, replace(make_memory(), fields=fields.memory)) == {}

    @pytest.mark.parametrize(
        "events",
        [
            pytest.param([changed(WRITTEN, LOWERED, by=ROBOT)], id="a program's"),
            pytest.param(
                [changed(WRITTEN, replace(WRITTEN, severity="S2-Moderate"))], id="of a value that we did not overwrite"
            ),
            pytest.param(
                [after_all, changed(LOWERED, WRITTEN, occurred_at=NOW + timedelta(seconds=1))], id="and the end of it"
            ),
            pytest.param([], id="no event"),
        ],
    )
    def test_nothing_else_is_written_back(self, events):
        assert self.late(*events).writes == {}

    def test_an_edit_before_our_first_write_is_not(self):
        first = look(LOWERED, LARGE)

        assert self.late(self.after_all, memory=replace(make_memory(), fields=first.fields.memory)).writes == {}


def at(second):
    return NOW + timedelta(seconds=second)


FOUND = make_ticket(severity="S3-Minimal", modified_at=NOW)
THEIRS = replace(FOUND, severity="S2-Moderate")
REPLACED = replace(FOUND, large_user=True, severity="S1-Critical", modified_by=ROBOT, modified_at=at(2))


def edit(before=FOUND, after=THEIRS, *, second=1, **facts):
    return changed(before, after, occurred_at=at(second), modified_at=at(second), **facts)


class TestAnEditBetweenOurReadingAndOurWrite:
    """L7: our write replaced it unseen. An event raises the question, and Desk's history answers it."""

    def draft(self, *events, past=None, written_at=REPLACED.modified_at):
        ours = replace(OURS[SEVERITY], before="S3-Minimal", read_at=NOW, written_at=written_at)
        memory = make_memory(applied={**OURS, SEVERITY: ours})
        observed = ObservedTicket(ticket=REPLACED, lookup=LARGE, events=events, past=past, now=NOW)
        return draft_plan(observed, memory, with_rules())

    def written_back(self, *changes):
        past = TicketPast(changes=[PastChange(name="severity", at=NOW, **each) for each in changes])
        return self.draft(past=past).finish(agents={}, last_education=None).fields.writes

    @pytest.mark.parametrize("second", [0, 1, 2])
    @pytest.mark.parametrize("written_at", [at(2), None])
    def test_a_persons_event_of_that_time_raises_the_question(self, second, written_at):
        assert self.draft(edit(second=second), written_at=written_at).fields.seem_overwritten

    def test_the_echo_of_our_write_raises_it_too(self):
        assert self.draft(edit(THEIRS, REPLACED, second=2, by=ROBOT)).fields.seem_overwritten

    @pytest.mark.parametrize(
        "event",
        [
            pytest.param(edit(second=-1), id="before our reading"),
            pytest.param(edit(second=3), id="after our write"),
            pytest.param(edit(REPLACED, THEIRS, second=2), id="of our value, in the second of our write"),
            pytest.param(edit(THEIRS, FOUND, second=0), id="to the value that we read"),
            pytest.param(edit(THEIRS, REPLACED), id="to the value that we wrote"),
            pytest.param(edit(FOUND, THEIRS, by=ROBOT), id="a program's"),
            pytest.param(edit(FOUND, REPLACED, second=2, by=ROBOT), id="the echo of our write over what we read"),
            pytest.param(edit(THEIRS, REPLACED, second=3, by=ROBOT), id="the echo of another write"),
            pytest.param(changed(FOUND, THEIRS), id="without Desk's time"),
            pytest.param(edit(FOUND, replace(FOUND, product="CRM")), id="of another field"),
        ],
    )
    def test_nothing_else_raises_it(self, event):
        assert not self.draft(event).fields.seem_overwritten

    def test_it_is_raised_once(self):
        assert not self.draft(edit(), past=TicketPast()).fields.seem_overwritten

    def test_a_person_whose_value_our_write_replaced_gets_it_back(self):
        theirs = {"by": PERSON, "before": "S3-Minimal", "after": "S2-Moderate"}
        ours = {"by": ROBOT, "before": "S2-Moderate", "after": "S1-Critical"}

        assert self.written_back(theirs, ours) == {SEVERITY: "S2-Moderate"}

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param([], id="no past"),
            pytest.param([(ROBOT, "S2-Moderate", "S1-Critical")], id="a past that does not reach back"),
            pytest.param([(PERSON, "", "S3-Minimal"), (ROBOT, "S3-Minimal", "S1-Critical")], id="what we had read"),
            pytest.param([(ROBOT, "", "S2-Moderate"), (ROBOT, "S2-Moderate", "S1-Critical")], id="a program's"),
            pytest.param([(PERSON, "", "S2-Moderate"), (PERSON, "S2-Moderate", "S1-Critical")], id="by the person"),
            pytest.param([(PERSON, "", "S2-Moderate"), (ROBOT, "S2-Moderate", "S4-Low")], id="by another value"),
            pytest.param([(PERSON, "", "S2-Moderate"), (ROBOT, "S4-Low", "S1-Critical")], id="with a gap between"),
        ],
    )
    def test_nothing_else_is_written_back(self, changes):
        names = ("by", "before", "after")

        assert self.written_back(*(dict(zip(names, each, strict=True)) for each in changes)) == {}


@pytest.mark.parametrize(
    ("events", "found"),
    [
        pytest.param([make_event(actor_id=PERSON)], True, id="a person"),
        pytest.param([make_event(actor_id=ROBOT)], False, id="a program"),
        pytest.param([make_event(actor_id=ROBOT), make_event(actor_id=PERSON)], True, id="a person among programs"),
        pytest.param([make_event(actor_id=PERSON, hint=EventHint.CONVERSATION)], False, id="a person's comment"),
        pytest.param([make_event(actor_id=None)], False, id="a change without an author"),
        pytest.param([], False, id="no event"),
    ],
)
def test_only_a_change_of_the_tickets_state_counts_as_a_persons_change(events, found):
    assert changed_by_person(events, TICKETS) is found


FILLED = make_ticket(sender_domain="partner.example")


class TestAFillOfOursReadBack:
    """L17: what we wrote into the customer field is no more than what it was derived from."""

    def places(self, ticket, *, value=ADMIN, before=None):
        applied = {EMAIL: AppliedValue(value=value, before=before, basis=LARGE_BASIS)}
        return [(str(each), each.readings[0].value) for each in evidence_on(ticket, FieldsMemory(applied=applied))]

    def test_it_is_a_suggestion(self):
        assert self.places(FILLED) == [("email (our own earlier entry)", ADMIN)]

    def test_evidence_elsewhere_keeps_its_place(self):
        mailed = replace(
            FILLED, evidence=(make_evidence(ADMIN), make_evidence("b@x.example", place=EvidencePlace.TEXT))
        )

        assert self.places(mailed)[0] == ("email (text)", "b@x.example")

    @pytest.mark.parametrize(
        ("before", "found"),
        [
            pytest.param(
                "user@large.example",
                [("email (customer field)", "user@large.example"), ("domain (customer field)", "large.example")],
                id="a user's address leads by its domain too",
            ),
            pytest.param(
                "ada@partner.example", [("email (customer field)", "ada@partner.example")], id="the sender's does not"
            ),
            pytest.param("nobody", [("email (customer field)", "nobody")], id="a text that is no address"),
        ],
    )
    def test_a_persons_value_that_it_replaced_counts_in_its_place(self, before, found):
        assert self.places(FILLED, before=before) == [*found, ("email (our own earlier entry)", ADMIN)]

    def test_another_value_is_a_persons(self):
        assert self.places(FILLED, value="b@two.example") == [("email (customer field)", ADMIN)]


@pytest.mark.parametrize(
    ("facts", "theirs"),
    [
        pytest.param({}, True, id="by a person, later"),
        pytest.param({"modified_at": None}, True, id="at a time that is not known"),
        pytest.param({"modified_at": NOW - timedelta(seconds=1)}, False, id="before we had read the ticket"),
        pytest.param({"by": ROBOT}, False, id="by a program"),
        pytest.param({"before": make_ticket(severity="S3-Minimal"), "after": make_ticket()}, False, id="another field"),
    ],
)
def test_a_value_of_ours_that_is_set_again_is_its_authors(facts, theirs):
    usual = {"before": make_ticket(customer_primary_email=None), "after": make_ticket(), "modified_at": NOW}
    ours = AppliedValue(value=ADMIN, before=None, basis=LARGE_BASIS, read_at=NOW)

    fields = own_fields(FieldsMemory(applied={EMAIL: ours}), make_ticket(), [changed(**usual | facts)], TICKETS)

    assert (EMAIL in fields.applied, EMAIL in fields.agreed) == (not theirs, theirs)


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
                {"request_type": "UPGRADES"}, {"severity_left_for_requests": {"UPGRADES"}}, False, id="R49: or not"
            ),
            pytest.param({"request_type": None}, {}, True, id="R49: without a type"),
            pytest.param(
                {"request_type": None}, {"severity_left_without_request": True}, False, id="R49: or not without a type"
            ),
        ],
    )
    def test_the_box_is_ticked_and_the_severity_may_be_left_alone(self, ticket, rules, severity):
        expected = {BOX: True} | ({SEVERITY: "S1-Critical"} if severity else {})

        assert writes(make_ticket(**ticket), LARGE, policy=with_rules(**rules)) == expected

    @pytest.mark.parametrize("ticket", [make_ticket(product="Campaigns"), make_ticket(product="Campaigns", **TREATED)])
    def test_a_ticket_about_an_excluded_service_is_left_as_it_is(self, ticket):
        assert writes(ticket, LARGE) == {}

    @pytest.mark.parametrize(
        ("ticket", "written"),
        [
            pytest.param({"product": "Campaigns"}, {BOX: False, SEVERITY: "S2-Moderate"}, id="C16: the service"),
            pytest.param({"issue_type": "limitation"}, {SEVERITY: "S2-Moderate"}, id="R25: the type, the box stays"),
        ],
    )
    def test_what_was_set_before_it_became_exempt_is_taken_back(self, ticket, written):
        assert writes(make_ticket(**TREATED, **ticket), LARGE, after_ours()) == written

    def test_a_ticket_in_the_bin_is_left_alone(self):
        assert writes(make_ticket(in_bin=True), LARGE) == {}
        assert writes(make_ticket(in_bin=True, **TREATED), SMALL, after_ours()) == {}


class TestTheCustomersAddress:
    """C3, R53: the field holds the super admin's address."""

    by_zoid = replace(SMALL, led_by=frozenset({EvidencePlace.LABEL}))
    by_user = replace(SMALL, led_by=frozenset({EvidencePlace.FIELD, EvidencePlace.LABEL}))

    @pytest.mark.parametrize(
        ("fill", "field", "lookup", "written"),
        [
            pytest.param(EmailFill.ALWAYS, None, by_zoid, True, id="an empty field is filled, large or not"),
            pytest.param(EmailFill.ALWAYS, "user@large.example", by_user, True, id="a user's address that led here"),
            pytest.param(
                EmailFill.ALWAYS, "else@other.example", by_zoid, False, id="an address that led to no account"
            ),
            pytest.param(EmailFill.ALWAYS, ADMIN, SMALL, False, id="the field has it already"),
            pytest.param(EmailFill.ALWAYS, None, UNKNOWN, False, id="no account was found"),
            pytest.param(EmailFill.WHEN_EMPTY, None, by_zoid, True, id="when empty"),
            pytest.param(EmailFill.WHEN_EMPTY, "user@large.example", by_user, False, id="when empty, it is not"),
            pytest.param(EmailFill.NEVER, None, by_zoid, False, id="never"),
        ],
    )
    def test_it_is_filled_where_it_does_no_harm(self, fill, field, lookup, written):
        found = writes(make_ticket(customer_primary_email=field), lookup, policy=with_rules(email_fill=fill))

        assert found == ({EMAIL: ADMIN} if written else {})

    @pytest.mark.parametrize(
        ("fill", "before", "written"),
        [
            pytest.param(EmailFill.ALWAYS, None, True, id="in an empty field"),
            pytest.param(EmailFill.WHEN_EMPTY, None, True, id="also when empty"),
            pytest.param(EmailFill.NEVER, None, False, id="never"),
            pytest.param(EmailFill.ALWAYS, "user@large.example", False, id="not over a person's that led elsewhere"),
        ],
    )
    def test_a_fill_of_ours_for_another_account_is_corrected(self, fill, before, written):
        ours = AppliedValue(value="b@two.example", before=before, basis="A2:NOT_PRIORITY")
        ticket, memory = make_ticket(customer_primary_email="b@two.example"), make_memory(applied={EMAIL: ours})

        found = writes(ticket, self.by_zoid, memory, with_rules(email_fill=fill))

        assert found == {EMAIL: ADMIN if written else before}

    def test_an_account_under_review_gets_its_address_too(self):
        lookup = replace(UNDECIDED, led_by=frozenset({EvidencePlace.LABEL}))

        assert writes(make_ticket(customer_primary_email=None), lookup) == {EMAIL: ADMIN}


def test_an_account_without_an_address_fills_no_address():
    account = make_account(88, super_admin_email="", zoids=("100055000",))
    lookup = make_lookup(account)
    ticket = make_ticket(customer_primary_email=None)
    decision = assess(lookup, POLICY, NOW)

    values = dict(desired_values(ticket, lookup, decision, FieldsMemory(), POLICY.tickets))

    assert Field.CUSTOMER_PRIMARY_EMAIL not in values
    assert values[Field.LARGE_USER].value is True
