"""Cycles: what starts and meets each run of a milestone, by the history alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.commitment.cycles import CycleEvent, acknowledgement, determination, episodes, resolution, updates
from desk_sync.domain.commitment.history import History, HistoryEventKind
from desk_sync.domain.commitment.promise import DeterminationRule, FirstRound, ReopenedRule
from tests.support.clock_scenes import MONDAY, TERMS, after, events, under

RESUME, RESTART, NEW_ROUND = ReopenedRule
HOURS = {MONDAY + after(f"{number}h"): f"{number}h" for number in range(100)}
TWICE_SOLVED = "1h reply, 2h solved, 3h message, 4h open, 5h reply, 6h solved, 7h open"


def make_history(happened: str) -> History:
    return History(created_at=MONDAY, events=events(happened))


def episode(happened: str, reopened: ReopenedRule = RESUME):
    (only,) = episodes(make_history(happened), reopened)
    return only


def spans(cycles) -> list[str]:
    """Return each cycle as start>met, in hours since the creation."""
    return [f"{HOURS[cycle.started_at]}>{HOURS.get(cycle.met_at, '')}" for cycle in cycles]


@pytest.mark.parametrize(
    ("reopened", "parts"),
    [
        pytest.param(RESUME, ["0h>"], id="one part, with the time in between"),
        pytest.param(RESTART, ["7h>"], id="the part since the last reopening"),
        pytest.param(NEW_ROUND, ["0h>4h", "4h>7h", "7h>"], id="a part for each reopening"),
    ],
)
def test_a_reopened_ticket_is_counted_in_parts_by_the_setting(reopened, parts):
    found = episodes(make_history(TWICE_SOLVED), reopened)

    assert [f"{HOURS[each.started_at]}>{HOURS.get(each.ended_at, '')}" for each in found] == parts


@pytest.mark.parametrize(
    ("reopened", "cycles"),
    [
        pytest.param(RESUME, [["0h>2h", "3h>5h"]], id="counted in one: the message starts a cycle"),
        pytest.param(NEW_ROUND, [["0h>2h"], ["4h>6h"], ["7h>"]], id="counted in parts: the message is in none"),
    ],
)
def test_the_message_that_reopens_a_ticket_starts_no_cycle_of_its_own_in_a_new_part(reopened, cycles):
    parts = episodes(make_history(TWICE_SOLVED), reopened)

    assert [spans(determination(part, TERMS)) for part in parts] == cycles


def test_a_reply_at_the_instant_of_a_reopening_belongs_to_the_new_part():
    before, after_it = episodes(make_history("1h solved, 2h reply, 2h open"), NEW_ROUND)

    assert spans([acknowledgement(before), acknowledgement(after_it)]) == ["0h>", "2h>2h"]


@pytest.mark.parametrize(
    ("happened", "terms", "cycles"),
    [
        pytest.param("", {}, ["0h>"], id="open from the creation"),
        pytest.param("1h reply", {}, ["0h>"], id="the first reply only acknowledges"),
        pytest.param("1h reply", {"first_round": FirstRound.FIRST_REPLY}, ["0h>1h"], id="or meets it, by setting"),
        pytest.param("1h reply, 2h reply, 3h reply", {}, ["0h>2h"], id="a reply without a message is none"),
        pytest.param("1h reply, 2h reply, 3h message, 4h message, 5h reply", {}, ["0h>2h", "3h>5h"], id="one open"),
        pytest.param(
            "1h solved, 2h message",
            {"determination": DeterminationRule.ONCE},
            ["0h>1h"],
            id="one deadline only, by setting",
        ),
        pytest.param("1h reply, 2h message, 2h reply", {}, ["0h>2h"], id="a reply at the instant of a message"),
    ],
)
def test_determination_has_one_cycle_for_each_wait(happened, terms, cycles):
    assert spans(determination(episode(happened), under(**terms).terms)) == cycles


@pytest.mark.parametrize(
    ("happened", "met"),
    [
        pytest.param("1h message, 2h reply, 3h reply", ["0h>2h"], id="the first reply"),
        pytest.param("1h message, 2h solved", ["0h>"], id="solving is no reply"),
    ],
)
def test_only_a_reply_acknowledges(happened, met):
    assert spans([acknowledgement(episode(happened))]) == met


@pytest.mark.parametrize(
    ("happened", "met"),
    [
        pytest.param("1h solved", ["0h>1h"], id="solved"),
        pytest.param("1h solved, 2h open", ["0h>"], id="reopened"),
        pytest.param("1h solved, 2h open, 3h solved", ["0h>3h"], id="solved again"),
    ],
)
def test_a_resolution_is_met_by_the_solving_that_lasts(happened, met):
    assert spans([resolution(episode(happened))]) == met


@pytest.mark.parametrize(
    ("happened", "cycles"),
    [
        pytest.param("", ["10h>"], id="from the target of the resolution"),
        pytest.param("9h reply, 11h reply, 12h reply", ["10h>11h", "11h>12h", "12h>"], id="each reply starts the next"),
        pytest.param("11h message", ["10h>"], id="a message is no update"),
        pytest.param("11h reply, 11h solved", ["10h>11h", "11h>11h"], id="a reply that solves"),
        pytest.param("11h solved, 12h reply, 13h open, 14h reply", ["10h>11h", "13h>14h", "14h>"], id="reopened"),
    ],
)
def test_updates_follow_each_other_until_the_ticket_is_solved(happened, cycles):
    assert spans(updates(episode(happened), MONDAY + after("10h"))) == cycles


happenings = st.lists(
    st.builds(
        "{}h {}".format, st.integers(0, 9), st.sampled_from(["message", "reply", "reply", "solved", "open", "paused"])
    ),
    max_size=10,
).map(", ".join)


@given(happenings, st.sampled_from(ReopenedRule), st.sampled_from(FirstRound))
def test_cycles_of_determination_follow_each_other_and_only_the_last_is_open(happened, reopened, first_round):
    terms = under(first_round=first_round).terms
    for part in episodes(make_history(happened), reopened):
        found = list(determination(part, terms))

        assert found[0].started_at == part.started_at
        assert all(one.met_at and one.met_at <= other.started_at for one, other in pairwise(found))
        assert all(part.ended_at is None or (each.met_at or each.started_at) < part.ended_at for each in found)
        assert [len(each.reasons) for each in found] == [2 if each.met_at else 1 for each in found]


@given(happenings)
def test_parts_follow_each_other_and_share_no_reply(happened):
    history = make_history(happened)
    parts = episodes(history, NEW_ROUND)
    replies = [at for part in parts for at, event in part.events if event is CycleEvent.REPLY]

    assert [part.ended_at for part in parts[:-1]] == [part.started_at for part in parts[1:]]
    assert replies == [event.at for event in history.events if event.kind is HistoryEventKind.REPLY]
