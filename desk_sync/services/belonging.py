"""The database belongs to the portals that it was first used for: no process works with it for another organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from desk_sync.errors import ConfigurationError, DeskSyncError
from desk_sync.ports.portal import BelongingStore, PortalOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """Compares the database with the portals of the mapping, or with the one of the environment.

    `names` are all of them, `origins` the organisations of those whose settings are complete.
    """

    store: BelongingStore
    names: tuple[str, ...]
    origins: Mapping[str, PortalOrigin]

    def check(self) -> None:
        """Raise ConfigurationError if the database has data of another organisation under one of the names."""
        known = self.store.origins()
        for name, ours in self.origins.items():
            if name in known and known[name] != ours:
                raise ConfigurationError(
                    f"the portal {name} is {ours}, and this database has the data of {known[name]} under that name",
                    hint="set DESK_SYNC_DATABASE_URL to that portal's own database (a sandbox needs one of its own), "
                    "or correct the organisation",
                )
            self._check_name(name, known)

    def check_reading(self, portal: str) -> str | None:
        """Return a warning for a reader of the portal's tickets: other tickets that nothing looks at; None without any.

        Raises DeskSyncError if there is nothing to read, because the portal's data have another name in the database.
        """
        known = self.store.origins()
        self._check_name(portal, known)
        unnamed = self._unnamed()
        if unnamed and portal not in known:
            raise unnamed
        return f"{unnamed} ({unnamed.hint})" if unnamed else None

    def claim(self) -> None:
        """Check it, and store the organisation of each portal that has none yet."""
        self.check()
        known = self.store.origins()
        for name, ours in self.origins.items():
            if name not in known:
                self.store.claim(name, ours)

    def strangers(self) -> Mapping[str, int]:
        """Return the number of open tickets of each portal that is not named any more: nothing looks at them."""
        return self.store.open_tickets(self.names)

    def end(self, portal: str, *, now: datetime, dry_run: bool) -> int:
        """End the open tickets of a portal that is gone; return how many. Raises ConfigurationError for one in use."""
        if portal in self.names:
            raise ConfigurationError(
                f"the portal {portal} is in use", hint="take it out of the mapping first, and start all processes again"
            )
        return self.store.end(portal, now=now, dry_run=dry_run)

    def describe(self) -> str:
        """Return what the database belongs to. Raises DeskSyncError if that is not the portals named, and only they."""
        self.check()
        if unnamed := self._unnamed():
            raise unnamed
        known = self.store.origins()
        return ", ".join(f"{name}: {known.get(name, 'not used yet')}" for name in self.names)

    def _check_name(self, name: str, known: Mapping[str, PortalOrigin]) -> None:
        ours = self.origins.get(name)
        former = [other for other, origin in known.items() if origin == ours and other not in self.names]
        if name not in known and former:
            raise ConfigurationError(
                f"the portal {name} is {ours}, whose data this database has under the name {former[0]}",
                hint=f"stop serve, worker and beat, and run `desk-sync portal rename {former[0]} {name}`",
            )

    def _unnamed(self) -> DeskSyncError | None:
        strangers = self.strangers()
        found = ", ".join(f"{count} open tickets of portal {name}" for name, count in strangers.items())
        if not strangers:
            return None
        return DeskSyncError(
            f"nothing looks at {found}, which is not named any more",
            hint="`desk-sync portal rename OLD NEW` if it has another name now; if it is gone, `portal end OLD`",
        )
