"""Where a trial takes place: the stage of real processes, and what a strike needs besides."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from subprocess import Popen
from time import monotonic, sleep
from typing import TypeAlias

import requests
from sqlalchemy import select

from desk_sync import wiring
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.tables import deliveries
from desk_sync.cli.stage import DemoProcesses, stage
from desk_sync.errors import TemporaryError
from tests.faults.disk import Disk, mounted
from tests.faults.load import Load
from tests.faults.moved_clock import Clock, clock_for_children
from tests.support.postgres import Postgres, run_postgres
from tests.support.processes import environment

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
PORTAL = wiring.DEFAULT
Span: TypeAlias = tuple[float, float]
GRACE = 11.0  # a sweep leaves alone what was modified within the last ten seconds


@dataclass(slots=True, kw_only=True)
class Scene:
    """The stage, under load. `hurt` are the spans in which a strike lasted; `calm` are those to compare them with.

    `killed` counts processes; `postgres` is the server, if any; `disk` that of the database and the logs, if we may
    mount one. `latency` are the seconds that Desk takes for a call; `notes` say what the table has to.
    """

    on: DemoProcesses
    load: Load
    random: Random
    broker: EmbeddedBroker
    postgres: Postgres | None
    disk: Disk | None
    clock: Clock
    latency: float
    notes: set[str] = field(default_factory=set)
    hurt: list[Span] = field(default_factory=list)
    calm: list[Span] = field(default_factory=list)
    killed: int = 0

    def now(self) -> datetime:
        """The instant by the clock of the scene's processes."""
        return wiring.now() + self.clock.ahead

    def kill(self, child: Popen[bytes]) -> None:
        """As kill -9 on the whole process group."""
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        self.killed += 1

    def misbehave(self, **faults: object) -> None:
        """Have Desk meet our calls so, from now on; by default it only takes its time."""
        self.on.desk.call("POST", "/_simulator/faults", json={"calls": OURS, "latency": self.latency} | faults)

    def start_workers(self, count: int) -> None:
        """So that there are `count` of them."""
        for number in range(2, count + 1):
            self.on.start(f"worker-{number}")

    @contextmanager
    def hurting(self) -> Iterator[None]:
        """The time that a strike lasts."""
        began = monotonic()
        yield
        self.hurt.append((began, monotonic()))

    def rest(self, seconds: float) -> None:
        """Do no harm for so long."""
        began = monotonic()
        sleep(seconds)
        self.calm.append((began, monotonic()))

    def wait_until_quiet(self, seconds: float) -> None:
        """Until nothing is owed. Raises TemporaryError, which says what is, if it takes longer."""
        end = monotonic() + seconds
        while owed := self.owed():
            if monotonic() > end:
                raise TemporaryError(f"after {seconds:.0f} s: {owed}")
            sleep(0.1)

    def owed(self) -> str:
        """What is still to be done, in words."""
        try:
            idle = self.on.desk.call("GET", "/_simulator/idle")["idle"]
            events = self.on.desk_sync.inbox(PORTAL).counts()
            queue = self.on.desk_sync.figures(PORTAL).backlog(self.now())
        except (TemporaryError, requests.RequestException) as error:
            return str(error)
        waiting = {
            "deliveries of Desk": not idle,
            "events": events.stored - events.processed,
            "due": queue.due,
            "leased": queue.leased,
            "parked": queue.parked,
        }
        return ", ".join(f"{count} {what}" for what, count in waiting.items() if count)

    def sweep(self) -> None:
        """Find the tickets that Desk told us of while nobody listened: it does not tell twice."""
        sleep(max(0.0, self.load.ended + GRACE - monotonic()))
        since = (wiring.now() - timedelta(hours=1)).isoformat()
        command = [sys.executable, "-m", "desk_sync.cli", "sweep", "--since", since]
        subprocess.run(command, env=self.on.environment, check=True, capture_output=True)

    def stored(self) -> set[str]:
        """The keys of all events in the database, by the product's own engine."""
        with reading(self.on.desk_sync.engine) as connection:
            return set(connection.scalars(select(deliveries.c.key)))


OURS = [
    "GET /tickets/{id}",
    "PATCH /tickets/{id}",
    "GET /tickets/{id}/comments",
    "POST /tickets/{id}/comments",
]


@contextmanager
def scene(
    folder: Path, *, seed: int, on_postgresql: bool, on_small_disk: bool, concurrency: int, latency: float
) -> Iterator[Scene]:
    """Everything runs; on the way out everything ends."""
    with ExitStack() as stack:
        clock = stack.enter_context(clock_for_children(folder))
        stack.enter_context(environment(DESK_SYNC_CONCURRENCY=str(concurrency)))
        disk = stack.enter_context(mounted(folder / "disk")) if on_small_disk else None
        postgres = stack.enter_context(run_postgres()) if on_postgresql else None
        database = postgres.url(postgres.new_database()) if postgres else None
        on = stack.enter_context(stage(disk.folder if disk else folder, ACCOUNTS, record=False, database=database))
        here = Scene(
            on=on,
            load=Load(on),
            random=Random(seed),
            broker=on.broker,
            postgres=postgres,
            disk=disk,
            clock=clock,
            latency=latency,
            notes={disk.words} if disk else set(),
        )
        stack.callback(lambda: here.broker.stop())
        here.misbehave()
        yield here
