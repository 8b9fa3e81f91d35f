"""Look at every ticket that is due: worst first, on a bounded pool, until nothing is due or it is time to let go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog

from desk_sync.ports.now import Now
from desk_sync.ports.portal import CallBudget
from desk_sync.ports.tickets import Lease, TicketStore
from desk_sync.services.reconcile.reconcile import LookOutcome

log = structlog.get_logger()


def look_threads(workers: int) -> Executor:
    """As many threads as there are workers."""
    return ThreadPoolExecutor(workers, thread_name_prefix="look")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Claims batches and works them, as far as the portal's budget admits.

    `workers` is also how many calls to Desk this process may have in flight.
    """

    tickets: TicketStore
    look: Callable[[Lease], LookOutcome]
    budget: CallBudget
    now: Now
    workers: int = 4
    pool: Callable[[int], Executor] = look_threads
    lease: timedelta = timedelta(seconds=45)
    span: timedelta = timedelta(seconds=30)

    def run(self) -> bool:
        """Work until nothing is due; True if there is more, so that the caller rings again.

        It lets go after `span`, so that other tasks have their turn, and a worker can be stopped, while work comes in.
        """
        ended: Counter[LookOutcome] = Counter()
        under_way: set[Future[LookOutcome]] = set()
        full = self.workers * 4
        end = monotonic() + self.span.total_seconds()
        with self.pool(self.workers) as pool:
            while (batch := self._begin_a_batch(pool, full)) and monotonic() < end:
                # Behind a full batch the next one is claimed when a worker is free: nobody waits for the slowest.
                under_way |= batch
                while len(under_way) >= (self.workers if len(batch) == full else 1):
                    done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    ended.update(look.result() for look in done)
            ended.update(look.result() for look in under_way | batch)
        if ended:
            log.info("tickets.drained", **{str(outcome): count for outcome, count in ended.items()})
        return bool(batch)

    def _begin_a_batch(self, pool: Executor, most: int) -> set[Future[LookOutcome]]:
        """The looks at what is due and may be looked at now."""
        limit = self.budget.admit(most)
        if not limit:
            return set()
        now = self.now()
        leases = self.tickets.claim(now=now, until=now + self.lease, limit=limit)
        return {pool.submit(self.look, lease) for lease in leases}
