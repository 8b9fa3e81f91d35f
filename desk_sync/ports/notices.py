"""The way to people outside Desk, by mail and chat, and what they are to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.escalation.notice import Message, Notice
from desk_sync.domain.escalation.staff import NoticeAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedNotices:
    """A notice that is ours to send. `attempts` counts this one."""

    notice: Notice
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNotice:
    """A message of a ticket, for a person to read: `sent_at` and `refused_at` are its notice's."""

    topic: str
    to: NoticeAddress
    at: datetime
    sent_at: datetime | None
    refused_at: datetime | None

    @property
    def state(self) -> str:
        return "sent" if self.sent_at else "refused" if self.refused_at else "waiting"


class NoticeStore(Protocol):
    """What people outside Desk are to be told of one portal's tickets; each message comes with a look that owes it."""

    def waiting(self) -> Sequence[Message]:
        """The messages that are in no notice yet."""
        ...

    def make(self, notices: Sequence[Notice], *, now: datetime) -> None:
        """Settle what each notice holds, once: of two who make one of the same message the second makes none."""
        ...

    def claim(self, *, now: datetime, until: datetime) -> ClaimedNotices | None:
        """The oldest notice that is due, for the caller alone until then; a repeat if it was begun before."""
        ...

    def sent(self, notice: Notice, *, at: datetime) -> None:
        """It was taken."""
        ...

    def postpone(self, notice: Notice, *, due_at: datetime, error: str) -> None:
        """It may have got through, or not: it is due again then."""
        ...

    def refuse(self, notice: Notice, *, at: datetime, error: str) -> Sequence[Message]:
        """It will not get through: each of its messages goes to whoever stands in.

        Returns the messages of which nobody is told now: everybody who could have been has refused.
        """
        ...


class Notifier(Protocol):
    """Sends notices. Every send has a deadline; the notice's key travels with it (mail: as the Message-ID)."""

    def send(self, notice: Notice) -> None:
        """Send it, once. Raises Refused if the channel does not take it, or there is none of that name.

        Raises TemporaryError if it is not known whether it arrived: it is sent again, as a repeat.
        """
        ...
