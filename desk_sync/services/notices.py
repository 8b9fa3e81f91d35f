"""Send notices by mail and chat: messages are gathered by recipient, and a repeated notice is marked as one (L6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_sync.domain.backoff import doubled
from desk_sync.domain.escalation.notice import Notice, gather
from desk_sync.errors import Refused, TemporaryError, describe
from desk_sync.logs import get_logger
from desk_sync.ports.notices import ClaimedNotices, NoticeStore, Notifier
from desk_sync.ports.now import Now
from desk_sync.services.door import ServiceDoor

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLimits:
    """The attempts that a channel is given. The lease is longer than the deadline of one send."""

    lease: timedelta = timedelta(minutes=1)
    attempts: int = 5
    pause: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=10)
    batch: int = 50
    """The most notices sent in one run: the worker has other tasks too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNotices:
    """Sends one portal's notices. Safe to repeat and to run in several processes at once.

    The messages for one recipient within `period` are one notice.
    """

    notices: NoticeStore
    notifier: Notifier
    period: timedelta
    now: Now
    limits: SendLimits = SendLimits()
    door: ServiceDoor | None = None

    def run(self) -> datetime | None:
        """Make the notices whose period is over, and send those that are due. Return when the next period ends.

        An error ends at the door: then the result is None, and the next run tries again.
        """
        door = self.door or ServiceDoor(task="notices", now=self.now)
        return door.run(self._run)

    def _run(self) -> datetime | None:
        now = self.now()
        gathered = gather(self.notices.waiting(), self.period, now=now)
        self.notices.make(gathered.notices, now=now)
        for _ in range(self.limits.batch):
            now = self.now()
            claimed = self.notices.claim(now=now, until=now + self.limits.lease)
            if claimed is None:
                break
            self._send(claimed)
        return gathered.next_at

    def _send(self, claimed: ClaimedNotices) -> None:
        notice = claimed.notice
        try:
            self.notifier.send(notice)
        except TemporaryError as error:
            self._retry_later(claimed, str(error))
        except Refused as error:
            self._refuse(notice, str(error))
        except Exception as error:  # noqa: BLE001 - a fault of one channel must not hold up the others
            self._retry_later(claimed, describe(error))
        else:
            self.notices.sent(notice, at=self.now())
            log.info("notice.sent", key=notice.key, channel=notice.to.channel, messages=len(notice.messages))

    def _retry_later(self, claimed: ClaimedNotices, error: str) -> None:
        if claimed.attempts >= self.limits.attempts:
            self._refuse(claimed.notice, f"given up after {claimed.attempts} attempts: {error}")
            return
        due_at = self.now() + doubled(self.limits.pause, claimed.attempts, self.limits.longest)
        self.notices.postpone(claimed.notice, due_at=due_at, error=error)
        log.warning("notice.postponed", key=claimed.notice.key, error=error, due_at=due_at)

    def _refuse(self, notice: Notice, error: str) -> None:
        """Pass the messages on to the deputies; log an error for each message that has no recipient left."""
        undelivered = self.notices.refuse(notice, at=self.now(), error=error)
        log.warning("notice.refused", key=notice.key, channel=notice.to.channel, error=error)
        for message in undelivered:
            log.error("notice.undelivered", ticket_id=message.ticket_id, topic=message.topic)
