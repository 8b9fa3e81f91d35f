"""Events worked off: tickets that are due, drained by the product, against one Celery task for each event."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from statistics import median
from subprocess import Popen
from time import perf_counter
from typing import Protocol

from celery import Celery

from bench import machine
from bench.stage import PORTAL, Stage, staged
from desk_sync import wiring
from desk_sync.domain.ticket.event import Event, EventHint

LATENCY = 0.05
IN_FLIGHT = 10
EVENTS_OF_A_TICKET = (1, 4, 16, 64)
TIMEOUT = 600.0
_numbers = count()


def run(full: bool) -> None:
    rounds, tickets = (5, 500) if full else (3, 100)
    print(f"{rounds} rounds of {tickets} tickets; {1000 * LATENCY:.0f} ms a call, {IN_FLIGHT} calls in flight\n")
    print(
        "| events of a ticket | way | events/s | product : this | calls of Desk each | CPU ms each | product : this |"
    )
    print("|--:|---|--:|--:|--:|--:|--:|")
    with staged(LATENCY, workers=IN_FLIGHT, concurrency=IN_FLIGHT) as stage, _ways(stage) as ways:
        for each in EVENTS_OF_A_TICKET:
            _tell(each, _alternate(stage, ways, rounds, tickets, each))


class Way(Protocol):
    """`worker` is the process that does it."""

    worker: Popen[bytes]

    def __call__(self, tickets: list[str], events: int) -> None:
        """Take so many events of each of the tickets in, and return when all of them are done."""
        ...


@dataclass(frozen=True)
class Figure:
    """What one way did in one round: events a second; for each event, calls of Desk and the worker's milliseconds."""

    per_second: float
    calls: float
    cpu: float


@contextmanager
def _ways(stage: Stage) -> Iterator[Mapping[str, Way]]:
    """Both with their worker running and warm."""
    ours = stage.start_ours("worker")
    os.environ |= {f"DESK_SYNC_{name.upper()}": stage.settings[name] for name in ("redis_url", "desk_url")}
    from bench import per_event

    pool = ("--pool", "threads", "--concurrency", str(IN_FLIGHT), "--loglevel", "ERROR")
    usual = stage.start(sys.executable, "-m", "celery", "-A", "bench.per_event", "worker", *pool)
    ways: dict[str, Way] = {
        "desk-sync": _Drain(stage, ours),
        "a Celery task for each event": _PerEvent(stage, usual, per_event.handle.delay),
    }
    for way in ways.values():
        way(_new_tickets(10), 1)
    yield ways


class _Drain:
    def __init__(self, stage: Stage, worker: Popen[bytes]) -> None:
        self.worker = worker
        self._stage = stage
        self._ringer = Celery(broker=stage.settings["redis_url"].replace("unix://", "redis+socket://"))

    def __call__(self, tickets: list[str], events: int) -> None:
        inbox = self._stage.app.inbox(PORTAL)
        inbox.record([_event(ticket) for _ in range(events) for ticket in tickets], now=wiring.now())
        for _ in range(2):  # as the doorbell does while deliveries come, so that both of the worker's children work
            self._ringer.send_task("desk_sync.drain", kwargs={"portal": PORTAL}, queue="desk_sync")
        self._stage.wait_until(lambda: not self._stage.owed, TIMEOUT)


class _PerEvent:
    def __init__(self, stage: Stage, worker: Popen[bytes], delay: Callable[[str], object]) -> None:
        self.worker = worker
        self._stage = stage
        self._delay = delay

    def __call__(self, tickets: list[str], events: int) -> None:
        self._stage.desk("/forget")
        for _ in range(events):
            for ticket in tickets:
                self._delay(ticket)
        self._stage.wait_until(lambda: self._done() >= events * len(tickets), TIMEOUT)

    def _done(self) -> int:
        done: int = self._stage.desk()["calls"].get("PATCH tickets/", 0)
        return done


def _alternate(
    stage: Stage, ways: Mapping[str, Way], rounds: int, tickets: int, events: int
) -> Mapping[str, list[Figure]]:
    found: dict[str, list[Figure]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in ways if number % 2 == 0 else reversed(list(ways)):
            found[name].append(_time(stage, ways[name], tickets, events))
    return found


def _time(stage: Stage, way: Way, tickets: int, events: int) -> Figure:
    stage.desk("/forget")
    total, began, cpu = tickets * events, perf_counter(), machine.cpu_seconds(way.worker.pid)
    way(_new_tickets(tickets), events)
    seconds, cpu = perf_counter() - began, machine.cpu_seconds(way.worker.pid) - cpu
    calls = sum(stage.desk()["calls"].values())
    return Figure(per_second=total / seconds, calls=calls / total, cpu=1000 * cpu / total)


def _tell(events: int, found: Mapping[str, list[Figure]]) -> None:
    ours = next(iter(found.values()))
    for name, figures in found.items():
        pairs = list(zip(ours, figures, strict=True))
        faster = median(product.per_second / peer.per_second for product, peer in pairs)
        cheaper = median(product.cpu / peer.cpu for product, peer in pairs)
        rate, calls, cpu = (median(getattr(each, name) for each in figures) for name in ("per_second", "calls", "cpu"))
        print(
            f"| {events} | {name} | {rate:,.0f} | {faster:.1f} | {calls:.2f} | {cpu:.2f} | {cheaper:.2f} |",
            flush=True,
        )


def _new_tickets(tickets: int) -> list[str]:
    return [str(10**17 + next(_numbers)) for _ in range(tickets)]


def _event(ticket_id: str) -> Event:
    """A person wrote something on the ticket."""
    return Event(
        key=f"{next(_numbers):032}",
        type="Ticket_Update",
        hint=EventHint.STATE,
        ticket_id=ticket_id,
        occurred_at=wiring.now(),
    )
