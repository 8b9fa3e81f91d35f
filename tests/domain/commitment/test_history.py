"""The history of a ticket: a value that does not depend on the order in which its events became known."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from tests.support.clock_scenes import HOUR, MONDAY, after, events

instants = st.integers(-2, 40).map(lambda hours: MONDAY + hours * HOUR)
event_lists = st.lists(
    st.one_of(
        st.builds(
            HistoryEvent,
            kind=st.sampled_from([HistoryEventKind.MESSAGE, HistoryEventKind.REPLY, HistoryEventKind.MOVE]),
            at=instants,
        ),
        st.builds(HistoryEvent, kind=st.just(HistoryEventKind.REPLY), at=instants, ref=st.sampled_from(["t1", "t2"])),
        st.builds(HistoryEvent, kind=st.just(HistoryEventKind.STAGE), at=instants, stage=st.sampled_from(WorkState)),
        st.builds(
            HistoryEvent, kind=st.just(HistoryEventKind.SEVERITY), at=instants, level=st.sampled_from([None, 1, 2, 3])
        ),
    ),
    max_size=12,
)


def make_history(happened: str = "", **rest) -> History:
    return History(created_at=MONDAY, events=events(happened), **rest)


@given(event_lists, st.randoms())
def test_neither_order_nor_repetition_of_events_changes_a_history(happened, chance):
    shuffled = chance.sample(happened * 2, len(happened) * 2)

    assert History(created_at=MONDAY, events=tuple(shuffled)) == History(created_at=MONDAY, events=tuple(happened))


@given(event_lists, st.integers(0, 12))
def test_what_is_known_already_is_learned_once(happened, known):
    history = History(created_at=MONDAY, events=tuple(happened))

    assert history.learn(happened[:known]) == history


@given(event_lists, instants)
def test_a_history_up_to_an_instant_holds_nothing_later(happened, instant):
    history = History(created_at=MONDAY, events=tuple(happened)).until(instant)

    assert all(event.at <= instant for event in history.events)


def test_histories_of_parts_that_were_learned_in_any_order_are_one():
    parts = list(events("1h reply, 2h paused, 3h message, 4h open, 5h s1, 6h solved"))
    histories = set()
    for seed in range(20):
        history = make_history()
        for event in random.Random(seed).sample(parts, len(parts)):
            history = history.learn([event])
        histories.add(history)

    assert histories == {make_history("1h reply, 2h paused, 3h message, 4h open, 5h s1, 6h solved")}


def test_an_event_stays_as_it_was_classified_when_a_status_is_renamed():
    history = make_history("1h paused")

    assert history.learn(events("1h open, 2h open")) == make_history("1h paused, 2h open")


def test_a_thread_that_is_reported_with_two_instants_is_one_reply():
    reports = [
        HistoryEvent(kind=HistoryEventKind.REPLY, at=MONDAY + seconds * after("1s"), ref="t1") for seconds in (5, 4)
    ]

    assert History(created_at=MONDAY, events=tuple(reports)).events == (reports[1],)


def test_a_history_without_a_thread_keeps_the_events_that_have_no_thread():
    reply = HistoryEvent(kind=HistoryEventKind.REPLY, at=MONDAY + HOUR, ref="t1")
    history = make_history("2h paused").learn([reply, replace(reply, ref="t2")])

    assert [event.ref for event in history.without({"t1"}).events] == ["t2", ""]
    assert history.without([]) == history


def test_an_event_before_the_creation_by_another_clock_counts_as_at_the_creation():
    early = HistoryEvent(kind=HistoryEventKind.MESSAGE, at=MONDAY - HOUR, ref="t1")
    history = make_history().learn([early])

    assert [event.at for event in history.events] == [MONDAY]
    assert history.learn([early]) == history


def test_unknown_spans_are_merged_and_sorted():
    one, other, later = (MONDAY, MONDAY + HOUR), (MONDAY + HOUR / 2, MONDAY + 2 * HOUR), (MONDAY + 5 * HOUR,) * 2
    history = make_history(unknown=(other, later)).learn([], unknown=[one])

    assert history.unknown == ((MONDAY, MONDAY + 2 * HOUR),)


@pytest.mark.parametrize(
    ("happened", "at", "level"),
    [
        pytest.param("", "1h", None, id="none was set"),
        pytest.param("0h s2", "0h", 2, id="created with it"),
        pytest.param("0h s2, 2h s1", "1h", 2, id="before the change"),
        pytest.param("0h s2, 2h s1", "2h", 1, id="from the change on"),
        pytest.param("0h s2, 2h s0", "3h", None, id="taken away"),
    ],
)
def test_the_severity_is_that_of_the_last_change(happened, at, level):
    assert make_history(happened).level(MONDAY + after(at)) == level


@pytest.mark.parametrize(
    ("happened", "since"),
    [
        pytest.param("", None, id="no severity"),
        pytest.param("0h s1", "0h", id="created with it"),
        pytest.param("0h s2, 2h s1", "2h", id="since the change"),
        pytest.param("0h s1, 2h s3", None, id="lowered"),
        pytest.param("0h s1, 2h s3, 3h s1", "3h", id="raised again"),
    ],
)
def test_a_ticket_is_severe_since_its_last_change_to_level_1(happened, since):
    assert make_history(happened).severe_at == (since and MONDAY + after(since))


@pytest.mark.parametrize(
    ("happened", "solved"),
    [
        pytest.param("", [], id="never"),
        pytest.param("1h solved", [("1h", None)], id="still"),
        pytest.param("1h solved, 2h open, 3h solved", [("1h", "2h"), ("3h", None)], id="twice"),
        pytest.param("1h solved, 2h solved, 3h paused", [("1h", "3h")], id="from one closed status to another"),
        pytest.param("0h solved, 1h open", [], id="created closed"),
        pytest.param("0h solved, 1h open, 2h solved", [("2h", None)], id="created closed, opened and solved"),
        pytest.param("1h solved, 2h ended, 3h open", [("1h", "3h")], id="restored as open"),
        pytest.param("1h ended, 2h solved", [("2h", None)], id="restored as solved"),
    ],
)
def test_it_is_solved_from_each_solving_to_the_reopening(happened, solved):
    spans = [(MONDAY + after(start), end and MONDAY + after(end)) for start, end in solved]

    assert list(make_history(happened).solved) == spans


def test_a_span_covers_consecutive_states_that_are_all_requested():
    history = make_history("1h paused, 2h solved, 3h open, 4h paused")
    spans = [
        (start - MONDAY, end and end - MONDAY) for start, end in history.spans({WorkState.PAUSED, WorkState.SOLVED})
    ]

    assert spans == [(HOUR, 3 * HOUR), (4 * HOUR, None)]
    assert history.stage is WorkState.PAUSED


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        pytest.param({"at": datetime(2026, 11, 16)}, "has no time zone", id="naive"),  # noqa: DTZ001
        pytest.param(
            {"kind": HistoryEventKind.STAGE}, "a change of stage, and nothing else, has a stage", id="no stage"
        ),
        pytest.param(
            {"stage": WorkState.OPEN}, "a change of stage, and nothing else, has a stage", id="a reply's stage"
        ),
        pytest.param({"level": 1}, "has no severity level", id="a reply's severity"),
    ],
)
def test_an_inconsistent_event_is_refused(facts, message):
    with pytest.raises(ValueError, match=message):
        HistoryEvent(**{"kind": HistoryEventKind.REPLY, "at": MONDAY + timedelta(0)} | facts)
