"""The product in figures, and its signs of life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkBacklog:
    """What waits in one portal. Parked tickets and their events stand apart: they wait for a person.

    Tickets: `due` now, `put_off` after a failure, `leased` to a worker. `events` are stored and not processed;
    `stranded` are those of them whose look is due at no time, which only a fault of ours can bring about.
    `notices` are what people outside Desk are to be told and were not yet.
    `oldest_at` is since when the oldest of all this is owed; putting a look off does not change it.
    `step_at` is since when a step of an escalation, or a change of a clock, is due and undone, of parked tickets too.
    One that was parked before its first look came to an end counts from then: its clocks are not known.
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
    """How reliably Desk tells us: `changes` that sweeps met, those of them that no delivery told of, since the first
    sweep; and when a sweep last `alarmed`, because too many were missed.
    """

    changes: int = 0
    missed: int = 0
    alarmed_at: datetime | None = None


class MetricsStore(Protocol):
    """One portal in figures."""

    def backlog(self, now: datetime) -> WorkBacklog: ...

    def verdicts(self) -> Mapping[str, int]:
        """How many open tickets have each verdict."""
        ...

    def deliveries(self) -> DeliveryCounts: ...

    def unheard(self, since: datetime) -> int:
        """Of how many things that people were to be told nobody could be, all channels having refused."""
        ...


class HeartbeatStore(Protocol):
    """The sign of life that a task leaves, so that a worker that is alive and deaf is noticed."""

    def beat(self, *, now: datetime) -> None: ...

    def last(self) -> datetime | None: ...
