"""Messages to people outside Desk, saved with the look that requires them, and the notices that carry them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, bindparam, select, tuple_, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import NOW, is_free, now_parameters
from desk_sync.adapters.store.tables import messages, notices
from desk_sync.adapters.store.values import insert
from desk_sync.domain.escalation.notice import Message, Notice
from desk_sync.domain.escalation.staff import NoticeAddress, NoticeChannel
from desk_sync.ports.notices import ClaimedNotices, SentNotice

_ITS_NOTICE = (notices.c.portal == messages.c.portal) & (notices.c.key == messages.c.notice)
_TOPIC = tuple_(messages.c.ticket_id, messages.c.topic)

_DUE = (
    select(notices.c.key)
    .where(notices.c.portal == bindparam("its_portal"), notices.c.sent_at.is_(None), notices.c.refused_at.is_(None))
    .where(notices.c.due_at <= NOW, is_free(notices.c.leased_until))
    .order_by(notices.c.due_at, notices.c.key)
    .limit(1)
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    update(notices)
    .where(notices.c.portal == bindparam("its_portal"), notices.c.key.in_(select(_DUE.c.key)))
    .values(attempts=notices.c.attempts + 1, leased_until=bindparam("until"))
    .returning(*notices.c)
)


class TakenNotices(Exception):
    """Another process has already put one of the messages into a notice."""


@dataclass(frozen=True, slots=True)
class SqlNotices:
    """One portal's messages and notices."""

    engine: Engine
    portal: str

    def waiting(self) -> Sequence[Message]:
        with reading(self.engine) as connection:
            return self._messages(connection, messages.c.notice.is_(None))

    def make(self, made: Sequence[Notice], *, now: datetime) -> None:
        for notice in made:
            try:
                with writing(self.engine) as connection:
                    self._make(connection, notice, now)
            except TakenNotices:
                continue

    def claim(self, *, now: datetime, until: datetime) -> ClaimedNotices | None:
        given = {"its_portal": self.portal, "until": until, **now_parameters(now)}
        with writing(self.engine) as connection:
            row = connection.execute(_CLAIM, given).mappings().one_or_none()
            if row is None:
                return None
            held = self._messages(connection, messages.c.notice == row["key"])
        notice = Notice(
            key=row["key"],
            to=_address(row),
            subject=row["subject"],
            lines=tuple(row["lines"]),
            messages=tuple(held),
            repeat=row["attempts"] > 1,
        )
        return ClaimedNotices(notice=notice, attempts=row["attempts"])

    def sent(self, notice: Notice, *, at: datetime) -> None:
        with writing(self.engine) as connection:
            self._settle(connection, notice, sent_at=at, error=None)

    def postpone(self, notice: Notice, *, due_at: datetime, error: str) -> None:
        with writing(self.engine) as connection:
            self._settle(connection, notice, due_at=due_at, leased_until=None, error=error)

    def refuse(self, notice: Notice, *, at: datetime, error: str) -> Sequence[Message]:
        with writing(self.engine) as connection:
            self._settle(connection, notice, refused_at=at, error=error)
            refusals = self._refusals(connection, notice.messages)
            others = {each: each.redirected(refusals[each.ticket_id, each.topic].keys()) for each in notice.messages}
            save(connection, self.portal, [other for other in others.values() if other])
            undelivered = [
                each
                for each, other in others.items()
                if other is None and all(refusals[each.ticket_id, each.topic].values())
            ]
            self._settle(connection, notice, undelivered=len(undelivered))
        return undelivered

    def _make(self, connection: Connection, notice: Notice, now: datetime) -> None:
        row = {"key": notice.key, "subject": notice.subject, "lines": notice.lines, "made_at": now, "due_at": now}
        row |= {"portal": self.portal, "channel": notice.to.channel, "address": notice.to.to}
        connection.execute(insert(connection, notices).values(row).on_conflict_do_nothing())
        held = (messages.c.portal == self.portal) & _is_to(notice.to) & _TOPIC.in_(_topics(notice.messages))
        chosen = update(messages).where(held, messages.c.notice.is_(None)).values(notice=notice.key)
        if connection.execute(chosen).rowcount < len(notice.messages):
            raise TakenNotices

    def _settle(self, connection: Connection, notice: Notice, **values: object) -> None:
        own = (notices.c.portal == self.portal) & (notices.c.key == notice.key) & notices.c.sent_at.is_(None)
        connection.execute(update(notices).where(own).values(values))

    def _refusals(
        self, connection: Connection, about: Sequence[Message]
    ) -> Mapping[tuple[str, str], Mapping[NoticeAddress, bool]]:
        """Return by topic its recipients, each with True if the channel has refused them."""
        listed = (
            select(messages.c.ticket_id, messages.c.topic, messages.c.channel, messages.c.address, notices.c.refused_at)
            .outerjoin(notices, _ITS_NOTICE)
            .where(messages.c.portal == self.portal, _TOPIC.in_(_topics(about)))
        )
        refusals: dict[tuple[str, str], dict[NoticeAddress, bool]] = {}
        for row in connection.execute(listed).mappings():
            refusals.setdefault((row["ticket_id"], row["topic"]), {})[_address(row)] = row["refused_at"] is not None
        return refusals

    def _messages(self, connection: Connection, which: ColumnElement[bool]) -> Sequence[Message]:
        chosen = select(messages).where(messages.c.portal == self.portal, which)
        rows = connection.execute(chosen.order_by(messages.c.at, messages.c.ticket_id, messages.c.topic)).mappings()
        return [_message(row) for row in rows]


