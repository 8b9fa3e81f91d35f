"""Carries the simulated Desk's events to our door: signed as Desk signs them, in this process, in virtual time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from desk_sync.errors import DeskSyncError
from desk_sync.services.intake import DeliveryDoor
from desk_sync.simulated_desk.portal import DeskEvent
from desk_sync.simulated_desk.running import DeskSite
from desk_sync.simulated_desk.seed import Record
from desk_sync.simulated_desk.webhooks import envelope
from desk_sync.simulation.virtual_time import VirtualTime

LONGEST_DELAY = 60
"""Seconds that a delivery may take, where deliveries overtake each other."""


@dataclass(slots=True)
class DeliveryRunner:
    """Puts each event of the site on the agenda as a delivery, as chance has it.

    `counts`: deliveries that were `sent`, and what became of them. `lost_at` is when the last one got lost.
    """

    site: DeskSite
    door: DeliveryDoor
    virtual_time: VirtualTime
    lost_at: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, event: DeskEvent) -> None:
        """Send what the subscription asks for: once, twice or not at all."""
        webhook = self.site.portal.webhooks[self.site.webhook_id]
        told = envelope(webhook, event, self.site.portal.org_id)
        if told is None:
            return
        copies = self.site.chance.copies()
        if not copies:
            self._settle("dropped")
        for _ in range(copies):
            delay = timedelta(seconds=self.site.chance.next_of(LONGEST_DELAY + 1))
            self.virtual_time.put(self.virtual_time.now() + delay, lambda: self._deliver(told))

    def _deliver(self, told: Record) -> None:
        """Nothing is sent twice: what is not accepted is lost."""
        token = self.site.signer.token(self.site.webhook_id)
        try:
            self.door.accept(token, orjson.dumps([told])).result()
        except DeskSyncError:
            self._settle("failed")
        else:
            self._settle("accepted")

    def _settle(self, result: str) -> None:
        self.counts.update(["sent", result])
        if result != "accepted":
            self.lost_at = self.virtual_time.now()
