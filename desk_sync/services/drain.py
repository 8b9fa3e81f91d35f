"""Look at every due ticket, most urgent first, on a bounded pool, until nothing is due or the time limit is reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.portal import CallBudget
from desk_sync.ports.tickets import Lease, TicketStore
from desk_sync.services.reconcile.reconcile import LookOutcome

log = get_logger()


def look_threads(workers: int) -> Executor:
    """Return a pool of `workers` threads."""
    return ThreadPoolExecutor(workers, thread_name_prefix="look")


def _bring_none(_: int) -> int:
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Claims batches of due tickets and looks at them, within the portal's call budget.

    `workers` also limits the calls to Desk that this process has in flight; `monotonic` is in seconds. `bring_back`
    puts some of the tickets back that a failure of the portal parked, and returns how many.
    """

    tickets: TicketStore
    look: Callable[[Lease], LookOutcome]
    budget: CallBudget
    now: Now
    monotonic: Callable[[], float]
    workers: int = 4
    pool: Callable[[int], Executor] = look_threads
    lease: timedelta = timedelta(seconds=45)
    span: timedelta = timedelta(seconds=30)
    bring_back: Callable[[int], int] = _bring_none

    def run(self) -> bool:
        """Look at tickets until none is due. Return True if more may be due, so that the caller rings again.

        A run ends after `span`, so that other tasks run, and a worker can be stopped, while new work arrives.
        """
        outcomes: Counter[LookOutcome] = Counter()
        pending: set[Future[LookOutcome]] = set()
        full = self.workers * 4
        end = self.monotonic() + self.span.total_seconds()
        with self.pool(self.workers) as pool:
            while (batch := self._start_batch(pool, full)) and self.monotonic() < end:
                # After a full batch, claim the next as soon as a worker is free: the slowest look delays no other.
                pending |= batch
                while len(pending) >= (self.workers if len(batch) == full else 1):
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    outcomes.update(look.result() for look in done)
            outcomes.update(look.result() for look in pending | batch)
        if outcomes:
            log.info("tickets.drained", **{str(outcome): count for outcome, count in outcomes.items()})
        return bool(self._bring_back()) or bool(batch)

    def _bring_back(self) -> int:
        """Bring parked tickets back, a few at a time, unless the portal is paused or ill."""
        well = self.budget.admit(self.workers) == self.workers and not self.budget.is_ill
        return self.bring_back(self.workers) if well else 0

    def _start_batch(self, pool: Executor, limit: int) -> set[Future[LookOutcome]]:
        """Claim at most `limit` due tickets, as far as the budget admits, and return the looks started on them."""
        admitted = self.budget.admit(limit)
        if not admitted:
            return set()
        now = self.now()
        leases = self.tickets.claim(now=now, until=now + self.lease, limit=admitted)
        return {pool.submit(self.look, lease) for lease in leases}
