"""Notices by mail or chat: what one recipient is told within a short period is one notice (no storm).

A notice cannot be looked for, so it is sent at least once. A repeat has the same key and says that it is one (L6).
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
    """One thing to tell one recipient since `at`: what is told of a `topic`, one in its ticket, goes to each once.

    `line` is a line of a digest. If the channel refuses it, the first of `otherwise` who is not told yet is told.
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

    def elsewhere(self, told: Collection[NoticeAddress]) -> Message | None:
        """The same for who stands in, where `told` are all who were told of it; None if there is nobody else."""
        for place, address in enumerate(self.otherwise):
            if address not in told:
                return replace(self, to=address, otherwise=self.otherwise[place + 1 :])
        return None


def addressed(
    people: Iterable[StaffMember], stand_ins: Iterable[StaffMember]
) -> Iterator[tuple[NoticeAddress, tuple[NoticeAddress, ...]]]:
    """Whom to tell, each with who is told in their place if that cannot be done, in order.

    Everybody is told at the first of their addresses. Their further ones come next, then those of the others, then
    those of the `stand_ins`. A person without an address is told by Desk alone.
    """
    people = tuple(people)
    order = tuple(dict.fromkeys(address for person in (*people, *stand_ins) for address in person.addresses))
    for address in dict.fromkeys(person.addresses[0] for person in people if person.addresses):
        yield address, order[order.index(address) + 1 :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is sent in one go. `key` follows from the `messages` in it and is part of what is sent."""

    key: str
    to: NoticeAddress
    subject: str
    lines: tuple[str, ...]
    messages: tuple[Message, ...] = ()
    repeat: bool = False

    @property
    def text(self) -> str:
        said_before = (_REPEAT,) if self.repeat else ()
        return "\n".join((*said_before, *self.lines, "", f"[{self.key}]"))

    def again(self) -> Notice:
        return replace(self, repeat=True)


_REPEAT = "This may have reached you before: it is sent again because no confirmation came."


@dataclass(frozen=True, slots=True)
class GatheredNotice:
    """The notices whose period is over, and when the next one's is."""

    notices: tuple[Notice, ...]
    next_at: datetime | None


def gather(messages: Iterable[Message], period: timedelta, *, now: datetime) -> GatheredNotice:
    """One notice per recipient and period. A period begins with the first message of its recipient in it.

    Messages that are in a notice already are not given again: what a notice holds is settled when it is made.
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
