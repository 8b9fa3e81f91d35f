"""The clocks at one look: which promise and basis they are read by, their alarms, and the standing comment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.commitment.read_clocks import ClockBasis, FormerIssueType
from desk_sync.domain.commitment.regions import TicketOrigin
from desk_sync.domain.commitment.seen_items import SeenItems, SeenState
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.ticket.inference import Inference
from tests.support.clock_scenes import COMMITMENT, HOUR, window
from tests.support.makers import NOW, POLICY, make_memory, make_ticket
from tests.support.plan_scenes import (
    LARGE,
    LATE,
    LATE_TICKET,
    SEVERITY,
    SMALL,
    STALE,
    UNDECIDED,
    UNKNOWN,
    draft,
    known_clocks,
    past,
)

DUE_IN_TWO = replace(
    POLICY,
    version="p2",
    commitment=replace(
        COMMITMENT, terms=replace(COMMITMENT.terms, windows={1: {Milestone.ACKNOWLEDGEMENT: window(1, 2)}})
    ),
)
BREACH = "acknowledgement:20261123T050000Z:20261123T080000Z"
SENDING = SeenItems(
    read_at=NOW - timedelta(minutes=1), states={"1": SeenState.PENDING}, since={"1": NOW - timedelta(minutes=2)}
)
SINCE = NOW - timedelta(days=2)
WAS_LARGE = make_memory(
    inputs=ClockInputs(history=past("0h s1"), promise="p", basis=ClockBasis(large=True, large_since=SINCE))
)


def clocks(ticket=LATE_TICKET, lookup=LARGE, memory=None, policy=POLICY, **facts):
    return draft(ticket, lookup, memory, policy, **LATE | facts).clocks


def due_at(drafted):
    return drafted.reading.clocks[0].due_at


class TestThePromise:
    """L9: a promise is frozen when the first clock starts."""

    def test_a_running_clock_keeps_the_promise_that_was_stored(self):
        stored = COMMITMENT.promise(TicketOrigin(), "p1")

        assert due_at(clocks(policy=DUE_IN_TWO, promise=stored)) == NOW - HOUR

    def test_a_new_clock_gets_todays_promise(self):
        drafted = clocks(policy=DUE_IN_TWO)

        assert due_at(drafted) == NOW - 2 * HOUR
        assert drafted.reading.promise.mapping_version == "p2"

    def test_it_is_that_of_the_tickets_own_region(self):
        origin = RelatedFacts(origin=TicketOrigin(partner_country="JP"))

        assert clocks(related=origin).reading.promise.calendar.tz == "Asia/Tokyo"


class TestTheLevel:
    MOVED = replace(LATE_TICKET, severity=None, not_on_layout=frozenset({SEVERITY}))

    @pytest.mark.parametrize(
        ("ticket", "lookup", "memory", "level", "urgency"),
        [
            pytest.param(make_ticket(severity="S2-Moderate"), SMALL, None, 2, 2, id="Desk's"),
            pytest.param(make_ticket(severity="S2-Moderate"), LARGE, None, 1, 1, id="ours, which is to be written"),
            pytest.param(make_ticket(severity="odd"), SMALL, None, None, 3, id="not in the mapping"),
            pytest.param(MOVED, SMALL, known_clocks("0h s2"), 2, 2, id="no field: the last known (L8)"),
            pytest.param(MOVED, SMALL, None, None, 3, id="no field, and none is known"),
            pytest.param(make_ticket(), SMALL, known_clocks("0h s2"), None, 3, id="an empty field: taken away"),
        ],
    )
    def test_it_is_that_of_the_severity_that_counts(self, ticket, lookup, memory, level, urgency):
        drafted = clocks(ticket, lookup, memory)

        assert (drafted.level, drafted.urgency) == (level, urgency)


class TestTheBasis:
    @pytest.mark.parametrize(
        ("lookup", "memory", "large", "since"),
        [
            pytest.param(LARGE, None, True, NOW, id="large since now"),
            pytest.param(LARGE, WAS_LARGE, True, SINCE, id="large since before"),
            pytest.param(SMALL, WAS_LARGE, False, None, id="no longer large"),
            pytest.param(UNDECIDED, WAS_LARGE, False, None, id="under review"),
            pytest.param(UNKNOWN, WAS_LARGE, True, SINCE, id="an unknown account takes nothing back (L8)"),
            pytest.param(STALE, WAS_LARGE, True, SINCE, id="old data take nothing back (L8)"),
            pytest.param(UNKNOWN, None, False, None, id="unknown from the beginning"),
        ],
    )
    def test_the_account_is_large_for_the_clocks_until_it_is_known_not_to_be(self, lookup, memory, large, since):
        basis = clocks(lookup=lookup, memory=memory).reading.basis

        assert (basis.large, basis.large_since) == (large, since)

    def test_the_words_add_only_an_issue_type_of_the_weekend_exception(self):
        """R21."""
        words = (Inference("security", "en"), Inference("outage", "en"))
        drafted = clocks(replace(LATE_TICKET, inferred=words, issue_type="howto"))

        basis = drafted.reading.basis

        assert (basis.issue_type, basis.inferred_issue_type) == ("howto", "outage")
        assert clocks(replace(LATE_TICKET, inferred=words[:1])).reading.basis.inferred_issue_type is None

    @pytest.mark.parametrize(
        ("modified_at", "until"),
        [
            pytest.param(NOW - HOUR, NOW - HOUR, id="when the ticket was changed last"),
            pytest.param(NOW + HOUR, NOW, id="never later than now"),
            pytest.param(None, NOW, id="now, where Desk does not say"),
        ],
    )
    def test_an_issue_type_that_is_another_one_now_is_remembered_with_its_end(self, modified_at, until):
        ticket = replace(LATE_TICKET, issue_type="outage", modified_at=modified_at)

        basis = clocks(ticket, memory=known_clocks("0h s1")).reading.basis

        assert basis.former_issue_types == (FormerIssueType(issue_type=None, until=until),)
        assert clocks(ticket).reading.basis.former_issue_types == (), "at the first look there is none before"


class TestADoubt:
    """A breach that rests on unknown time is a question to people, in a comment of its own."""

    UNSURE = replace(past("0h s1"), unknown=((NOW - 3 * HOUR, NOW - 1.5 * HOUR),))

    def keys(self, memory=None):
        return list(clocks(memory=memory, history=self.UNSURE).to_be_checked)

    def test_one_that_was_active_at_the_first_look_is_left_out_for_good(self):
        first = clocks(history=self.UNSURE)
        memory = make_memory(inputs=first.reading.inputs, suppressed=first.finish().memory.suppressed)

        assert (self.keys(), self.keys(memory)) == ([], [])

    def test_a_later_one_is_a_question_although_others_are_left_out(self):
        assert self.keys(known_clocks("0h s1")) == [f"{BREACH}:doubtful"]
        assert self.keys(known_clocks("0h s1", suppressed=frozenset({"resolution:1:breached"}))) == self.keys(
            known_clocks("0h s1")
        )

    def test_it_waits_for_a_reply_that_is_being_sent(self):
        assert self.keys(known_clocks("0h s1", threads_seen=SENDING)) == []

    def test_a_breach_that_is_proven_is_none(self):
        assert clocks(memory=known_clocks("0h s1")).to_be_checked == {}

    def test_a_ticket_without_clocks_has_none(self):
        assert clocks(history=None).to_be_checked == {}


class TestBreaches:
    @pytest.mark.parametrize(
        ("memory", "escalated", "due"),
        [
            pytest.param(known_clocks("0h s1"), (), [NOW - HOUR], id="a breach"),
            pytest.param(known_clocks("0h s1"), {BREACH}, [], id="a level reports it"),
            pytest.param(known_clocks("0h s1", threads_seen=SENDING), (), [], id="a reply is being sent"),
            pytest.param(make_memory(), (), [], id="the first look: nothing is told"),
        ],
    )
    def test_a_breach_that_the_note_reports_was_due_when_its_clock_ran_out(self, memory, escalated, due):
        assert list(clocks(memory=memory).breaches(escalated)) == due
        assert list(clocks(memory=memory, history=None).breaches(())) == []


def test_the_stored_inputs_give_the_same_clocks_at_the_next_look():
    first = clocks().finish()
    memory = make_memory(inputs=first.memory.inputs)

    again = clocks(memory=memory, history=first.memory.inputs.history, promise=first.reading.promise)

    assert again.reading == first.reading
    assert again.next_at == first.reading.next_at


def test_the_severity_is_part_of_the_history_from_the_first_look_on():
    assert clocks().reading.history.level(NOW - 4 * HOUR) == 1
    assert clocks(memory=known_clocks()).reading.history.level(NOW - 4 * HOUR) is None, "a later one from its change on"
