"""Notices by mail or chat: the messages to one recipient within a short period are sent as one notice.

The delivery of a notice cannot be checked, so it is sent at least once. A repeat has the same key and is marked (L6).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk_sync.domain.escalation.staff import NoticeAddress, StaffMember


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one recipient, pending since `at`. A recipient gets one message per ticket and `topic`.

    `line` is its text in the notice, of one or more lines; the first one is enough with the link (`LINK`). If the
    channel refuses it, it goes to the first address of `otherwise` that was not notified yet.
    """

    ticket_id: str
    topic: str
    to: NoticeAddress
    at: datetime
    about: str
    line: str
    otherwise: tuple[NoticeAddress, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.ticket_id}:{self.topic}:{self.to}"

    def redirected(self, notified: Collection[NoticeAddress]) -> Message | None:
        """Return the message to the next address that is not in `notified`; None if there is no other."""
        for index, address in enumerate(self.otherwise):
            if address not in notified:
                return replace(self, to=address, otherwise=self.otherwise[index + 1 :])
        return None


def notice_routes(
    people: Iterable[StaffMember], stand_ins: Iterable[StaffMember]
) -> Iterator[tuple[NoticeAddress, tuple[NoticeAddress, ...]]]:
    """Yield the first address of each person, with the addresses to try after it if it fails, in order.

    These are the further addresses of that person, then those of the people after them, then those of the `stand_ins`.
    A person without an address is skipped: Desk alone notifies them.
    """
    people = tuple(people)
    order = tuple(dict.fromkeys(address for person in (*people, *stand_ins) for address in person.addresses))
    for address in dict.fromkeys(person.addresses[0] for person in people if person.addresses):
        yield address, order[order.index(address) + 1 :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One mail or chat message. `key` is computed from its recipient and `messages`, and is part of its text."""

    key: str
    to: NoticeAddress
    subject: str
    lines: tuple[str, ...]
    messages: tuple[Message, ...] = ()
    repeat: bool = False

    @property
    def text(self) -> str:
        """The whole text, for a mail."""
        return self._framed(_apart(self.lines))

    @property
    def brief(self) -> str:
        """The first line and the link of each message, for a chat."""
        return self._framed("\n".join(map(_shortened, self.lines)))

    @property
    def header(self) -> tuple[str, ...]:
        """The mark of a repeat, before the text."""
        return (_REPEAT,) if self.repeat else ()

    def _framed(self, text: str) -> str:
        return "\n".join((*self.header, text, "", f"[{self.key}]"))

    def again(self) -> Notice:
        return replace(self, repeat=True)


LINK = "Open the ticket: "
"""The beginning of the line with the link to the ticket."""


def _apart(lines: Sequence[str]) -> str:
    """Return the messages one below the other, with an empty line between messages of several lines."""
    return ("\n\n" if any("\n" in line for line in lines) else "\n").join(lines)


def _shortened(line: str) -> str:
    first, *others = line.split("\n")
    return "\n".join((first, *(each for each in others if each.startswith(LINK))))


_REPEAT = "This may have reached you before: it is sent again because no confirmation came."


@dataclass(frozen=True, slots=True)
class GatheredNotice:
    """The notices whose period is over, and the end of the next period."""

    notices: tuple[Notice, ...]
    next_at: datetime | None


def gather(messages: Iterable[Message], period: timedelta, *, now: datetime) -> GatheredNotice:
    """Return one notice per recipient and period. A period begins with its first message.

    `messages` must not contain those that are already in a notice: the content of a notice never changes.
    """
    groups = [group for mail in _by_recipient(messages) for group in _periods(mail, period)]
    over = [group for group in groups if group[0].at + period <= now]
    waiting = [group[0].at + period for group in groups if group[0].at + period > now]
    return GatheredNotice(notices=tuple(map(_notice, over)), next_at=min(waiting, default=None))


def _by_recipient(messages: Iterable[Message]) -> Iterable[Sequence[Message]]:
    mail: dict[NoticeAddress, list[Message]] = defaultdict(list)
    for message in sorted(messages, key=lambda message: (message.at, message.key)):
        mail[message.to].append(message)
    return [mail[to] for to in sorted(mail)]


def _periods(mail: Sequence[Message], period: timedelta) -> Iterator[Sequence[Message]]:
    group: list[Message] = []
    for message in mail:
        if group and message.at >= group[0].at + period:
            yield group
            group = []
        group.append(message)
    yield group


def _notice(group: Sequence[Message]) -> Notice:
    keys = tuple(message.key for message in group)
    first = group[0]
    return Notice(
        key="ds-" + hashlib.sha256("\n".join((str(first.to), *keys)).encode()).hexdigest()[:16],
        to=first.to,
        subject=first.about if len(group) == 1 else f"{len(group)} escalations, the first: {first.about}",
        lines=tuple(message.line for message in group),
        messages=tuple(group),
    )
