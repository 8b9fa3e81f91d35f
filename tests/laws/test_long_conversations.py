"""The clocks of a conversation take twice the time for twice the replies, also if each puts the ticket on hold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.read_clocks import ClockBasis, read_clocks
from tests.laws.cost import MOST, growth
from tests.support.clock_scenes import HOUR, MONDAY, PROMISE

ATTEMPTS = 4
ROUND = 6 * HOUR


def conversation(rounds: int, *, held: bool) -> History:
    """Return a history in which the partner writes every six hours, and an agent replies an hour later."""
    events = [HistoryEvent(kind=HistoryEventKind.SEVERITY, at=MONDAY, level=1)]
    for number in range(rounds):
        at = MONDAY + number * ROUND
        events.append(HistoryEvent(kind=HistoryEventKind.MESSAGE, at=at + HOUR, ref=f"m{number}"))
        events.append(HistoryEvent(kind=HistoryEventKind.REPLY, at=at + 2 * HOUR, ref=f"r{number}"))
        if held:
            events.append(HistoryEvent(kind=HistoryEventKind.STAGE, at=at + 2 * HOUR, stage=WorkState.PAUSED))
            events.append(HistoryEvent(kind=HistoryEventKind.STAGE, at=at + 5 * HOUR, stage=WorkState.OPEN))
    return History(created_at=MONDAY, events=tuple(events))


def is_linear(*, held: bool) -> bool:
    about = ClockBasis(large=True, large_since=MONDAY)

    def read(rounds: int) -> object:
        return read_clocks(histories[rounds], PROMISE, about, MONDAY + rounds * ROUND + timedelta(days=1))

    histories = {rounds: conversation(rounds, held=held) for rounds in (100, 200, 400)}
    return growth(read, first=100, last=200) <= MOST


@pytest.mark.parametrize("held", [pytest.param(False, id="open"), pytest.param(True, id="on hold after each reply")])
def test_the_clocks_of_a_conversation_are_read_in_linear_time(held):
    assert any(is_linear(held=held) for _ in range(ATTEMPTS))
