"""Notices by mail and chat to people outside Desk: their store, and the channels that send them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.escalation.notice import Message, Notice
from desk_sync.domain.escalation.staff import NoticeAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedNotices:
    """A notice that the caller has claimed, to send. `attempts` includes this one."""

    notice: Notice
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNotice:
    """A message about a ticket, for a person to read; `sent_at` and `refused_at` are those of its notice."""

    topic: str
    to: NoticeAddress
    at: datetime
    sent_at: datetime | None
    refused_at: datetime | None

    @property
    def state(self) -> str:
        return "sent" if self.sent_at else "refused" if self.refused_at else "waiting"


class NoticeStore(Protocol):
    """One portal's notices and their messages, which are recorded with the looks that require them."""

    def waiting(self) -> Sequence[Message]:
        """Return the messages that are in no notice yet."""
        ...

    def make(self, notices: Sequence[Notice], *, now: datetime) -> None:
        """Record each notice with its messages; skip a notice if one of its messages is already in another."""
        ...

    def claim(self, *, now: datetime, until: datetime) -> ClaimedNotices | None:
        """Lease the oldest due notice until `until`, as a repeat if it was claimed before; None if none is due."""
        ...

    def sent(self, notice: Notice, *, at: datetime) -> None:
        """Record that the channel accepted the notice."""
        ...

    def postpone(self, notice: Notice, *, due_at: datetime, error: str) -> None:
        """Make the notice due again at `due_at`: it is not known if it arrived."""
        ...

    def refuse(self, notice: Notice, *, at: datetime, error: str) -> Sequence[Message]:
        """Record that the notice cannot be delivered; address each of its messages to the next recipient in its place.

        Returns the messages that are left without a recipient: the channels have refused all of theirs.
        """
        ...


class Notifier(Protocol):
    """Sends notices. Each send has a deadline; the notice's key travels with it (mail: as the Message-ID)."""

    def send(self, notice: Notice) -> None:
        """Send the notice, once. Raises Refused if its channel does not accept it, or does not exist.

        Raises TemporaryError if it is not known if it arrived: the caller sends it again, as a repeat.
        """
        ...
