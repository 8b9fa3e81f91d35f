"""The setup of a trial: the real processes of the demo under load, and the means of a strike."""

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

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.tables import deliveries
from desk_sync.cli.demo_processes import DemoProcesses, demo_processes
from desk_sync.errors import TemporaryError
from desk_sync.wiring.environment import utc_now
from desk_sync.wiring.process import DEFAULT
from tests.faults.disk import SmallDisk, mounted
from tests.faults.load import TrialLoad
from tests.faults.moved_clock import MovedClock, moved_clock_for_children
from tests.support.postgres import Postgres, run_postgres
from tests.support.processes import environment

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
PORTAL = DEFAULT
Span: TypeAlias = tuple[float, float]
GRACE = 11.0  # a sweep leaves out changes of the last ten seconds


@dataclass(slots=True, kw_only=True)
class TrialSetup:
    """The demo's processes under load. `struck` are the spans of the strikes; `calm` are spans to compare them with.

    `killed` counts processes; `postgres` is the server, if any; `disk` that of the database and the logs, if mounting
    is allowed. `latency` is Desk's, in seconds a call; `notes` are additions to the trial's line in the table.
    """

    demo: DemoProcesses
    load: TrialLoad
    random: Random
    broker: EmbeddedBroker
    postgres: Postgres | None
    disk: SmallDisk | None
    clock: MovedClock
    latency: float
    notes: set[str] = field(default_factory=set)
    struck: list[Span] = field(default_factory=list)
    calm: list[Span] = field(default_factory=list)
    killed: int = 0

    def now(self) -> datetime:
        """Return the instant by Desk's clock; the product's shows the same, unless the trial moved its host's."""
        return utc_now() + self.clock.ahead

    def host_now(self) -> datetime:
        """Return the instant by the clock of the product's host, in which its queue is kept."""
        return self.now() + self.clock.host_ahead

    def kill(self, child: Popen[bytes]) -> None:
        """Kill the whole process group by SIGKILL."""
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        self.killed += 1

    def ended(self) -> list[str]:
        """Return the names of processes that have ended; those that a strike killed have been started again."""
        return [name for name, child in self.demo.processes.children.items() if child.poll() is not None]

    def set_faults(self, **faults: object) -> None:
        """Set the faults of Desk on our calls from now on; by default only its latency."""
        self.demo.desk.call("POST", "/_simulator/faults", json={"calls": OUR_CALLS, "latency": self.latency} | faults)

    def start_workers(self, count: int) -> None:
        """Start workers until there are `count`."""
        for number in range(2, count + 1):
            self.demo.start(f"worker-{number}")

    @contextmanager
    def striking(self) -> Iterator[None]:
        """Record the duration of the block as a strike."""
        began = monotonic()
        yield
        self.struck.append((began, monotonic()))

    def rest(self, seconds: float) -> None:
        """Wait without a strike, and record the span as calm."""
        began = monotonic()
        sleep(seconds)
        self.calm.append((began, monotonic()))

    def wait_until_quiet(self, seconds: float) -> None:
        """Wait until nothing is pending. Raises TemporaryError, which lists the pending work, if it takes longer."""
        end = monotonic() + seconds
        while pending := self.pending():
            if monotonic() > end:
                raise TemporaryError(f"after {seconds:.0f} s: {pending}")
            sleep(0.1)

    def pending(self) -> str:
        """Return the work that is still pending, in words; empty if there is none."""
        try:
            idle = self.demo.desk.call("GET", "/_simulator/idle")["idle"]
            events = self.demo.desk_sync.portal(PORTAL).inbox.counts()
            queue = self.demo.desk_sync.portal(PORTAL).metrics.backlog(self.host_now())
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
        """Find the tickets whose delivery was not accepted: Desk does not repeat it."""
        sleep(max(0.0, self.load.ended + GRACE - monotonic()))
        since = (utc_now() - timedelta(hours=1)).isoformat()
        command = [sys.executable, "-m", "desk_sync.cli", "sweep", "--since", since]
        subprocess.run(command, env=self.demo.processes.environment, check=True, capture_output=True)

    def stored(self) -> set[str]:
        """Return the keys of all events in the database, read by the product's own engine."""
        with reading(self.demo.desk_sync.engine) as connection:
            return set(connection.scalars(select(deliveries.c.key)))


OUR_CALLS = [
    "GET /tickets/{id}",
    "PATCH /tickets/{id}",
    "GET /tickets/{id}/comments",
    "POST /tickets/{id}/comments",
]


@contextmanager
def trial_setup(
    folder: Path, *, seed: int, on_postgresql: bool, on_small_disk: bool, concurrency: int, latency: float
) -> Iterator[TrialSetup]:
    """Start all processes; they end with the block."""
    with ExitStack() as stack:
        clock = stack.enter_context(moved_clock_for_children(folder))
        stack.enter_context(environment(DESK_SYNC_CONCURRENCY=str(concurrency)))
        disk = stack.enter_context(mounted(folder / "disk")) if on_small_disk else None
        postgres = stack.enter_context(run_postgres()) if on_postgresql else None
        database = postgres.url(postgres.new_database()) if postgres else None
        demo = stack.enter_context(
            demo_processes(disk.folder if disk else folder, ACCOUNTS, record=False, database=database)
        )
        setup = TrialSetup(
            demo=demo,
            load=TrialLoad(demo),
            random=Random(seed),
            broker=demo.processes.broker,
            postgres=postgres,
            disk=disk,
            clock=clock,
            latency=latency,
            notes={disk.words} if disk else set(),
        )
        stack.callback(lambda: setup.broker.stop())
        setup.set_faults()
        yield setup
