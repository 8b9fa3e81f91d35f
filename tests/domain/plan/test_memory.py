"""The memory of a ticket: which events are news, intended writes after a crash, and a past that is judged anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.plan.memory import AppliedValue, ClocksMemory, FieldsMemory, Memory, is_news
from desk_sync.domain.ticket.event import EventHint
from tests.support.makers import make_event, make_memory, make_ticket
from tests.support.plan_scenes import BOX, LARGE_BASIS, OURS, SEVERITY, TREATED, known_clocks

MEMORY = make_memory(written_digest="after", read_digest="before")


@pytest.mark.parametrize(
    ("event", "news"),
    [
        pytest.param({"state": "after", "before": "before"}, False, id="the echo of our own write"),
        pytest.param({"state": "after", "before": "after"}, False, id="nothing that we read has changed"),
        pytest.param({"state": "after", "before": None}, False, id="the state that we know, reported again"),
        pytest.param({"state": "after", "before": "else"}, True, id="changed, and changed back"),
        pytest.param({"state": "else", "before": "after"}, True, id="a change"),
        pytest.param({"state": "before", "before": None}, True, id="an older state: a later event may be lost"),
        pytest.param({"state": None, "before": None}, True, id="a payload without all that we read"),
        pytest.param({"hint": EventHint.GONE}, True, id="deleted"),
        pytest.param({"hint": EventHint.CONVERSATION}, True, id="a thread or a comment"),
        pytest.param({"hint": EventHint.CONVERSATION, "reference": "ds-1"}, False, id="our own comment"),
        pytest.param({"hint": EventHint.CONVERSATION, "reference": "ds-2"}, True, id="a comment that quotes another"),
    ],
)
def test_an_event_is_news_unless_the_last_look_knew_it(event, news):
    assert is_news(make_event(**event), MEMORY, {"ds-1"}) is news


def test_a_ticket_that_was_never_looked_at_is_always_news():
    assert is_news(make_event(state=None), Memory(), set())
    assert is_news(make_event(state="x"), Memory(), set())


class TestIntendedWrites:
    """L7: after a crash around a write it is certain whose value the ticket has."""

    def test_those_of_an_earlier_look_are_kept_beside_the_new_ones(self):
        memory = FieldsMemory(intended={BOX: OURS[BOX]}).intending({SEVERITY: OURS[SEVERITY]})

        assert memory.intended == OURS

    def test_the_latest_intention_for_a_field_counts(self):
        older = AppliedValue(value="S2-Moderate", before=None, basis=LARGE_BASIS)

        assert FieldsMemory(intended={SEVERITY: older}).intending(OURS).intended == OURS

    def test_only_values_that_the_ticket_has_become_ours(self):
        memory = FieldsMemory(intended=OURS).settled(make_ticket(large_user=True, severity="S3-Minimal"))

        assert (memory.applied, memory.intended) == ({BOX: OURS[BOX]}, {})

    @given(st.booleans(), st.sampled_from([None, "S1-Critical"]), st.sampled_from([{}, OURS]))
    def test_settling_twice_is_settling_once(self, box, severity, applied):
        ticket = make_ticket(large_user=box, severity=severity)
        settled = FieldsMemory(applied=applied, intended=OURS).settled(ticket)

        assert settled.settled(ticket) == settled

    def test_a_value_that_was_applied_before_stays_if_nothing_was_intended(self):
        memory = FieldsMemory(applied=OURS)

        assert memory.settled(make_ticket(**TREATED)) == memory == memory.settled(make_ticket())


class TestUnjudged:
    def test_only_the_severities_are_kept_as_they_were_read(self):
        memory = known_clocks("0h s2, 1h reply, 1h30m paused, 2h s1", threads_counted=3).clocks

        kept = memory.unjudged()

        assert kept.inputs.history == known_clocks("0h s2, 2h s1").clocks.inputs.history
        assert (kept.inputs.promise, kept.threads_counted) == (memory.inputs.promise, 3)

    def test_a_memory_without_clocks_has_nothing_to_forget(self):
        assert ClocksMemory().unjudged() == ClocksMemory()
