"""Subscription data: import, look-up, marking of the tickets concerned, and ingest during an import."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sqlalchemy import make_url

from bench import ingest, load
from bench.servers import PRODUCT, BenchServer, ServerSetup
from bench.subscription_jobs import LOOKS, SUBSCRIPTIONS_OF_AN_ACCOUNT, write_export
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn, stop
from desk_sync.adapters.store.upgrade import upgrade
from tests.support.key_host import KeyHost
from tests.support.postgres import run_postgres

RATE = 200  # deliveries a second


@dataclass(frozen=True)
class JobFigures:
    """The figures of one process."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class ComparedJobs:
    """A job of the product and the same job of the plain way; `unit` is what is counted."""

    title: str
    product: str
    plain: str
    unit: str


IMPORT = ComparedJobs("import", "product_import", "plain_import", "row")
LOOK_UP = ComparedJobs("look-up by address, one at a time", "product_look_up", "plain_look_up", "look-up")
MARKING = ComparedJobs("marking the open tickets of changed accounts", "product_marking", "plain_marking", "account")


def run(full: bool) -> None:
    rows, rounds = (1_000_000, 1) if full else (20_000, 3)
    print(f"{rows:,} rows, {rows // SUBSCRIPTIONS_OF_AN_ACCOUNT:,} accounts, of which all change before the marking")
    print(f"{rounds} round{'s' * (rounds > 1)}, product and plain way in turn\n", flush=True)
    with _server_setup() as setup:
        export, changed, short = (setup.folder / f"{name}.csv" for name in ("export", "changed", "short"))
        write_export(export, rows)
        write_export(changed, rows, more=1)
        write_export(short, rows // 10 if full else rows)
        _compare(setup, "SQLite", (export, changed), rows, rounds)
        _print_waits(setup, short, seconds=60.0 if full else 8.0)
        _compare(setup, "PostgreSQL", (export, changed), rows, rounds)


@contextmanager
def _server_setup() -> Iterator[ServerSetup]:
    with (
        tempfile.TemporaryDirectory(prefix="ds-bench-") as folder,
        run_postgres(durable=True) as postgres,
        EmbeddedBroker.start() as broker,
        closing(KeyHost()) as keys,
    ):
        yield ServerSetup(Path(folder), postgres, broker.url, keys)


def _compare(setup: ServerSetup, backend: str, exports: tuple[Path, Path], rows: int, rounds: int) -> None:
    print(f"### {backend}\n")
    print("| what | product s | plain s | plain : product | product peak MB | plain peak MB | product µs each |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    export, changed = exports
    units = {IMPORT: rows, LOOK_UP: LOOKS, MARKING: rows // SUBSCRIPTIONS_OF_AN_ACCOUNT}
    found: dict[ComparedJobs, list[tuple[JobFigures, JobFigures]]] = {case: [] for case in units}
    for number in range(rounds):
        databases = [_database(setup, backend, f"{number}{side}") for side in "ab"]
        order = 1 if number % 2 == 0 else -1
        found[IMPORT].append(_pair(IMPORT, databases, export, order))
        found[LOOK_UP].append(_pair(LOOK_UP, databases, export, order))
        _job("stage", databases[0], changed)
        both = [databases[0], _copy(setup, databases[0], f"{number}c")]
        found[MARKING].append(_pair(MARKING, both, changed, order))
    for case in units:
        _print_row(case, found[case], units[case])
    print(flush=True)


def _pair(case: ComparedJobs, databases: list[str], file: Path, order: int) -> tuple[JobFigures, JobFigures]:
    jobs = [(case.product, databases[0]), (case.plain, databases[1])]
    found = {job: _job(job, database, file) for job, database in jobs[::order]}
    return found[case.product], found[case.plain]


def _print_row(case: ComparedJobs, found: list[tuple[JobFigures, JobFigures]], units: int) -> None:
    product, plain = ([each[side] for each in found] for side in (0, 1))
    ours, theirs = (median(job.seconds for job in jobs) for jobs in (product, plain))
    ratio = median(other.seconds / own.seconds for own, other in found)
    memory = [f"{median(job.peak_mb for job in jobs):,.0f}" for jobs in (product, plain)]
    each = f"{1e6 * ours / units:.1f} a {case.unit}"
    print(
        f"| {case.title} | {ours:.2f} | {theirs:.2f} | {ratio:.2f} | {memory[0]} | {memory[1]} | {each} |", flush=True
    )


def _print_waits(setup: ServerSetup, export: Path, seconds: float) -> None:
    """Measure ingest during an import that is short enough to be repeated several times meanwhile."""
    print(f"### Ingest at {RATE} deliveries/s on SQLite while an import runs\n")
    print("| meanwhile | p50 ms | p99 ms | longest ms | refused or lost |")
    print("|---|--:|--:|--:|--:|")
    for name, job in (
        ("nothing", None),
        ("the product's import", "product_import"),
        ("the plain import", "plain_import"),
    ):
        with setup.serve(PRODUCT, "SQLite") as server, _meanwhile(job, server, export):
            load.offer(server.port, ingest.make_deliveries(), rate=RATE, connections=100, seconds=ingest.WARM_UP)
            result = load.offer(server.port, ingest.make_deliveries(), rate=RATE, connections=100, seconds=seconds)
        missed = result.statuses.total() - result.accepted
        waits = " | ".join(f"{1000 * result.wait(share):.1f}" for share in (0.5, 0.99, 1.0))
        print(f"| {name} | {waits} | {missed} |", flush=True)
    print()


@contextmanager
def _meanwhile(job: str | None, server: BenchServer, export: Path) -> Iterator[None]:
    """Repeat the job on the server's database during the block."""
    if job is None:
        yield
        return
    command = f"while true; do {sys.executable} -m bench.subscription_jobs {job} {server.database} {export}; done"
    process = spawn(["/bin/sh", "-c", command], env=dict(os.environ), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            stop([process])


def _copy(setup: ServerSetup, database: str, name: str) -> str:
    """Return the URL of a copy of the database."""
    if database.startswith("sqlite"):
        path = setup.folder / f"s{name}.sqlite3"
        with (
            closing(sqlite3.connect(make_url(database).database or "")) as one,
            closing(sqlite3.connect(path)) as other,
        ):
            one.backup(other)
        return f"sqlite:///{path}"
    return setup.postgres.url(setup.postgres.new_database(like=make_url(database).database))


def _database(setup: ServerSetup, backend: str, name: str) -> str:
    if backend == "PostgreSQL":
        url = setup.postgres.url(setup.postgres.new_database())
    else:
        url = f"sqlite:///{setup.folder / f's{name}.sqlite3'}"
    upgrade(url)
    return url


def _job(job: str, database: str, file: Path) -> JobFigures:
    command = [sys.executable, "-m", "bench.subscription_jobs", job, database, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{job}: {done.stderr[-2000:]}")
    result = JobFigures(**json.loads(done.stdout.splitlines()[-1]))
    print(f"{job}: {result.seconds:.1f} s, {result.peak_mb:,.0f} MB", file=sys.stderr, flush=True)
    return result
