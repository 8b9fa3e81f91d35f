"""The subscription source of a scenario without a simulated one: the latest account file, unless the source is down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.errors import TemporaryError
from desk_sync.ports.subscriptions import AccountSource, CheckpointStore, PulledAccounts
from desk_sync.wiring.process import DeskSync


@dataclass(slots=True)
class ScenarioSource:
    """The port `AccountSource`. Without a file it is complete and empty. `outages` is how many outages last now."""

    file: Path | None = None
    outages: int = 0
    _read: dict[Path, PulledAccounts] = field(default_factory=dict)

    def pull(self, _: CheckpointStore) -> PulledAccounts:
        if self.outages:
            raise TemporaryError("the subscription source does not answer")
        return self.read(self.file) if self.file else PulledAccounts(accounts=())

    def load(self, file: Path | None) -> None:
        """Make this the latest file."""
        self.file = file

    def read(self, file: Path) -> PulledAccounts:
        """Return the content of an account file; each file is read once. Raises InputError."""
        if file not in self._read:
            content = read_accounts(file)
            self._read[file] = PulledAccounts(accounts=content.accounts, as_of=content.as_of)
        return self._read[file]

    def begin(self, _: str) -> None:
        """Begin an outage, the only trouble that a file can have."""
        self.outages += 1

    def end(self, _: str) -> None:
        self.outages -= 1

    def document(self) -> Mapping[str, Any]:
        return {"kind": "file"}

    def source_for(self, _: DeskSync) -> AccountSource:
        return self
