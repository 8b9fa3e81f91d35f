"""The metrics of a portal, and the worker's heartbeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.ports.desk_clock import MeasuredOffset
from desk_sync.ports.held_back import HeldBackField
from desk_sync.ports.retention import Deletion
from desk_sync.ports.sweeps import SweepKind, SweepRound


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkBacklog:
    """The pending work of one portal. Parked tickets and their events are counted apart: they wait for a person.

    Tickets: `due` now, `put_off` after a failure, `leased` to a worker. `events` are stored and not processed;
    `stranded` are those of them for which no look is due, which only a fault of ours can cause.
    `notices` are messages to people outside Desk that are neither sent nor refused.
    `oldest_at` is when the oldest of all this became due; postponing a look does not change it.
    `step_at` is when the oldest undone step of an escalation, or clock change, became due, on parked tickets too.
    A ticket that was parked before its first look ended counts from then: its clocks are not known.
    """

    due: int
    put_off: int
    leased: int
    parked: int
    events: int
    stranded: int
    notices: int = 0
    oldest_at: datetime | None
    step_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCounts:
    """How reliably Desk delivers, since the first sweep: `changes` that sweeps found, `missed` by every delivery.

    `alarmed_at` is when a sweep last raised an alarm because too many were missed.
    """

    changes: int = 0
    missed: int = 0
    alarmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSize:
    """The size of the database in bytes; `free` is the part of it that later rows will fill, where that is known."""

    used: int
    free: int = 0


class MetricsStore(Protocol):
    """The metrics of one portal."""

    @property
    def portal(self) -> str:
        """The portal's name."""
        ...

    def backlog(self, now: datetime) -> WorkBacklog:
        """Return the work that was due at `now`, included, and is not done."""
        ...

    def parked_tickets(self) -> int:
        """Return the number of parked tickets, as in the backlog."""
        ...

    def waiting_notices(self) -> int:
        """Return the number of messages and notices that wait to be sent, as in the backlog."""
        ...

    def oldest_step(self, now: datetime) -> datetime | None:
        """Return since when the oldest step of an escalation or change of a clock is due, as in the backlog."""
        ...

    def desk_clock(self) -> MeasuredOffset | None:
        """Return how far the host's clock is behind Desk's; None before Desk's first answer."""
        ...

    def verdicts(self) -> Mapping[str, int]:
        """Return the number of open tickets by verdict."""
        ...

    def deliveries(self) -> DeliveryCounts:
        """Return how reliably Desk delivers, as found by the sweeps."""
        ...

    def sweeps(self) -> Mapping[SweepKind, SweepRound]:
        """Return the progress of each kind of sweep that was ever begun, all of it in the host's time."""
        ...

    def held_back(self) -> Sequence[HeldBackField]:
        """Return the fields that Desk does not accept, one entry for each field, department and reason."""
        ...

    def held_back_tickets(self) -> Mapping[str, int]:
        """Return the number of tickets on which each field is held back."""
        ...

    def undelivered(self, since: datetime | None = None) -> int:
        """Return the number of messages that were refused for every recipient, last from `since` (included) on.

        Without `since` those whose notice was deleted since then count too.
        """
        ...

    def deletions(self) -> Mapping[Deletion, int]:
        """Return how much retention has deleted since the beginning, by kind."""
        ...

    def retained_at(self) -> datetime | None:
        """Return when retention last came to its end; None if it never did."""
        ...

    def database_size(self) -> DatabaseSize:
        """Return the size of the whole database, which the portals share."""
        ...


class HeartbeatStore(Protocol):
    """The heartbeat that a task records, so that a worker that runs but receives no tasks is noticed."""

    def beat(self, *, now: datetime) -> None:
        """Replace the last heartbeat."""
        ...

    def last(self) -> datetime | None:
        """Return the instant of the last heartbeat; None before the first."""
        ...


class FailureCounts(Protocol):
    """How often each task of the worker ended with an error. The portal "" stands for all of them."""

    def count(self, portal: str, task: str, error: str, *, now: datetime) -> None:
        """Add a failure, and replace the last error of the task."""
        ...

    def totals(self) -> Mapping[tuple[str, str], int]:
        """Return the number of failures by portal and task."""
        ...


class NoFailureCounts:
    """The port `FailureCounts` where failures are only logged."""

    def count(self, portal: str, task: str, error: str, *, now: datetime) -> None:
        """Do nothing."""

    def totals(self) -> Mapping[tuple[str, str], int]:
        return {}


UNCOUNTED = NoFailureCounts()
