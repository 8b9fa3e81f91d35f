"""Bring in everything that a source has, when it is due: as one snapshot, or not at all.

A source that is down, slow, half answered or shrunk leaves its last good snapshot as it is; an alarm says so.
What a pull had read when it died, or when its source went down, the next one does not read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from desk_sync.domain.account.subscription import Account
from desk_sync.errors import DeskSyncError, TemporaryError, where
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import AccountSource, CheckpointStore, PullStore, ReplacedSnapshot
from desk_sync.services.import_accounts import MAX_SHRINK, ImportAccounts

log = structlog.get_logger()

_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRhythm:
    """How often a source is pulled, how soon again after a failure, and how long one pull may take.

    `turn` is how long a pull that died keeps others away; one that goes on renews it.
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

    def run_if_due(self) -> ReplacedSnapshot | None:
        """Pull the source if it is due; None if it is not, another process is at it, or it was refused."""
        now = self.now()
        if not self.pulls.acquire(self.name, now=now, until=now + self.rhythm.turn, every=self.rhythm.every):
            return None
        try:
            return self.run()
        except DeskSyncError:
            return None

    def run(self) -> ReplacedSnapshot:
        """Pull the source now. Raises what was wrong with it, when that is written down."""
        try:
            pulled = self.source.pull(self.checkpoints)
            accounts = self._watched(pulled.accounts)
            replaced = self.importing.run(accounts, source=self.name, as_of=pulled.as_of, max_shrink=self.max_shrink)
        except TemporaryError as error:  # the next pull goes on from here
            self._refused(str(error))
            raise
        except DeskSyncError as error:
            self.checkpoints.clear()
            self._refused(str(error))
            raise
        except Exception as error:
            self.checkpoints.clear()
            self._refused(f"{type(error).__name__} in {where(error)}")  # its message may quote a customer
            raise
        self.checkpoints.clear()
        now = self.now()
        self.pulls.succeeded(self.name, now=now, due_at=now + self.rhythm.every)
        return replaced

    def _watched(self, accounts: Iterable[Account]) -> Iterator[Account]:
        """The accounts, while the turn is renewed and the pull's patience lasts. Raises TemporaryError."""
        begun = held = self.now()
        for account in accounts:
            now = self.now()
            if now > begun + self.rhythm.timeout:
                raise TemporaryError(f"not all was said within {self.rhythm.timeout}")
            if now > held + self.rhythm.turn / 3:
                self.pulls.hold(self.name, until=now + self.rhythm.turn)
                held = now
            yield account

    def _refused(self, error: str) -> None:
        now = self.now()
        due_at = self.rhythm.due_after_failure(now)
        state = self.pulls.failed(self.name, error[:_LONGEST_ERROR], now=now, due_at=due_at)
        log.error("source.refused", source=self.name, error=state.error, since=state.failing_since, due_at=due_at)
