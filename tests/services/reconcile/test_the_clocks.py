"""A ticket's clocks over several looks: the comments and fields in Desk, the calls, and the next look.

The ticket was opened on Monday 23 November 2026 at 10:00 in Berlin, by a large user account: severity 1.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.commitment.clock_fields import CLOCK_FIELDS
from desk_sync.domain.commitment.read_clocks import read_clocks
from desk_sync.domain.plan.draft import IDLE
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import TemporaryError
from tests.support.fake_desk import Died
from tests.support.makers import NOW, POLICY, make_account, make_ticket, make_updates

TICKET = "100000000000000001"


@pytest.fixture
def opened(desk, world):
    """The ticket, seen a moment after it was opened."""
    desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
    world.receives(key="add")
    world.look()
    return world


def wake(world) -> None:
    """Sleep until the ticket is due, and look at it."""
    world._time = world.tickets.history(TICKET).look_at
    world.look()


def clocks(world):
    known = world.tickets.history(TICKET)
    inputs = known.memory.clocks.inputs
    found = read_clocks(inputs.history, known.promise, inputs.basis, world.now())
    return {clock.milestone: clock for clock in found}


def steps(desk) -> list[str]:
    heads = (said.split("\n")[0] for said in desk.comments[TICKET] if said.startswith("Escalation level"))
    return [head.partition(" to the partner")[0] for head in heads]


def kept_notes(desk) -> list[str]:
    return [said for said in desk.comments[TICKET] if "The clocks, as of" in said]


class TestWakingUp:
    def test_the_next_look_is_when_the_first_target_passes(self, opened):
        assert opened.tickets.history(TICKET).look_at == NOW + timedelta(hours=1)

    def test_an_unanswered_clock_is_named_in_one_note_when_it_is_at_risk_and_when_it_is_breached(self, desk, opened):
        seen = []
        while opened.now() < NOW + timedelta(hours=8):
            wake(opened)
            [note] = kept_notes(desk)
            seen += re.findall(r"^The (.+ is (?:at risk|late)):", note, re.MULTILINE)

        assert list(dict.fromkeys(seen)) == [
            "first reply is at risk",
            "next reply is at risk",
            "first reply is late",
            "next reply is late",
        ]
        assert len(desk.comments[TICKET]) == len([*kept_notes(desk), *steps(desk)])
        assert steps(desk)[0] == "Escalation level 1: the first reply", "which reports its breach"

    def test_a_look_between_two_changes_makes_no_comment(self, desk, opened):
        wake(opened)
        before, edits = list(desk.comments[TICKET]), desk.count("edit_comment")
        opened.waits(minutes=5)
        opened.receives(key="touched")

        opened.look()

        assert desk.comments[TICKET] == before
        assert desk.count("edit_comment") == edits

    def test_a_reply_meets_the_acknowledgement_and_is_read_once(self, desk, opened):
        opened.waits(minutes=30)
        desk.agent_replies(TICKET)
        opened.receives(key="reply")
        opened.look()
        opened.waits(minutes=5)
        opened.receives(key="touched")
        opened.look()

        assert clocks(opened)["acknowledgement"].state is ClockState.MET
        assert desk.count("read_threads") == 1

    def test_a_public_comment_of_a_person_is_a_reply_and_ours_are_not_read(self, desk, opened):
        wake(opened)
        opened.waits(minutes=5)
        opened.receives(key="our comments")
        opened.look()
        assert desk.count("read_comments") == 0
        desk.person_comments(TICKET, public=True)
        opened.receives(key="a person's")

        opened.look()

        assert desk.count("read_comments") == 1
        assert clocks(opened)["acknowledgement"].met_at == opened.now()


class TestTheNote:
    def test_it_is_made_at_the_first_look_and_edited_with_each_change(self, desk, opened):
        (at_first,) = kept_notes(desk)
        wake(opened)
        (first,) = kept_notes(desk)
        wake(opened)

        (second,) = kept_notes(desk)
        assert at_first.startswith("Severity 1: large.example (super admin admin@large.example) has 88 user licences")
        assert "- first reply: on track" in at_first
        assert "- first reply: at risk" in first
        assert "- next reply: on track" in first
        assert "- next reply: at risk" in second

    def test_an_edit_costs_one_call_as_its_id_is_known(self, desk, opened):
        wake(opened)

        assert desk.edited_by_id == [True]
        assert opened.tickets.history(TICKET).memory.note.comment_id is not None

    def test_it_has_the_time_that_was_used_and_the_zone(self, desk, opened):
        wake(opened)

        (said,) = kept_notes(desk)
        assert "- first reply: at risk, due at 2026-11-23 13:00 (Europe/Berlin); 1 h used, 2 h left" in said

    def test_it_names_the_level_of_a_running_escalation(self, desk, opened):
        while not steps(desk):
            wake(opened)

        (said,) = kept_notes(desk)
        assert "Escalated to level 1 at 2026-11-23 13:00 (Europe/Berlin): see the comment of that time." in said

    def test_it_is_kept_while_nothing_is_late_any_more(self, desk, opened):
        wake(opened)
        desk.agent_replies(TICKET)
        opened.receives(key="reply")

        opened.look()

        (said,) = kept_notes(desk)
        assert "- first reply: met at 2026-11-23 11:00 (Europe/Berlin); 1 h used" in said
        assert "No clock is late or at risk." in said

    def test_it_is_edited_when_the_ticket_turns_out_to_be_exempt(self, desk, opened):
        wake(opened)
        opened.waits(minutes=5)
        desk.person_sets(TICKET, issue_type="feature_request")
        opened.receives(key="typed")

        opened.look()

        (said,) = kept_notes(desk)
        assert "- first reply: does not apply" in said

    def test_one_that_a_person_deleted_is_made_again_when_there_is_news(self, desk, opened):
        wake(opened)
        desk.comments[TICKET].clear()

        wake(opened)

        assert len(kept_notes(desk)) == 1

    @pytest.mark.parametrize("moment", ["after", "before"], ids=["Desk has our edit", "Desk has it not"])
    @pytest.mark.parametrize("stop", [Died(), TemporaryError("no answer")], ids=["death", "lost answer"])
    @pytest.mark.parametrize("theirs", [["mine"], []], ids=["edited", "deleted"])
    def test_what_a_person_made_of_it_before_our_edit_was_recorded_stands_until_there_is_news(
        self, desk, opened, moment, stop, theirs
    ):
        """L7."""
        wake(opened)

        def person_acts():
            (said,) = kept_notes(desk)
            others = [each for each in desk.comments[TICKET] if each != said]
            desk.comments[TICKET][:] = [
                *others,
                *(f"The clocks, as of today: {text} [{said.rsplit('[', 1)[1]}" for text in theirs),
            ]
            raise stop

        getattr(desk, moment)["edit_comment"] = person_acts
        opened._time = opened.tickets.history(TICKET).look_at
        with suppress(Died):
            opened.look()
        opened.waits(seconds=46)
        opened.look()
        kept = kept_notes(desk)
        wake(opened)

        assert [said.split(" [")[0] for said in kept] == [f"The clocks, as of today: {text}" for text in theirs]
        assert "- first reply: late" in kept_notes(desk)[0]

    @pytest.mark.parametrize("moment", ["after", "before"], ids=["Desk has our edit", "Desk has it not"])
    def test_an_edit_of_ours_that_was_not_recorded_is_made_again(self, desk, opened, moment):
        wake(opened)
        desk.dies(**{moment: "edit_comment"})
        opened._time = opened.tickets.history(TICKET).look_at
        with pytest.raises(Died):
            opened.look()
        opened.waits(seconds=46)
        opened.look()

        assert "- next reply: at risk" in kept_notes(desk)[0]
        assert opened.tickets.history(TICKET).memory.note.intended is None

    def test_it_is_not_doubled_by_a_death_after_it_was_made(self, desk, world):
        desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
        world.receives(key="add")
        desk.dies(after="add_comment")
        with pytest.raises(Died):
            world.look()
        world.waits(seconds=46)

        world.look()

        assert len(desk.comments[TICKET]) == len(kept_notes(desk)) == 1


class TestHistory:
    def test_a_hold_that_came_and_went_between_two_looks_is_a_pause(self, desk, opened):
        opened.waits(minutes=30)
        desk.changes_status(TICKET, "On Hold", "On Hold")
        opened.receives(key="hold", changed=frozenset({Field.STATUS}))
        opened.look()
        opened.waits(hours=2)
        desk.changes_status(TICKET, "Open", "Open")
        opened.receives(key="resume", changed=frozenset({Field.STATUS}))
        opened.look()
        opened.waits(hours=1)

        assert clocks(opened)["acknowledgement"].paused == timedelta(hours=2)
        assert clocks(opened)["acknowledgement"].due_at == NOW + timedelta(hours=5)

    def test_while_it_is_on_hold_nothing_is_due_but_the_look_of_the_day(self, desk, opened):
        opened.waits(minutes=30)
        desk.changes_status(TICKET, "On Hold", "On Hold")
        opened.receives(key="hold", changed=frozenset({Field.STATUS}))

        opened.look()

        assert opened.tickets.history(TICKET).look_at == opened.now() + IDLE

    def test_a_ticket_that_was_closed_before_we_knew_it_has_no_clocks_and_costs_no_call(self, desk, world):
        desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=5, status="Closed", status_type="Closed")
        world.receives(key="late")

        world.look()

        assert world.tickets.history(TICKET).memory.clocks.inputs is None
        assert desk.calls[0] == "read_ticket"
        assert "read_threads" not in desk.calls

    def test_a_clock_that_was_late_before_the_first_look_is_in_the_note_alone(self, desk, world):
        desk.tickets[TICKET] = make_ticket(created_at=NOW - timedelta(hours=9), threads=1)
        world.receives(key="late")
        world.look()
        world.waits(minutes=5)
        world.receives(key="touched")
        world.look()

        assert len(desk.comments[TICKET]) == len(kept_notes(desk))
        assert "- first reply: late" in kept_notes(desk)[0]

    def test_a_severity_that_a_person_sets_counts_from_the_creation_with_its_own_windows(self, desk, world):
        world.imports(make_account(5))
        desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1, severity="S3-Minimal")
        world.receives(key="add")
        world.look()
        world.waits(hours=2)
        desk.person_sets(TICKET, severity="S2-Moderate")
        world.receives(key="severity", changed=frozenset({Field.SEVERITY}))

        world.look()

        assert clocks(world)["acknowledgement"].due_at == NOW + timedelta(hours=12)


class TestThePromise:
    def test_it_stays_as_it_was_when_the_clocks_started(self, opened):
        terms = replace(POLICY.commitment.terms, windows={})
        opened.policy = replace(POLICY, version="p2", commitment=replace(POLICY.commitment, terms=terms))
        opened.receives(key="touched")

        opened.look()

        assert clocks(opened)["acknowledgement"].due_at == NOW + timedelta(hours=3)

    def test_an_unknown_account_takes_nothing_back(self, opened):
        opened.waits(days=8)
        opened.receives(key="stale")

        opened.look()

        assert opened.tickets.history(TICKET).decisions[-1].decision.verdict == "UNKNOWN"
        assert "resolution" in clocks(opened)


class TestTheFields:
    @pytest.fixture
    def shown(self, desk, world):
        world.policy = replace(POLICY, shown=CLOCK_FIELDS)
        desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
        world.receives(key="add")
        world.look()
        return world

    def test_they_show_due_instants_state_and_what_is_next(self, desk, shown):
        ticket = desk.tickets[TICKET]

        assert ticket.acknowledgement_due == "2026-11-23T12:00Z"
        assert ticket.determination_due == "2026-11-23T17:00Z"
        assert ticket.resolution_due == "2026-11-25T09:00Z"
        assert (ticket.clock_state, ticket.next_milestone) == ("on_track", "acknowledgement")

    def test_they_are_written_in_the_same_call_as_the_rest(self, desk, shown):
        assert desk.count("write_ticket") == 1

    def test_a_look_that_finds_nothing_changed_writes_nothing(self, desk, shown):
        shown.waits(minutes=30)
        shown.receives(key="touched")

        shown.look()

        assert desk.count("write_ticket") == 1

    def test_the_state_is_written_when_it_changes(self, desk, shown):
        wake(shown)

        assert desk.tickets[TICKET].clock_state == "at_risk"

    def test_a_persons_due_instant_stands_until_ours_changes(self, desk, shown):
        shown.waits(minutes=5)
        desk.person_sets(TICKET, acknowledgement_due="2026-11-24T12:00Z")
        shown.receives(key="edit", changed=frozenset({Field.ACKNOWLEDGEMENT_DUE}))
        shown.look()
        assert desk.tickets[TICKET].acknowledgement_due == "2026-11-24T12:00Z"
        shown.waits(minutes=5)
        desk.changes_status(TICKET, "On Hold", "On Hold")
        shown.receives(key="hold", changed=frozenset({Field.STATUS}))

        shown.look()

        assert desk.tickets[TICKET].acknowledgement_due is None


class TestEscalation:
    def test_a_breach_raises_level_1_and_each_later_level_after_its_wait(self, desk, opened):
        while opened.now() < NOW + timedelta(hours=9):
            wake(opened)

        raised = opened.tickets.history(TICKET).memory.escalation.state.raised
        assert [(step.level, step.at - NOW) for step in raised] == [
            (1, timedelta(hours=3)),
            (2, timedelta(hours=5)),
            (3, timedelta(hours=9)),
        ]
        assert steps(desk) == [f"Escalation level {level}: the first reply" for level in (1, 2, 3)]

    def test_a_persons_reply_stops_it(self, desk, opened):
        while opened.now() < NOW + timedelta(hours=3):
            wake(opened)
        opened.waits(minutes=10)
        desk.agent_replies(TICKET)
        opened.receives(key="reply")
        opened.look()
        opened.waits(hours=3)
        opened.receives(key="touched")

        opened.look()

        assert len(steps(desk)) == 1

    def test_a_death_after_the_comment_neither_doubles_nor_loses_a_step(self, desk, opened):
        while opened.tickets.history(TICKET).look_at < NOW + timedelta(hours=3):
            wake(opened)
        opened._time = NOW + timedelta(hours=3)
        desk.dies(after="edit_comment")
        with pytest.raises(Died):
            opened.look()
        opened.waits(seconds=46)

        opened.look()

        assert len(steps(desk)) == 1
        assert len(opened.tickets.history(TICKET).memory.escalation.state.raised) == 1

    def test_a_breach_before_our_first_look_raises_nothing(self, desk, world):
        desk.tickets[TICKET] = make_ticket(created_at=NOW - timedelta(hours=9), threads=1)
        world.receives(key="late")

        world.look()

        assert steps(desk) == []

    def test_a_breach_between_the_activation_and_our_first_look_raises_level_1(self, desk, world):
        desk.tickets[TICKET] = make_ticket(created_at=NOW - timedelta(hours=9), threads=1)
        world.receives(key="late")
        world.portal.activate(NOW - timedelta(days=1))

        world.look()

        assert steps(desk) == ["Escalation level 1: the first reply"]

    def test_a_breach_during_an_outage_of_ours_raises_level_1_alone(self, desk, opened):
        opened.waits(hours=30)

        opened.look()

        assert steps(desk) == ["Escalation level 1: the first reply"]

    def test_in_shadow_nothing_is_raised_and_nothing_is_raised_for_it_later(self, desk, opened):
        opened.policy = replace(POLICY, tickets=replace(POLICY.tickets, mode=Mode.SHADOW))
        opened.waits(hours=4)
        opened.look()
        opened.policy = POLICY
        opened.waits(minutes=5)
        opened.receives(key="switched on")

        opened.look()

        assert steps(desk) == []

    def test_a_report_of_a_security_problem_goes_straight_to_the_level_of_the_mapping(self, desk, opened):
        desk.person_sets(TICKET, issue_type="security")
        opened.receives(key="typed")

        opened.look()

        assert "a security problem" in steps(desk)[0]

    def test_each_step_is_a_public_comment_in_the_tickets_language_and_there_is_no_other(self, desk, world):
        updates = make_updates(en="escalated", de="Ihre Anfrage {ticket}: Stufe {level}")
        world.policy = replace(POLICY, escalation=replace(POLICY.escalation, updates=updates))
        desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1, number="101", language="de")
        world.receives(key="add")
        world.look()
        while world.now() < NOW + timedelta(hours=5):
            wake(world)

        published = [said.split(" [ds-")[0] for said in desk.public_comments[TICKET]]
        assert published == ["Ihre Anfrage 101: Stufe 1", "Ihre Anfrage 101: Stufe 2"]

    def test_in_comment_mode_there_is_no_public_update(self, desk, world):
        escalation = replace(POLICY.escalation, updates=make_updates(en="escalated"))
        tickets = replace(POLICY.tickets, mode=Mode.COMMENT)
        world.policy = replace(POLICY, escalation=escalation, tickets=tickets)
        desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
        world.receives(key="add")
        world.look()
        while world.now() < NOW + timedelta(hours=3):
            wake(world)

        assert len(steps(desk)) == 1
        assert desk.public_comments[TICKET] == []
