"""Deliveries of the simulated Desk's events to the product's intake: signed like Desk's, in virtual time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desk_sync.errors import DeskSyncError
from desk_sync.services.intake import DeliveryDoor
from desk_sync.simulated_desk.portal.event import DeskEvent
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.running import DeskSite
from desk_sync.simulated_desk.webhooks import envelope
from desk_sync.simulation.virtual_time import VirtualTime

LONGEST_DELAY = 60
"""The longest delay of a delivery, in seconds, while the fault `reorder` is active."""


@dataclass(slots=True)
class DeliveryRunner:
    """Schedule each event of the site from the `start` on as a delivery, with the faults that are active.

    `counts` has the deliveries that were `sent`, and their number by result. `lost_at` is the instant of the last loss.
    """

    site: DeskSite
    door: DeliveryDoor
    virtual_time: VirtualTime
    start: datetime
    lost_at: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, event: DeskEvent) -> None:
        """Schedule the delivery of an event if the subscription includes it: once, twice or not at all."""
        webhook = self.site.portal.webhooks[self.site.webhook_id]
        content = envelope(webhook, event, self.site.portal.org_id)
        if content is None or self.virtual_time.now() < self.start:
            return
        copies = self.site.chance.copies()
        if not copies:
            self._record("dropped")
        for _ in range(copies):
            delay = timedelta(seconds=self.site.chance.next_of(LONGEST_DELAY + 1))
            self.virtual_time.schedule(self.virtual_time.now() + delay, lambda: self._deliver(content))

    def _deliver(self, content: Record) -> None:
        """Deliver once; a delivery that is not accepted is lost."""
        token = self.site.signer.token(self.site.webhook_id)
        try:
            self.door.accept(token, self.site.portal.quirks.encode([content])).result()
        except DeskSyncError:
            self._record("failed")
        else:
            self._record("accepted")

    def _record(self, result: str) -> None:
        self.counts.update(["sent", result])
        if result != "accepted":
            self.lost_at = self.virtual_time.now()
