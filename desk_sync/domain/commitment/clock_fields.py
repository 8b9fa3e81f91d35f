"""What the fields of a ticket show of its clocks: due instants, a state, and what is owed next.

Nothing is written for a countdown: a field changes when a state or a due instant does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.ticket import Field

_DUE: Mapping[Milestone, Field] = {
    Milestone.ACKNOWLEDGEMENT: Field.ACKNOWLEDGEMENT_DUE,
    Milestone.DETERMINATION: Field.DETERMINATION_DUE,
    Milestone.RESOLUTION: Field.RESOLUTION_DUE,
    Milestone.UPDATE: Field.UPDATE_DUE,
}
CLOCK_FIELDS = frozenset({*_DUE.values(), Field.CLOCK_STATE, Field.NEXT_MILESTONE})


class StandingState(StrEnum):
    """Where a ticket stands, over all its clocks."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    PAUSED = "paused"
    MET = "met"


def clock_fields(clocks: Iterable[Clock]) -> Iterator[tuple[Field, DesiredValue]]:
    """Due instants, state and next milestone. The ground of each is what it says: a new due instant is a new ground."""
    clocks = tuple(clocks)
    latest = {clock.milestone: clock for clock in clocks}
    for milestone, name in _DUE.items():
        clock = latest.get(milestone)
        yield name, _claim(_to_the_minute(clock.due_at) if clock else None)
    yield Field.CLOCK_STATE, _claim(_state(clocks))
    coming = [clock for clock in clocks if clock.open]
    first = min(coming, key=lambda clock: (clock.due_at or datetime.max.replace(tzinfo=UTC), clock.key), default=None)
    yield Field.NEXT_MILESTONE, _claim(first.milestone if first else None)


def _claim(value: str | None) -> DesiredValue:
    return DesiredValue(value, value or "")


def _to_the_minute(instant: datetime | None) -> str | None:
    """As a ticket shows it. Desk may drop seconds, so we never write any."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if instant else None


def _state(clocks: Sequence[Clock]) -> StandingState | None:
    """The worst of what is still owed; what was kept, where nothing is."""
    owed = [clock for clock in clocks if clock.open]
    if not owed:
        late = any(clock.state is ClockState.BREACHED for clock in clocks)
        return StandingState.BREACHED if late else StandingState.MET if any(clock.met_at for clock in clocks) else None
    if any(clock.state is ClockState.BREACHED for clock in owed):
        return StandingState.BREACHED
    if any(clock.at_risk for clock in owed):
        return StandingState.AT_RISK
    return StandingState.PAUSED if all(clock.state is ClockState.PAUSED for clock in owed) else StandingState.ON_TRACK
