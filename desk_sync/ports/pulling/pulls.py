"""Pulls of sources of subscription data: their turns, what their runs have read, and their state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from desk_sync.ports.subscriptions import PullProgress, PullTurn, SourcePage, SourceProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class PullState:
    """The state of one source's pulls. `failing_since` is when the first pull after the last good one failed.

    A run has begun at `begun_at` and is not complete. While a process has the turn, `held_by` names it, and the turn
    ends at `turn_until` if it does no more work. `waiting` says why a run is interrupted although nothing failed.
    `problems` are of the last run that ended, the first of them only; `flawed` is their number. `remarks` are what a
    person should know about the last snapshot.
    """

    due_at: datetime | None = None
    pulled_at: datetime | None = None
    failing_since: datetime | None = None
    error: str | None = None
    begun_at: datetime | None = None
    worked_at: datetime | None = None
    held_by: str | None = None
    turn_until: datetime | None = None
    progress: PullProgress | None = None
    waiting: str | None = None
    flawed: int = 0
    problems: tuple[SourceProblem, ...] = ()
    remarks: tuple[str, ...] = ()

    def is_due(self, now: datetime, *, every: timedelta) -> bool:
        """Return True if the source may be pulled.

        A `due_at` more than `every` ahead was recorded before the clock was put back, and is ignored, unless the
        source itself asked for the pause.
        """
        return self.due_at is None or not now < self.due_at <= max(now + every, self.paused_until or now)

    @property
    def paused_until(self) -> datetime | None:
        """The instant before which the source does not want to be called, if that is why a run waits."""
        return self.due_at if self.waiting else None

    def is_under_way(self, now: datetime) -> bool:
        """Return True if a process has the turn at `now`."""
        return self.turn_until is not None and now < self.turn_until


@dataclass(frozen=True, slots=True, kw_only=True)
class PullOutcome:
    """What is recorded of a pull whose snapshot is current."""

    problems: Sequence[SourceProblem] = ()
    remarks: Sequence[str] = ()


class PullStore(Protocol):
    """The turns to pull sources, what the runs have read, and the state of the pulls.

    Whatever is called with a turn raises TurnLost, and records nothing, if another process has taken the turn.
    """

    def acquire(
        self, source: str, *, now: datetime, until: datetime, every: timedelta | None, holder: str = ""
    ) -> PullTurn | None:
        """Return the turn to pull the source until `until`; None if another process has it, or the source is not due.

        `every` is how often the source is pulled; None: due or not. The run that was begun last goes on if it has read
        a page, is not complete, and had some progress within a day; else a new run begins.
        """
        ...

    def hold(self, turn: PullTurn, *, now: datetime, until: datetime, progress: PullProgress) -> None:
        """Extend the turn to `until`."""
        ...

    def pages(self, turn: PullTurn) -> Iterator[SourcePage]:
        """Yield the pages of the run, in their order. If they do not begin at the first page or have a gap: none."""
        ...

    def keep(self, turn: PullTurn, page: SourcePage, *, now: datetime) -> None:
        """Add a page to the run."""
        ...

    def succeeded(self, turn: PullTurn, outcome: PullOutcome, *, now: datetime, due_at: datetime) -> None:
        """End the run and the turn of a pull whose snapshot is current; the next pull is due at `due_at`."""
        ...

    def failed(
        self,
        turn: PullTurn,
        error: str,
        *,
        now: datetime,
        due_at: datetime,
        goes_on: bool,
        problems: Sequence[SourceProblem] = (),
    ) -> PullState:
        """End the turn of a pull that changed nothing; return the source's state. The next pull is due at `due_at`.

        The run ends too, unless it `goes_on`.
        """
        ...

    def postponed(self, turn: PullTurn, reason: str, *, now: datetime, due_at: datetime) -> PullState:
        """End the turn, not the run, of a pull that has to wait until `due_at`; return the source's state."""
        ...

    def states(self) -> Mapping[str, PullState]:
        """Return the state of every source that was ever pulled, by its name."""
        ...
