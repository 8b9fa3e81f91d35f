"""Wake-ups: how many are claimed and fired each second while many more are pending, and the size of a pending one."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import monotonic, process_time, sleep

import redis
from sqlalchemy import Engine, text

from bench import environment, machine
from desk_sync import logs
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn, stop
from desk_sync.adapters.store.engine import open_engine, reading, writing
from desk_sync.adapters.store.tables import tickets
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.store.upgrade import upgrade
from desk_sync.adapters.store.values import chunks
from desk_sync.domain.plan.memory import Memory
from desk_sync.ports.tickets import Lease
from desk_sync.services.drain import Drain
from desk_sync.services.reconcile.reconcile import LookOutcome
from tests.contracts.store.steps import make_look
from tests.support.fake_budget import FakeBudget

PEERS = Path(__file__).with_name("peers")
CLAIMED, RECORDED, ETA, REDBEAT = "desk-sync, claimed", "desk-sync, recorded", "Celery ETA", "celery-redbeat"
PORTAL = "default"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY, LEASE = timedelta(days=1), timedelta(seconds=45)
TIMEOUT = 900.0
THREADS = 25
"""The maximum of a worker's setting: the calls that Desk's largest edition allows at a time."""


@dataclass(frozen=True)
class WakeupLoad:
    """The number of pending wake-ups, and of those among them that are due now."""

    pending: int
    due: int


@dataclass(frozen=True)
class WakeupFigures:
    """Wake-ups fired each second, CPU seconds for each, and bytes of a pending one."""

    each_second: float
    cpu: float
    size: float


def run(full: bool) -> None:
    rounds = 3 if full else 1
    ours = WakeupLoad(1_000_000, 2_000) if full else WakeupLoad(100_000, 2_000)
    theirs = WakeupLoad(20_000, 500) if full else WakeupLoad(10_000, 500)
    logs.configure(level="WARNING")
    print(f"Peers: {environment.versions()}")
    print(
        f"{rounds} rounds. The product: {ours.due:,} of {ours.pending:,} wake-ups are due; the peers: {theirs.due:,} of"
    )
    print(f"{theirs.pending:,}, since 1,000,000 would not fit into this machine's memory\n")
    methods: dict[str, Callable[[], WakeupFigures]] = {
        CLAIMED: partial(_product, ours, _not_recorded),
        RECORDED: partial(_product, ours, _recorded),
        ETA: partial(_celery, "eta", theirs),
        REDBEAT: partial(_celery, "redbeat", theirs),
    }
    found: dict[str, list[WakeupFigures]] = {name: [] for name in methods}
    for number in range(rounds):
        for name in list(methods)[:: 1 if number % 2 == 0 else -1]:
            found[name].append(methods[name]())
    _print_row(found)


def _product(load: WakeupLoad, look: Callable[[SqlTickets], Callable[[Lease], LookOutcome]]) -> WakeupFigures:
    """Return the figures of one drain, on a SQLite file."""
    with tempfile.TemporaryDirectory(prefix="ds-bench-") as folder:
        url = f"sqlite:///{folder}/wakeups.sqlite3"
        upgrade(url)
        engine = open_engine(url)
        empty = _size(engine)
        _fill(engine, load)
        size = (_size(engine) - empty) / load.pending
        queue = SqlTickets(engine, PORTAL)
        drain = Drain(
            tickets=queue,
            look=look(queue),
            budget=FakeBudget(),
            now=lambda: NOW,
            monotonic=monotonic,
            workers=THREADS,
            span=timedelta(hours=1),
        )
        began, used = monotonic(), process_time()
        drain.run()
        seconds, cpu = monotonic() - began, process_time() - used
        engine.dispose()
        return WakeupFigures(load.due / seconds, cpu / load.due, size)


def _fill(engine: Engine, load: WakeupLoad) -> None:
    """Insert tickets of all severities, some due now and the others tomorrow, in random order."""
    is_due = [number < load.due for number in range(load.pending)]
    chance = random.Random(5)  # noqa: S311
    chance.shuffle(is_due)
    for chunk in chunks(enumerate(is_due), 10_000):
        with writing(engine) as connection:
            connection.execute(tickets.insert(), [_row(number, due) for number, due in chunk])


def _row(number: int, due: bool) -> dict[str, object]:
    at = NOW if due else NOW + DAY
    facts = {"portal": PORTAL, "ticket_id": f"{100_000_000_000_000_000 + number}", "urgency": 1 + number % 3}
    return {**facts, "first_seen_at": NOW, "look_at": at, "wake_at": at}


def _recorded(queue: SqlTickets) -> Callable[[Lease], LookOutcome]:
    """Return a look without calls or a decision: it counts its attempt, and records a decision and the next wake-up."""

    def look(lease: Lease) -> LookOutcome:
        queue.begin_look(lease, now=NOW, until=NOW + LEASE)
        queue.finish_look(lease, make_look(memory=Memory(), next_look_at=NOW + DAY))
        return LookOutcome.RECONCILED

    return look


def _not_recorded(_: SqlTickets) -> Callable[[Lease], LookOutcome]:
    return lambda _: LookOutcome.RECONCILED


def _size(engine: Engine) -> int:
    """Return the bytes of the database, including those still in the write-ahead log."""
    pages = text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    with reading(engine) as connection:
        found: int = connection.execute(pages).scalar_one()
        return found


def _celery(method: str, load: WakeupLoad) -> WakeupFigures:
    """Measure from a ready worker, or a started beat, until the last due wake-up has been fired."""
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker.start())
        log = stack.enter_context(tempfile.TemporaryFile())
        commands, variables = environment.peers(), os.environ | {"BENCH_REDIS": broker.url, "PYTHONPATH": str(PEERS)}
        size = subprocess.run(
            [commands / "python", PEERS / "wakeups.py", method, str(load.pending), str(load.due)],
            env=variables, stdout=subprocess.PIPE, check=True,
        ).stdout  # fmt: skip
        celery = [str(commands / "celery"), "-A", "wakeups"]
        children = []
        stack.callback(lambda: stop(children))
        database = redis.Redis.from_url(broker.url)
        worker = [*celery, "worker", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        children.append(spawn(worker, env=variables, cwd=PEERS, stdout=log, stderr=log))
        began = _wait_for(database, "worker")
        if method == "redbeat":
            beat = [*celery, "beat", "-S", "redbeat.RedBeatScheduler", "--pidfile=", "--loglevel", "WARNING"]
            children.append(spawn(beat, env=variables, cwd=PEERS, stdout=log, stderr=log))
            began = _wait_for(database, "beat")
        used = sum(machine.cpu_seconds(child.pid) for child in children)
        end = monotonic() + TIMEOUT
        while int(database.get("fired") or 0) < load.due and monotonic() < end:
            sleep(0.1)
        fired = int(database.get("fired") or 0)
        cpu = sum(machine.cpu_seconds(child.pid) for child in children) - used
        return WakeupFigures(fired / (float(database.get("last") or began) - began), cpu / fired, float(size))


def _wait_for(database: redis.Redis, name: str) -> float:
    """Wait for the process, and return the instant at which it reported its start."""
    end = monotonic() + 60
    while (at := database.get(name)) is None:
        if monotonic() > end:
            sys.exit(f"error: {name} of the peers did not start")
        sleep(0.05)
    return float(at)


def _print_row(found: dict[str, list[WakeupFigures]]) -> None:
    print(f"| | fired each second | {CLAIMED} : this | {RECORDED} : this | CPU ms each | bytes of a pending one |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, rounds in found.items():
        faster = [
            median(own.each_second / each.each_second for own, each in zip(found[ours], rounds, strict=True))
            for ours in (CLAIMED, RECORDED)
        ]
        rate, cpu, size = (median(getattr(each, field) for each in rounds) for field in ("each_second", "cpu", "size"))
        print(
            f"| {name} | {rate:,.0f} | {faster[0]:,.2f} | {faster[1]:,.2f} | {1e3 * cpu:.2f} | {size:,.0f} |",
            flush=True,
        )
    print()
