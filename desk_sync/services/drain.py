"""Look at every ticket that is due: worst first, on a bounded pool, until nothing is due or it is time to let go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog

from desk_sync.ports import Budget, Lease, Now, Tickets
from desk_sync.services.reconcile import Outcome

log = structlog.get_logger()


def look_threads(workers: int) -> Executor:
    """As many threads as there are workers."""
    return ThreadPoolExecutor(workers, thread_name_prefix="look")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Claims batches and works them, as far as the portal's budget admits.

    `workers` is also how many calls to Desk this process may have in flight.
    """

    tickets: Tickets
    look: Callable[[Lease], Outcome]
    budget: Budget
    now: Now
    workers: int = 4
    pool: Callable[[int], Executor] = look_threads
    lease: timedelta = timedelta(seconds=45)
    span: timedelta = timedelta(seconds=30)

    def run(self) -> bool:
        """Work until nothing is due; True if there is more, so that the caller rings again.

        It lets go after `span`, so that other tasks have their turn, and a worker can be stopped, while work comes in.
        """
        looks: list[Future[Outcome]] = []
        end = monotonic() + self.span.total_seconds()
        with self.pool(self.workers) as pool:
            while (more := self._begin_a_batch(pool, looks)) and monotonic() < end:
                pass
        if ended := Counter(look.result() for look in looks):
            log.info("tickets.drained", **{str(outcome): count for outcome, count in ended.items()})
        return more

    def _begin_a_batch(self, pool: Executor, looks: list[Future[Outcome]]) -> bool:
        """Whether anything was due that may be looked at now; returns when the next batch may be claimed.

        Behind a full batch that is when a worker is free: nobody waits for the slowest. Any other is waited for.
        """
        full = self.workers * 4
        limit = self.budget.admit(full)
        if not limit:
            return False
        now = self.now()
        leases = self.tickets.claim(now=now, until=now + self.lease, limit=limit)
        looks += [pool.submit(self.look, lease) for lease in leases]
        under_way = {look for look in looks if not look.done()}
        while len(under_way) >= (self.workers if len(leases) == full else 1):
            _, under_way = wait(under_way, return_when=FIRST_COMPLETED)
        return bool(leases)
