"""The Desk organisations that the database belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalOrigin:
    """The Desk organisation that a portal is, and its data centre."""

    org_id: str
    data_center: str

    def __str__(self) -> str:
        return f"organisation {self.org_id} ({self.data_center})"


class BelongingStore(Protocol):
    """The portals that the database has data of."""

    def origins(self) -> Mapping[str, PortalOrigin]:
        """Return the organisation of each portal that has one, by name."""
        ...

    def claim(self, portal: str, origin: PortalOrigin) -> None:
        """Store the organisation of a portal, unless one is stored."""
        ...

    def open_tickets(self, without: Collection[str]) -> Mapping[str, int]:
        """Return the number of open tickets of each portal with a name that is not in `without`; none with 0."""
        ...

    def end(self, portal: str, *, now: datetime, dry_run: bool) -> int:
        """End the open tickets of a portal: they wait for no look any more. Return how many they are."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RenamedPortal:
    """A portal's new name, and how many rows of each table have it."""

    old: str
    new: str
    rows: Mapping[str, int]


class PortalRenaming(Protocol):
    """The change of a portal's name in every table."""

    def rename(self, old: str, new: str, *, now: datetime, dry_run: bool) -> RenamedPortal:
        """Give the data of a portal another name, in one transaction; with `dry_run`, only count them.

        Raises ConfigurationError if there are none of `old`, some of `new`, or if a process is at work.
        """
        ...
