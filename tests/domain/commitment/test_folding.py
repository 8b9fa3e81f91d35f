"""A folded history decides as the whole one does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.commitment import folding
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.clock_reading import take_reading
from desk_sync.domain.commitment.folding import fold
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.promise import CountFrom, DeterminationRule, FirstRound, Milestone, ReopenedRule
from tests.support.clock_scenes import HOUR, LARGE, MONDAY, RES, events, under

MANY = 3
promises = st.builds(
    under,
    reopened=st.sampled_from(ReopenedRule),
    determination=st.sampled_from(DeterminationRule),
    first_round=st.sampled_from(FirstRound),
    severity_changed=st.sampled_from(CountFrom),
    paused=st.sampled_from([frozenset(Milestone), frozenset({RES}), frozenset()]),
)
happenings = st.sampled_from(["message", "reply", "paused", "solved", "open", "ended", "s1", "s2", "s3", "s0", "move"])
conversations = st.lists(st.tuples(st.integers(1, 36), happenings), min_size=5, max_size=40)


@pytest.fixture(autouse=True, scope="module")
def soon():
    """Fold after few events."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "LONGEST", 6)
        patch.setattr(folding, "KEPT", MANY)
        yield


def histories(conversation, promise, about=LARGE):
    """Yield the whole and the folded history after each event, with the instant of the reading after it."""
    whole = folded = History(created_at=MONDAY)
    at = MONDAY
    for hours, name in conversation:
        at += hours * HOUR
        found = events(f"{(at - MONDAY) // HOUR}h {name}")
        whole = whole.learn(found)
        folded = fold(folded.learn(found), promise, about, at)
        yield whole, folded, at


def seen(clock: Clock, until=MONDAY) -> tuple:
    """Return what people and later decisions see of a clock; of what ran out before `until`, only that it did."""
    instants = [at if at is None or at > until else "before" for at in (clock.target_at, clock.due_at)]
    return (
        clock.key,
        clock.state,
        clock.level,
        clock.at_risk,
        clock.used,
        clock.paused,
        clock.ended_at,
        clock.met_at,
        *instants,
    )


@given(conversations, promises, st.integers(0, 100))
def test_open_clocks_and_the_newest_ended_ones_are_read_as_from_the_whole_history(conversation, promise, hours):
    for whole, folded, at in histories(conversation, promise):
        now = at + hours * HOUR
        until = folded.past.until if folded.past else MONDAY
        expected, found = (take_reading(each, promise, LARGE, now) for each in (whole, folded))
        clocks = {clock.key: clock for clock in expected.clocks}

        assert [seen(each, until) for each in found.clocks] == [seen(clocks[each.key], until) for each in found.clocks]
        assert all(each.key in {c.key for c in found.clocks} for each in expected.shown)
        assert all(folded.past.is_finished(key) for key in clocks.keys() - {each.key for each in found.clocks})
        assert all(not folded.past.is_finished(each.key) for each in expected.clocks if each.open and folded.past)
        assert found.next_at == expected.next_at
