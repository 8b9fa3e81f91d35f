"""Ladders and raised levels for tests: one about an acknowledgement that broke on Monday 23 November 2026 at 9:00Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from desk_sync.domain.commitment.promise import WALL_CLOCK
from desk_sync.domain.escalation.ladder import Ladder, LadderCause, LadderRung, LadderSignal, RaisedLevel, SignalEffect
from desk_sync.domain.reason import Reason

HOUR = timedelta(hours=1)
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
RUNGS = (LadderRung(1), LadderRung(2, 2 * HOUR), LadderRung(3, 4 * HOUR), LadderRung(4, 8 * HOUR))
STOPS = {
    LadderSignal.REPLY: SignalEffect.STOP,
    LadderSignal.CLOSING: SignalEffect.STOP,
    LadderSignal.TAKE_OVER: SignalEffect.STOP,
}


def ladder(**facts: Any) -> Ladder:
    return Ladder(
        **{
            "key": "acknowledgement:1",
            "because": LadderCause.ACKNOWLEDGEMENT,
            "reason": Reason("R33", "late"),
            "started_at": START,
            "rungs": RUNGS,
            "chain": (("desk",), ("lead",), ("manager",), ("pam",)),
            "calendar": WALL_CLOCK,
            "answers": STOPS | {LadderSignal.HOLDING: SignalEffect.PAUSE},
        }
        | facts
    )


def raised(level: int, at: datetime, ladder: str = "acknowledgement:1") -> RaisedLevel:
    return RaisedLevel(ladder=ladder, because=LadderCause.ACKNOWLEDGEMENT, level=level, at=at)
