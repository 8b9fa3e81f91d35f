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
from desk_sync.domain.plan.memory import KEYS
from desk_sync.domain.ticket.effect import reference_of
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
RISK = "determination:20261123T050000Z:20261123T070000Z"
AT_RISK = f"clock:{RISK}:at_risk"
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


class TestAlarms:
    def keys(self, drafted, escalated=()):
        return {each.key for each in drafted.alarms(escalated)}

    def test_those_of_the_first_look_are_suppressed_for_good(self):
        first = clocks()
        memory = make_memory(inputs=first.reading.inputs, suppressed=first.finish(silent=False).memory.suppressed)

        assert (self.keys(first), self.keys(clocks(memory=memory))) == (set(), set())

    def test_a_later_one_is_yielded_although_others_are_suppressed(self):
        later = make_memory(inputs=WAS_LARGE.clocks.inputs, suppressed=frozenset({f"{BREACH}:breached"}), keys=KEYS)

        assert self.keys(clocks(memory=later)) == {AT_RISK}

    def test_a_breach_that_an_escalation_reports_has_none(self):
        drafted = clocks(memory=known_clocks("0h s1"))

        assert f"clock:{BREACH}:breached" in self.keys(drafted)
        assert f"clock:{BREACH}:breached" not in self.keys(drafted, {BREACH})
        assert self.keys(drafted, {RISK}) == self.keys(drafted), "a clock at risk keeps its alarm"

    @pytest.mark.parametrize(
        ("suppressed", "references", "yielded"),
        [
            pytest.param({"acknowledgement:1:breached"}, set(), [RISK], id="suppressed at the first look"),
            pytest.param(set(), {"clock:determination:1:at_risk"}, [BREACH], id="a comment was made"),
            pytest.param(set(), set(), [BREACH, RISK], id="neither"),
            pytest.param({"resolution:1:at_risk"}, set(), [BREACH, RISK], id="what has not passed yet is told then"),
        ],
    )
    def test_what_an_older_version_reported_by_the_name_of_the_clock_is_not_reported_again(
        self, suppressed, references, yielded
    ):
        memory = make_memory(inputs=WAS_LARGE.clocks.inputs, suppressed=frozenset(suppressed))
        known = frozenset(reference_of(make_ticket().ticket_id, each) for each in references)
        after = clocks(memory=memory, references=known)
        later = replace(memory, clocks=after.finish(silent=False).memory)

        for drafted in (after, clocks(memory=later, references=frozenset())):
            assert [each.key.removeprefix("clock:").rpartition(":")[0] for each in drafted.alarms(())] == yielded

    def test_a_breach_waits_for_a_reply_that_is_being_sent_and_a_risk_does_not(self):
        late, awaited = known_clocks("0h s1"), known_clocks("0h s1", threads_seen=SENDING)

        assert [each.key for each in clocks(memory=late).alarms(())] == [f"clock:{BREACH}:breached", AT_RISK]
        assert [each.key for each in clocks(memory=awaited).alarms(())] == [AT_RISK]

    @pytest.mark.parametrize(
        ("memory", "escalated", "due"),
        [
            pytest.param(known_clocks("0h s1"), (), [NOW - HOUR], id="a breach"),
            pytest.param(known_clocks("0h s1"), {BREACH}, [], id="a level reports it"),
            pytest.param(known_clocks("0h s1", threads_seen=SENDING), (), [], id="a reply is being sent"),
            pytest.param(make_memory(), (), [], id="the first look: nothing is told"),
        ],
    )
    def test_a_breach_that_has_a_comment_was_due_when_its_clock_ran_out(self, memory, escalated, due):
        assert list(clocks(memory=memory).breaches(escalated)) == due
        assert list(clocks(memory=memory, history=None).breaches(())) == []

    def test_a_ticket_without_clocks_has_none(self):
        assert self.keys(clocks(history=None)) == set()


class TestTheStandingComment:
    def test_it_is_in_the_plan_only_when_the_clocks_have_changed(self):
        first = clocks().finish(silent=False)
        again = clocks(memory=make_memory(inputs=first.reading.inputs, standing_comment=first.memory.standing_comment))

        assert first.comment.digest == first.memory.standing_comment
        assert again.finish(silent=False).comment is None
        assert again.finish(silent=False).memory.standing_comment == first.memory.standing_comment

    def test_in_silence_it_is_neither_made_nor_remembered(self):
        silent = clocks().finish(silent=True)

        assert (silent.comment, silent.memory.standing_comment) == (None, None)
        assert silent.memory.inputs is not None, "but the clocks run"
        assert clocks(memory=make_memory(inputs=silent.memory.inputs)).finish(silent=False).comment is not None


def test_the_stored_inputs_give_the_same_clocks_at_the_next_look():
    first = clocks().finish(silent=False)
    memory = make_memory(inputs=first.memory.inputs)

    again = clocks(memory=memory, history=first.memory.inputs.history, promise=first.reading.promise)

    assert again.reading == first.reading
    assert again.next_at == first.reading.next_at


def test_the_severity_is_part_of_the_history_from_the_first_look_on():
    assert clocks().reading.history.level(NOW - 4 * HOUR) == 1
    assert clocks(memory=known_clocks()).reading.history.level(NOW - 4 * HOUR) is None, "a later one from its change on"
