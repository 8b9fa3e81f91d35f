"""What the fields of a ticket show of its clocks: due instants, a state, and what is owed next.

Nothing is written for a countdown: a field changes when a state or a due instant does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from desk_sync.domain.commitment.clock import Clock, State
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.ticket.desired import Claim
from desk_sync.domain.ticket.ticket import Field

_DUE: Mapping[Milestone, Field] = {
    Milestone.ACKNOWLEDGEMENT: Field.ACKNOWLEDGEMENT_DUE,
    Milestone.DETERMINATION: Field.DETERMINATION_DUE,
    Milestone.RESOLUTION: Field.RESOLUTION_DUE,
    Milestone.UPDATE: Field.UPDATE_DUE,
}
CLOCK_FIELDS = frozenset({*_DUE.values(), Field.CLOCK_STATE, Field.NEXT_MILESTONE})


class Standing(StrEnum):
    """Where a ticket stands, over all its clocks."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    PAUSED = "paused"
    MET = "met"


def clock_fields(clocks: Iterable[Clock]) -> Iterator[tuple[Field, Claim]]:
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


def _claim(value: str | None) -> Claim:
    return Claim(value, value or "")


def _to_the_minute(instant: datetime | None) -> str | None:
    """As a ticket shows it. Desk may drop seconds, so we never write any."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if instant else None


def _state(clocks: Sequence[Clock]) -> Standing | None:
    """The worst of what is still owed; what was kept, where nothing is."""
    owed = [clock for clock in clocks if clock.open]
    if not owed:
        late = any(clock.state is State.BREACHED for clock in clocks)
        return Standing.BREACHED if late else Standing.MET if any(clock.met_at for clock in clocks) else None
    if any(clock.state is State.BREACHED for clock in owed):
        return Standing.BREACHED
    if any(clock.at_risk for clock in owed):
        return Standing.AT_RISK
    return Standing.PAUSED if all(clock.state is State.PAUSED for clock in owed) else Standing.ON_TRACK
