"""The subscription source of a scenario: the latest account file, unless the source is down."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.errors import TemporaryError
from desk_sync.ports.subscriptions import CheckpointStore, PulledAccounts


@dataclass(slots=True)
class ScenarioSource:
    """The port `Source`. Without a file it is complete and empty. `outages` is the number of outages that last now."""

    file: Path | None = None
    outages: int = 0
    _read: dict[Path, PulledAccounts] = field(default_factory=dict)

    def pull(self, _: CheckpointStore) -> PulledAccounts:
        if self.outages:
            raise TemporaryError("the subscription source does not answer")
        return self.read(self.file) if self.file else PulledAccounts(accounts=())

    def read(self, file: Path) -> PulledAccounts:
        """Return the content of an account file; each file is read once. Raises InputError."""
        if file not in self._read:
            content = read_accounts(file)
            self._read[file] = PulledAccounts(accounts=content.accounts, as_of=content.as_of)
        return self._read[file]
