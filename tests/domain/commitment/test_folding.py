"""A folded history decides as the whole one does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.commitment import folding
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_reading import take_reading
from desk_sync.domain.commitment.folding import NO_LIMITS, UNKNOWN_SPANS, FoldingLimits, fold
from desk_sync.domain.commitment.history import History, WorkState
from desk_sync.domain.commitment.past import KEPT_CLOCKS
from desk_sync.domain.commitment.promise import CountFrom, DeterminationRule, FirstRound, Milestone, ReopenedRule
from desk_sync.domain.commitment.read_clocks import ClockBasis, read_clocks
from tests.support.clock_scenes import DET, HOUR, LARGE, MONDAY, PROMISE, RES, UPD, events, under

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
        clock.name,
        clock.state,
        clock.level,
        clock.at_risk,
        clock.is_doubtful,
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
        gone = clocks.keys() - {each.key for each in found.clocks}
        assert all(folded.past.is_finished(name) for key in gone for name in (key, clocks[key].name))
        if folded.past:
            ended = [each for each in expected.clocks if folded.past.is_finished(each.key)]
            assert {each.key for each in expected.clocks if folded.past.is_finished(each.name)} <= {
                c.key for c in ended
            }
            assert not any(each.open for each in ended)
        assert found.next_at == expected.next_at


def long(number: int, first: str = "0h s1", every: int = 2) -> History:
    """Return a history with so many rounds of a message and a reply."""
    rounds = (f"{every * n + 1}h message, {every * n + 2}h reply" for n in range(number))
    return History(created_at=MONDAY, events=events(", ".join((first, *rounds))))


def folded(history: History, promise=PROMISE, about=LARGE, limits=NO_LIMITS, hours: int = 1000) -> History:
    return fold(history, promise, about, MONDAY + hours * HOUR, limits)


def test_a_short_history_stays_as_it_is():
    assert folded(long(2)) == long(2)


def test_what_lies_ahead_is_not_folded():
    assert folded(long(20), hours=3).past.until == MONDAY + 3 * HOUR


def test_nothing_of_a_limits_instant_or_later_is_folded():
    history = folded(long(20), limits=FoldingLimits(before=MONDAY + 4 * HOUR))

    assert history.past.until == MONDAY + 3 * HOUR


def test_a_message_to_a_solved_ticket_is_not_folded_before_it_is_known_what_follows():
    happened = "1h reply, 2h solved, " + ", ".join(f"{hour}h message" for hour in range(3, 20))

    assert folded(History(created_at=MONDAY, events=events(happened))).past.until == MONDAY + HOUR


def test_a_folded_event_that_is_reported_again_is_not_added_again():
    history = folded(long(20))
    again = history.learn(long(20).events, [(MONDAY, MONDAY + HOUR), (MONDAY, MONDAY + 99 * HOUR)])

    assert again.events == history.events
    assert again.unknown == ((history.past.until, MONDAY + 99 * HOUR),)


def test_of_many_unknown_spans_the_oldest_become_one():
    spans = tuple((MONDAY + n * HOUR, MONDAY + (n + 0.5) * HOUR) for n in range(0, 40, 2))
    history = folded(replace(long(20), unknown=spans))

    assert history.unknown == ((spans[0][0], spans[-UNKNOWN_SPANS - 1][1]), *spans[-UNKNOWN_SPANS:])


def test_a_pause_that_lasts_beyond_the_folded_part_begins_where_it_began():
    happened = "0h s1, 1h reply, 2h paused, " + ", ".join(f"{hour}h message" for hour in range(3, 20))
    history = folded(History(created_at=MONDAY, events=events(happened)))

    assert history.past.until > MONDAY + 2 * HOUR
    assert list(history.spans({WorkState.PAUSED})) == [(MONDAY + 2 * HOUR, None)]


def test_a_pause_that_ended_in_the_folded_part_keeps_its_length():
    happened = "0h s1, 1h reply, 2h paused, 4h open, " + ", ".join(f"{hour}h message" for hour in range(5, 22))
    whole = History(created_at=MONDAY, events=events(happened))
    history = folded(whole)
    readings = [take_reading(each, PROMISE, LARGE, MONDAY + 30 * HOUR) for each in (whole, history)]

    assert history.past.until > MONDAY + 4 * HOUR
    assert [(end - start) for start, end in history.spans({WorkState.PAUSED})] == [2 * HOUR]
    used, again = ({clock.key: (clock.used, clock.paused) for clock in each.clocks if clock.open} for each in readings)
    assert used == again != {}


def test_clocks_that_are_left_out_are_counted_as_of_the_whole_history():
    late = "0h s1, " + ", ".join(f"{10 * n + 1}h message, {10 * n + 9}h reply" for n in range(20))
    whole = History(created_at=MONDAY, events=events(late))
    readings = [take_reading(each, PROMISE, LARGE, MONDAY + 999 * HOUR) for each in (whole, folded(whole))]

    counted = [reading.others(reading.shown) for reading in readings]

    assert readings[1].history.past is not None
    assert counted[0] == counted[1]
    assert min(counted[0]) > 0


def test_the_clock_of_a_ladder_is_kept():
    third = next(clock for clock in read_clocks(long(40), PROMISE, LARGE, MONDAY + 99 * HOUR) if clock.round == 3)

    kept = folded(long(40), limits=FoldingLimits(clock=third.name)).past.clocks

    assert next(clock.key for clock in kept if clock.key.startswith(DET)) == "determination:3"
    assert len(kept) <= KEPT_CLOCKS + 3


def test_a_folded_clock_shows_no_spans_and_raises_no_alarm():
    late = "0h s1, 1h reply, 90h reply, " + ", ".join(f"{hour}h reply" for hour in range(91, 99))
    history = folded(History(created_at=MONDAY, events=events(late)), about=ClockBasis())
    reading = take_reading(history, PROMISE, ClockBasis(), MONDAY + 999 * HOUR)

    assert [(clock.key, clock.folded, clock.counted) for clock in reading.clocks if clock.milestone is DET] == [
        ("determination:1", True, [])
    ]
    assert reading.clocks[1].state is ClockState.BREACHED
    assert reading.alarms == {}
    assert reading.folded_rounds == {"acknowledgement": 1, "determination": 1}


def test_a_breach_that_rests_on_unknown_time_stays_doubtful_and_asks_no_more():
    late = "0h s1, 6h reply, 90h reply, " + ", ".join(f"{hour}h reply" for hour in range(91, 120))
    unknown = ((MONDAY, MONDAY + 5 * HOUR),)
    history = folded(History(created_at=MONDAY, events=events(late), unknown=unknown))

    reading = take_reading(history, PROMISE, LARGE, MONDAY + 120 * HOUR)

    assert [(clock.key, clock.folded) for clock in reading.clocks if clock.is_doubtful] == [
        ("acknowledgement:1", True),
        ("determination:1", True),
    ]
    assert reading.doubtful == []


def test_a_reading_before_the_folded_part_ends_is_one_at_its_end():
    history = folded(long(20))

    early, at_end = (read_clocks(history, PROMISE, LARGE, at) for at in (MONDAY + HOUR, history.past.until))

    assert early == at_end


def test_a_resolution_that_is_promised_later_requires_updates_since_the_folded_part_at_the_earliest():
    history = folded(long(40), about=ClockBasis())
    later = read_clocks(history, PROMISE, LARGE, MONDAY + 90 * HOUR)

    first = next(clock for clock in later if clock.milestone is UPD)
    assert first.started_at == history.past.until


def test_the_cycles_of_a_ticket_without_promises_are_counted_for_the_time_when_it_has_some_again():
    without = replace(LARGE, issue_type="feature_request")

    assert folded(long(20), about=without).past == folded(long(20)).past
    assert [clock.state for clock in read_clocks(folded(long(20), about=without), PROMISE, without, MONDAY + HOUR)] == [
        ClockState.EXEMPT
    ] * 3


def test_what_ended_before_a_reopening_counts_no_more_where_everything_starts_afresh():
    promise = under(reopened=ReopenedRule.RESTART)
    before = folded(long(20), promise)
    reopened = before.learn(events("70h solved, 71h open, 72h reply"))

    again = folded(reopened, promise)

    assert before.past.rounds["determination"] > 1
    assert not again.past.rounds
    assert again.events == reopened.events
