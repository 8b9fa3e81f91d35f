"""Throughput of events: due tickets, drained by the product, against one Celery task for each event."""

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
from bench.processes import PORTAL, BenchProcesses, bench_processes
from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.wiring.environment import utc_now

LATENCY = 0.05
IN_FLIGHT = 10
EVENTS_OF_A_TICKET = (1, 4, 16, 64)
TIMEOUT = 600.0
_numbers = count()


def run(full: bool) -> None:
    rounds, tickets = (5, 500) if full else (3, 100)
    print(f"{rounds} rounds of {tickets} tickets; {1000 * LATENCY:.0f} ms a call, {IN_FLIGHT} calls in flight\n")
    print(
        "| events of a ticket | method | events/s | product : this | Desk's calls each | CPU ms each | product : this |"
    )
    print("|--:|---|--:|--:|--:|--:|--:|")
    limits = {"workers": IN_FLIGHT, "concurrency": IN_FLIGHT}
    with bench_processes(LATENCY, **limits) as processes, _methods(processes) as methods:
        for each in EVENTS_OF_A_TICKET:
            _print_row(each, _alternate(processes, methods, rounds, tickets, each))


class WorkMethod(Protocol):
    """A way to process events; `worker` is its process."""

    worker: Popen[bytes]

    def __call__(self, tickets: list[str], events: int) -> None:
        """Take in `events` events of each ticket, and return when all of them are processed."""
        ...


@dataclass(frozen=True)
class DrainFigure:
    """The figures of one method in one round: events a second; calls of Desk and CPU milliseconds for each event."""

    per_second: float
    calls: float
    cpu: float


@contextmanager
def _methods(processes: BenchProcesses) -> Iterator[Mapping[str, WorkMethod]]:
    """Yield both methods, with their workers running and warm."""
    ours = processes.start_product("worker")
    os.environ |= {f"DESK_SYNC_{name.upper()}": processes.settings[name] for name in ("redis_url", "desk_url")}
    from bench import per_event

    pool = ("--pool", "threads", "--concurrency", str(IN_FLIGHT), "--loglevel", "ERROR")
    usual = processes.start(sys.executable, "-m", "celery", "-A", "bench.per_event", "worker", *pool)
    methods: dict[str, WorkMethod] = {
        "desk-sync": _Drain(processes, ours),
        "a Celery task for each event": _PerEvent(processes, usual, per_event.handle.delay),
    }
    for method in methods.values():
        method(_new_tickets(10), 1)
    yield methods


class _Drain:
    def __init__(self, processes: BenchProcesses, worker: Popen[bytes]) -> None:
        self.worker = worker
        self._processes = processes
        self._ringer = Celery(broker=processes.settings["redis_url"].replace("unix://", "redis+socket://"))

    def __call__(self, tickets: list[str], events: int) -> None:
        inbox = self._processes.app.portal(PORTAL).inbox
        inbox.record([_event(ticket) for _ in range(events) for ticket in tickets], now=utc_now())
        for _ in range(2):  # as the doorbell does while deliveries come, so that both of the worker's children work
            self._ringer.send_task("desk_sync.drain", kwargs={"portal": PORTAL}, queue="desk_sync")
        self._processes.wait_until(lambda: not self._processes.pending, TIMEOUT)


class _PerEvent:
    def __init__(self, processes: BenchProcesses, worker: Popen[bytes], delay: Callable[[str], object]) -> None:
        self.worker = worker
        self._processes = processes
        self._delay = delay

    def __call__(self, tickets: list[str], events: int) -> None:
        self._processes.desk("/forget")
        for _ in range(events):
            for ticket in tickets:
                self._delay(ticket)
        self._processes.wait_until(lambda: self._done() >= events * len(tickets), TIMEOUT)

    def _done(self) -> int:
        done: int = self._processes.desk()["calls"].get("PATCH tickets/", 0)
        return done


def _alternate(
    processes: BenchProcesses, methods: Mapping[str, WorkMethod], rounds: int, tickets: int, events: int
) -> Mapping[str, list[DrainFigure]]:
    found: dict[str, list[DrainFigure]] = {name: [] for name in methods}
    for number in range(rounds):
        for name in methods if number % 2 == 0 else reversed(list(methods)):
            found[name].append(_time(processes, methods[name], tickets, events))
    return found


def _time(processes: BenchProcesses, method: WorkMethod, tickets: int, events: int) -> DrainFigure:
    processes.desk("/forget")
    total, began, cpu = tickets * events, perf_counter(), machine.cpu_seconds(method.worker.pid)
    method(_new_tickets(tickets), events)
    seconds, cpu = perf_counter() - began, machine.cpu_seconds(method.worker.pid) - cpu
    calls = sum(processes.desk()["calls"].values())
    return DrainFigure(per_second=total / seconds, calls=calls / total, cpu=1000 * cpu / total)


def _print_row(events: int, found: Mapping[str, list[DrainFigure]]) -> None:
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
    """Return the event of a person's change to the ticket."""
    return Event(
        key=f"{next(_numbers):032}",
        type="Ticket_Update",
        hint=EventHint.STATE,
        ticket_id=ticket_id,
        occurred_at=utc_now(),
    )
