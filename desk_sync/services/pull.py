"""Pull all accounts of a source when it is due: as one snapshot, or not at all.

A source that is down, slow, incomplete or shrunk keeps its last good snapshot; the failure is logged as an error.
Pages that a pull had read before it died, or before its source went down, are not read again by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_sync.domain.account.subscription import Account
from desk_sync.errors import TemporaryError, describe
from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import AccountSource, CheckpointStore, PullState, PullStore, ReplacedSnapshot
from desk_sync.services.door import ServiceDoor
from desk_sync.services.import_accounts import MAX_SHRINK, ImportAccounts

log = get_logger()

_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRhythm:
    """The times of a source: pulled `every` so often, `again` after a failure, for at most `timeout`.

    `turn` is the lock of a running pull, which renews it; another pull can start when it has run out.
    """

    every: timedelta
    again: timedelta = timedelta(minutes=10)
    turn: timedelta = timedelta(minutes=15)
    timeout: timedelta = timedelta(hours=6)

    def due_after_failure(self, now: datetime) -> datetime:
        return now + min(self.every, self.again)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Pulls one source."""

    name: str
    source: AccountSource
    importing: ImportAccounts
    pulls: PullStore
    checkpoints: CheckpointStore
    now: Now
    rhythm: PullRhythm
    max_shrink: float = MAX_SHRINK
    door: ServiceDoor | None = None

    def run_if_due(self) -> ReplacedSnapshot | None:
        """Pull the source if it is due. Return None if it is not due, is pulled by another process, or was refused.

        An error ends at the door; the source's state says when the next pull is due.
        """
        door = self.door or ServiceDoor(task=f"pull {self.name}", now=self.now)
        return door.run(self._run_if_due)

    def _run_if_due(self) -> ReplacedSnapshot | None:
        now = self.now()
        if not self.pulls.acquire(self.name, now=now, until=now + self.rhythm.turn, every=self.rhythm.every):
            return None
        return self.run()

    def run(self) -> ReplacedSnapshot:
        """Pull the source now. An error is recorded in the source's state, and raised again."""
        try:
            pulled = self.source.pull(self.checkpoints)
            accounts = self._guarded(pulled.accounts)
            replaced = self.importing.run(accounts, source=self.name, as_of=pulled.as_of, max_shrink=self.max_shrink)
        except TemporaryError as error:  # keep the checkpoints: the next pull continues from them
            self._record_failure(str(error))
            raise
        except Exception as error:
            self.checkpoints.clear()
            self._record_failure(describe(error))
            raise
        self.checkpoints.clear()
        now = self.now()
        self.pulls.succeeded(self.name, now=now, due_at=now + self.rhythm.every)
        return replaced

    def _guarded(self, accounts: Iterable[Account]) -> Iterator[Account]:
        """Yield the accounts and renew the turn. Raises TemporaryError when the pull's timeout is over."""
        started_at = renewed_at = self.now()
        for account in accounts:
            now = self.now()
            if now > started_at + self.rhythm.timeout:
                raise TemporaryError(f"the pull was not complete within {self.rhythm.timeout}")
            if now > renewed_at + self.rhythm.turn / 3:
                self.pulls.hold(self.name, until=now + self.rhythm.turn)
                renewed_at = now
            yield account

    def _record_failure(self, error: str) -> None:
        now = self.now()
        due_at = self.rhythm.due_after_failure(now)
        state = self.pulls.failed(self.name, error[:_LONGEST_ERROR], now=now, due_at=due_at)
        log.error("source.refused", source=self.name, error=state.error, since=state.failing_since, due_at=due_at)


def due_sources(states: Mapping[str, PullState], every: Mapping[str, timedelta], now: datetime) -> Sequence[str]:
    """Return the sources whose pull is due at `now`; `every` is how often each source is pulled."""
    return [name for name, period in every.items() if states.get(name, PullState()).is_due(now, every=period)]
