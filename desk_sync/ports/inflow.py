"""What comes in: the changes of a portal, those that no delivery reported, and the deliveries that were refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from desk_sync.errors import DeliveryFault


@dataclass(frozen=True, slots=True, kw_only=True)
class InflowHour:
    """One hour, from `at` on: changes by others that sweeps found, those without a delivery, refusals by their fault.

    A change counts in the hour in which Desk dates it, a refusal in ours.
    """

    at: datetime
    changes: int = 0
    missed: int = 0
    refused: Mapping[DeliveryFault, int] = field(default_factory=dict)


class InflowStore(Protocol):
    """The inflow of one portal over the last days."""

    @property
    def portal(self) -> str:
        """The portal's name."""
        ...

    def refuse(self, counts: Mapping[DeliveryFault, int], *, now: datetime) -> None:
        """Add deliveries that were refused."""
        ...

    def hours(self, since: datetime) -> Sequence[InflowHour]:
        """Return the hours from `since` on in which anything was counted, oldest first."""
        ...

    def delivered_since(self, at: datetime) -> bool:
        """Return True if a delivery was stored at that instant or later."""
        ...
