"""Events worked off: tickets that are due, drained by the product, against one Celery task for each event."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from statistics import median
from time import perf_counter

from celery import Celery

from bench.stage import PORTAL, Stage, staged
from desk_sync import wiring
from desk_sync.domain.ticket import Event, Hint

LATENCY = 0.05
IN_FLIGHT = 10
EVENTS_OF_A_TICKET = (1, 4, 16)
PATIENCE = 600.0
_numbers = count()


def run(full: bool) -> None:
    rounds, tickets = (5, 500) if full else (3, 100)
    print(f"{rounds} rounds of {tickets} tickets; {1000 * LATENCY:.0f} ms a call, {IN_FLIGHT} calls in flight\n")
    print("| events of a ticket | way | events/s | calls of Desk for an event | product : this |")
    print("|--:|---|--:|--:|--:|")
    with staged(LATENCY, workers=IN_FLIGHT, concurrency=IN_FLIGHT) as stage, _ways(stage) as ways:
        for each in EVENTS_OF_A_TICKET:
            _tell(each, _alternate(stage, ways, rounds, tickets, each))


Way = Callable[[list[str], int], None]
"""Takes each of the tickets so many events in, and returns when all of them are done."""

Figure = tuple[float, float]
"""Events a second, calls for an event."""


@contextmanager
def _ways(stage: Stage) -> Iterator[Mapping[str, Way]]:
    """Both with their worker running and warm."""
    stage.start_ours("worker")
    os.environ |= {f"DESK_SYNC_{name.upper()}": stage.settings[name] for name in ("redis_url", "desk_url")}
    from bench import per_event

    pool = ("--pool", "threads", "--concurrency", str(IN_FLIGHT), "--loglevel", "ERROR")
    stage.start(sys.executable, "-m", "celery", "-A", "bench.per_event", "worker", *pool)
    ways: dict[str, Way] = {
        "desk-sync": _Drain(stage),
        "a Celery task for each event": _PerEvent(stage, per_event.handle.delay),
    }
    for way in ways.values():
        way(_new_tickets(10), 1)
    yield ways


class _Drain:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._ringer = Celery(broker=stage.settings["redis_url"].replace("unix://", "redis+socket://"))

    def __call__(self, tickets: list[str], events: int) -> None:
        inbox = self._stage.app.inbox(PORTAL)
        inbox.record([_event(ticket) for _ in range(events) for ticket in tickets], now=wiring.now())
        for _ in range(2):  # as the doorbell does while deliveries come, so that both of the worker's children work
            self._ringer.send_task("desk_sync.drain", kwargs={"portal": PORTAL}, queue="desk_sync")
        self._stage.wait_until(lambda: not self._stage.owed, PATIENCE)


class _PerEvent:
    def __init__(self, stage: Stage, delay: Callable[[str], object]) -> None:
        self._stage = stage
        self._delay = delay

    def __call__(self, tickets: list[str], events: int) -> None:
        self._stage.desk("/forget")
        for _ in range(events):
            for ticket in tickets:
                self._delay(ticket)
        self._stage.wait_until(lambda: self._done() == events * len(tickets), PATIENCE)

    def _done(self) -> int:
        done: int = self._stage.desk()["calls"].get("PATCH tickets/", 0)
        return done


def _alternate(
    stage: Stage, ways: Mapping[str, Way], rounds: int, tickets: int, events: int
) -> Mapping[str, list[Figure]]:
    found: dict[str, list[Figure]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in ways if number % 2 == 0 else reversed(list(ways)):
            stage.desk("/forget")
            began = perf_counter()
            ways[name](_new_tickets(tickets), events)
            total, calls = tickets * events, sum(stage.desk()["calls"].values())
            found[name].append((total / (perf_counter() - began), calls / total))
    return found


def _tell(events: int, found: Mapping[str, list[Figure]]) -> None:
    ours = next(iter(found.values()))
    for name, figures in found.items():
        faster = median(product / peer for (product, _), (peer, _) in zip(ours, figures, strict=True))
        rate, calls = (median(each[place] for each in figures) for place in (0, 1))
        print(f"| {events} | {name} | {rate:,.0f} | {calls:.2f} | {faster:.1f} |", flush=True)


def _new_tickets(tickets: int) -> list[str]:
    return [str(10**17 + next(_numbers)) for _ in range(tickets)]


def _event(ticket_id: str) -> Event:
    """A person wrote something on the ticket."""
    return Event(
        key=f"{next(_numbers):032}",
        type="Ticket_Update",
        hint=Hint.STATE,
        ticket_id=ticket_id,
        occurred_at=wiring.now(),
    )
