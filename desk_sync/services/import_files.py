"""Import the files of a person. Files that did not change since their last import are compared, not imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from desk_sync.domain.account.subscription import Account
from desk_sync.logs import get_logger
from desk_sync.ports.subscriptions import FILE, AccountFile, FileReadingStore, RepeatedFile, ReplacedSnapshot
from desk_sync.services.import_accounts import MAX_SHRINK, ImportAccounts

log = get_logger()

MOST_WARNINGS = 1_000
"""Files with more warnings are read again at each import, so that all of them are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFiles:
    """Makes files the current data of the source `FILE`."""

    importing: ImportAccounts
    readings: FileReadingStore

    def repeat(self, digest: str | None, *, dry_run: bool = False) -> RepeatedFile | None:
        """Renew the current data if they were read from the files with this digest, and are still valid.

        Return None if the files have to be read.
        """
        now = self.importing.now()
        repeated = self.readings.find(digest, source=FILE) if digest else None
        if repeated and self.importing.policy.freshness.is_stale(repeated.snapshot, now):
            return None
        if repeated is None or dry_run:
            return repeated
        if not self.readings.renew(repeated.snapshot, now=now):
            return None
        log.info("accounts.confirmed", source=FILE, since=repeated.snapshot.imported_at)
        return replace(repeated, snapshot=replace(repeated.snapshot, imported_at=now))

    def run(
        self,
        file: AccountFile,
        accounts: Iterable[Account],
        *,
        digest: str | None,
        max_shrink: float = MAX_SHRINK,
        dry_run: bool = False,
    ) -> ReplacedSnapshot:
        """Import the `accounts` of the file, and keep the digest unless rows were refused. Raises Shrunk."""
        replaced = self.importing.run(accounts, source=FILE, as_of=file.as_of, max_shrink=max_shrink, dry_run=dry_run)
        if digest and not dry_run and not file.refused and len(file.warnings) <= MOST_WARNINGS:
            self.readings.keep(digest, snapshot=replaced.snapshot, warnings=file.warnings)
        return replaced
