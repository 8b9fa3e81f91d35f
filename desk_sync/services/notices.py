"""Send what people outside Desk are to be told: gathered, each notice once, or again as a marked repeat (L6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from desk_sync.domain.escalation.notice import Notice, gather
from desk_sync.errors import Refused, TemporaryError
from desk_sync.ports.notices import ClaimedNotices, NoticeStore, Notifier
from desk_sync.ports.now import Now
from desk_sync.services.backoff import doubled

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLimits:
    """How long a channel is tried. The lease is longer than a send takes, which has a deadline of its own."""

    lease: timedelta = timedelta(minutes=1)
    attempts: int = 5
    pause: timedelta = timedelta(seconds=30)
    batch: int = 50
    """So many notices in one run: whoever runs it has other work too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNotices:
    """Sends one portal's notices. Safe to repeat, and to run beside others of its kind.

    What one recipient is to be told within `period` is one notice.
    """

    notices: NoticeStore
    notifier: Notifier
    period: timedelta
    now: Now
    persistence: SendLimits = SendLimits()

    def run(self) -> datetime | None:
        """Make the notices whose period is over, and send what is due. Returns when the next one's period is over."""
        now = self.now()
        gathered = gather(self.notices.waiting(), self.period, now=now)
        self.notices.make(gathered.notices, now=now)
        for _ in range(self.persistence.batch):
            now = self.now()
            claimed = self.notices.claim(now=now, until=now + self.persistence.lease)
            if claimed is None:
                break
            self._send(claimed)
        return gathered.next_at

    def _send(self, claimed: ClaimedNotices) -> None:
        notice = claimed.notice
        try:
            self.notifier.send(notice)
        except TemporaryError as error:
            self._not_taken(claimed, str(error))
        except Refused as error:
            self._refused(notice, str(error))
        else:
            self.notices.sent(notice, at=self.now())
            log.info("notice.sent", key=notice.key, channel=notice.to.channel, messages=len(notice.messages))

    def _not_taken(self, claimed: ClaimedNotices, error: str) -> None:
        if claimed.attempts >= self.persistence.attempts:
            self._refused(claimed.notice, f"given up after {claimed.attempts} attempts: {error}")
            return
        due_at = self.now() + doubled(self.persistence.pause, claimed.attempts)
        self.notices.postpone(claimed.notice, due_at=due_at, error=error)
        log.warning("notice.postponed", key=claimed.notice.key, error=error, due_at=due_at)

    def _refused(self, notice: Notice, error: str) -> None:
        """Whoever stands in is told; it is an alarm if there is nobody left."""
        unheard = self.notices.refuse(notice, at=self.now(), error=error)
        log.warning("notice.refused", key=notice.key, channel=notice.to.channel, error=error)
        for message in unheard:
            log.error("notice.unheard", ticket_id=message.ticket_id, topic=message.topic)