def save(connection: Connection, portal: str, new: Iterable[Message]) -> None:
    """Store the messages, each once."""
    rows = [_row(portal, message) for message in new]
    if rows:
        connection.execute(insert(connection, messages).on_conflict_do_nothing(), rows)


def past(connection: Connection, portal: str, ticket_id: str) -> Sequence[SentNotice]:
    """Return the messages about a ticket, oldest first, sent or not."""
    columns = (messages.c.topic, messages.c.channel, messages.c.address, messages.c.at)
    listed = (
        select(*columns, notices.c.sent_at, notices.c.refused_at)
        .outerjoin(notices, _ITS_NOTICE)
        .where(messages.c.portal == portal, messages.c.ticket_id == ticket_id)
        .order_by(messages.c.at, messages.c.topic, messages.c.channel, messages.c.address)
    )
    return [
        SentNotice(
            topic=row["topic"], to=_address(row), at=row["at"], sent_at=row["sent_at"], refused_at=row["refused_at"]
        )
        for row in connection.execute(listed).mappings()
    ]


def _row(portal: str, message: Message) -> dict[str, Any]:
    same = ("ticket_id", "topic", "at", "about", "line")
    to = {"portal": portal, "channel": message.to.channel, "address": message.to.to}
    others = [[address.channel, address.to] for address in message.otherwise]
    return {name: getattr(message, name) for name in same} | to | {"otherwise": others}


def _message(row: RowMapping) -> Message:
    return Message(
        ticket_id=row["ticket_id"],
        topic=row["topic"],
        to=_address(row),
        at=row["at"],
        about=row["about"],
        line=row["line"],
        otherwise=tuple(NoticeAddress(NoticeChannel(channel), to) for channel, to in row["otherwise"]),
    )


def _address(row: RowMapping) -> NoticeAddress:
    return NoticeAddress(NoticeChannel(row["channel"]), row["address"])


def _is_to(address: NoticeAddress) -> ColumnElement[bool]:
    return (messages.c.channel == address.channel) & (messages.c.address == address.to)


def _topics(about: Iterable[Message]) -> list[tuple[str, str]]:
    return [(message.ticket_id, message.topic) for message in about]
