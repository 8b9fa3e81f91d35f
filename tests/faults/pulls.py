"""Many trials of pulls that are struck: two workers and a pull by hand at a time, on one database each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory

from desk_sync.adapters.store.upgrade import upgrade
from tests.faults.pull_processes import CUSTOMERS, LICENCES, sizes_that_became_current, trial
from tests.support.forked import SERVER
from tests.support.postgres import run_postgres
from tests.support.zoho_host import serving

NAME = "pulls"
SERVER.set_forkserver_preload(["tests.support.forked", "tests.faults.pull_processes"])
WHOLE = {f"{number:03}": LICENCES for number in range(CUSTOMERS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PullTrial:
    """How often three processes pull a source beside each other, and on which database."""

    times: int = 200
    on_postgresql: bool = False

    @property
    def database(self) -> str:
        return "PostgreSQL" if self.on_postgresql else "SQLite"

    def scaled(self, share: float) -> PullTrial:
        return replace(self, times=max(1, round(self.times * share)))


FULL = (PullTrial(), PullTrial(on_postgresql=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class StruckPulls:
    """The outcome: processes killed and suspended, calls that failed, snapshots that became current.

    `partial` are sizes of snapshots that were not whole, and the seeds after which the data were wrong; `mixed` are the
    seeds in which pages of two runs were kept together.
    """

    trial: PullTrial
    killed: int
    suspended: int
    failed: int
    snapshots: int
    partial: Sequence[str]
    mixed: Sequence[int]

    def failures(self) -> Sequence[str]:
        """Return the violations, in words."""
        found = {
            f"not whole: {', '.join(self.partial)}": bool(self.partial),
            f"pages of two runs, with the seeds {', '.join(map(str, self.mixed))}": bool(self.mixed),
            f"{self.snapshots} snapshots after {self.trial.times} trials": self.snapshots < self.trial.times,
            "no process was struck": not self.killed + self.suspended,
        }
        return [f"{self.trial.database}: {what}" for what, wrong in found.items() if wrong]


def run_all(trials: Sequence[PullTrial]) -> Iterator[tuple[PullTrial, Future[StruckPulls]]]:
    """Run the trials at the same time; yield each with its outcome."""
    with ExitStack() as stack, ThreadPoolExecutor(len(trials)) as pool:
        # PostgreSQL dies with the thread that started it, so this thread does.
        postgres = stack.enter_context(run_postgres())
        started = []
        for each in trials:
            folder = stack.enter_context(TemporaryDirectory(prefix="ds-"))
            url = postgres.url(postgres.new_database()) if each.on_postgresql else f"sqlite:///{folder}/store.sqlite3"
            upgrade(url)  # not in the threads: Alembic has one environment for a process
            started.append(pool.submit(run, each, url))
        yield from zip(trials, started, strict=True)


def run(plan: PullTrial, url: str) -> StruckPulls:
    """Run the trials one after the other in a database without data; every process has ended when it returns."""
    strikes: list[str] = []
    failed, partial, mixed = 0, [], []
    with serving() as host:
        for seed in range(plan.times):
            outcome = trial(url, host, seed)
            strikes += outcome.strikes
            failed += outcome.failed
            partial += [f"seed {seed}"] if outcome.found != WHOLE else []
            mixed += [seed] if outcome.runs else []
    sizes = sizes_that_became_current(url)
    whole = (CUSTOMERS, CUSTOMERS * LICENCES)
    return StruckPulls(
        trial=plan,
        killed=strikes.count("kill"),
        suspended=strikes.count("stop"),
        failed=failed,
        snapshots=len(sizes),
        partial=[*partial, *(str(each) for each in sizes if each != whole)],
        mixed=mixed,
    )
