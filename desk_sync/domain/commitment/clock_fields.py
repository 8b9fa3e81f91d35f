"""The fields of a ticket that show its clocks: due instants, a state, and the next milestone.

There is no countdown: a field changes only when a state or a due instant does.
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
    """The state of a ticket over all its clocks."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    PAUSED = "paused"
    MET = "met"


def clock_fields(clocks: Iterable[Clock]) -> Iterator[tuple[Field, DesiredValue]]:
    """Yield due instants, state and next milestone. Each is its own basis: a new instant is a new basis."""
    clocks = tuple(clocks)
    latest = {clock.milestone: clock for clock in clocks}
    for milestone, name in _DUE.items():
        clock = latest.get(milestone)
        yield name, _desired(_to_the_minute(clock.due_at) if clock else None)
    yield Field.CLOCK_STATE, _desired(_state(clocks))
    pending = [clock for clock in clocks if clock.open]
    first = min(pending, key=lambda clock: (clock.due_at or datetime.max.replace(tzinfo=UTC), clock.key), default=None)
    yield Field.NEXT_MILESTONE, _desired(first.milestone if first else None)


def _desired(value: str | None) -> DesiredValue:
    return DesiredValue(value, value or "")


def _to_the_minute(instant: datetime | None) -> str | None:
    """Return the text of the instant, cut to the minute: Desk may drop seconds, so none are written."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if instant else None


def _state(clocks: Sequence[Clock]) -> StandingState | None:
    """Return the worst state of the open clocks; if none is open, the outcome of those that ended."""
    pending = [clock for clock in clocks if clock.open]
    if not pending:
        late = any(clock.state is ClockState.BREACHED for clock in clocks)
        return StandingState.BREACHED if late else StandingState.MET if any(clock.met_at for clock in clocks) else None
    if any(clock.state is ClockState.BREACHED for clock in pending):
        return StandingState.BREACHED
    if any(clock.at_risk for clock in pending):
        return StandingState.AT_RISK
    paused = all(clock.state is ClockState.PAUSED for clock in pending)
    return StandingState.PAUSED if paused else StandingState.ON_TRACK
