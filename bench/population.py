"""The tables after years: many tickets that ended, most of them shrunk, and few that are open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Engine

from desk_sync.adapters.store.values import chunks

PORTAL = "default"
OPEN_SHARE = 100
"""One ticket in so many is open; of the others, one in so many ended lately."""
BATCH = 20_000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTickets:
    """How many tickets are known, and the memory that each has. Of the open ones some are counted by the queries."""

    number: int
    memory: Mapping[str, Any]
    now: datetime

    @property
    def open(self) -> Sequence[int]:
        return range(0, self.number, OPEN_SHARE)

    @property
    def undecided(self) -> Sequence[int]:
        return range(0, self.number, 50 * OPEN_SHARE)

    @property
    def unplanned(self) -> Sequence[int]:
        """Open tickets whose next look comes after a clock changes: a fault, which the auditor must find."""
        return range(OPEN_SHARE, self.number, 500 * OPEN_SHARE)

    @property
    def parked(self) -> Sequence[int]:
        return range(3 * OPEN_SHARE, self.number, 50 * OPEN_SHARE)

    @property
    def lately(self) -> Sequence[int]:
        """Ended tickets that are not shrunk yet."""
        return range(1, self.number, OPEN_SHARE)

    def changes_at(self, number: int) -> datetime:
        """Return when the clocks of an open ticket change next: within two days, or soon."""
        half_hours = 2 if number in self.unplanned else 1 + number // OPEN_SHARE % 96
        return self.now + timedelta(minutes=30 * half_hours)

    def days_since(self, number: int) -> int:
        """Return how many days ago a ticket ended lately."""
        return 1 + number // OPEN_SHARE % 20

    def rows(self, table: str, number: int) -> Iterator[Row]:
        """Yield the rows of a ticket in a table."""
        yield from _MAKERS[table](self, number)


def populate(engine: Engine, tickets: KnownTickets) -> None:
    """Fill an empty database, by the fastest way of each."""
    for table in _MAKERS:
        for numbers in chunks(range(tickets.number), BATCH):
            rows = [row for number in numbers for row in tickets.rows(table, number)]
            if rows:
                _LOADERS[engine.dialect.name](engine, table, rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _tickets(all_: KnownTickets, number: int) -> Iterator[Row]:
    is_open, lately, now = number in all_.open, number in all_.lately, all_.now
    ended = now - timedelta(days=all_.days_since(number) if lately else 40 + number % 300)
    look_at = all_.changes_at(number) if number not in all_.unplanned else now + timedelta(days=9)
    parked = number in all_.parked
    yield {
        **_key(number),
        "first_seen_at": _instant(ended - timedelta(days=5)),
        "look_at": _instant(look_at) if is_open else None,
        "urgency": 1 + number // OPEN_SHARE % 3,
        "closed": not is_open,
        "memory": orjson.dumps(all_.memory).decode(),
        "verdict": "REVIEW" if number in all_.undecided else "NOT_PRIORITY" if number % 3 else "PRIORITY",
        "account_id": None if number // OPEN_SHARE % 2 else f"A{number % 5000}",
        "looked_at": _instant(now - timedelta(hours=number % 20) if is_open else ended),
        "parked_at": _instant(now - timedelta(hours=2)) if parked else None,
        "error": "no such field" if parked else None,
        "kept": "whole" if is_open or lately else "reopenable",
    }


def _clocks(all_: KnownTickets, number: int) -> Iterator[Row]:
    for milestone in ("acknowledgement", "determination", "resolution"):
        running = number in all_.open and milestone != "acknowledgement"
        yield {
            **_key(number),
            "milestone": milestone,
            "round": 1,
            "severity": 2,
            "state": "running" if running else "met",
            "started_at": _instant(all_.now - timedelta(days=1)),
            "due_at": _instant(all_.now + timedelta(days=2)),
            "next_at": _instant(all_.changes_at(number)) if running else None,
        }


def _decisions(all_: KnownTickets, number: int) -> Iterator[Row]:
    if number in all_.open or number in all_.lately:
        reasons = [{"rule": "R42", "text": f"reason {each} of a decision, of the usual length"} for each in range(8)]
        for _ in range(2):
            yield {
                **_key(number),
                "at": _instant(all_.now - timedelta(days=2)),
                "verdict": "REVIEW" if number in all_.undecided else "PRIORITY",
                "licences": 70,
                "policy_version": "1",
                "reasons": orjson.dumps(reasons).decode(),
                "hands_off": False,
                "questions": "[]",
                "fields_written": "{}",
            }


def _effects(all_: KnownTickets, number: int) -> Iterator[Row]:
    at = _instant(all_.now - timedelta(days=2))
    for key in ("clocks", "suggestions"):
        yield {**_key(number), "key": key, "kind": "update", "reference": "ds-0", "planned_at": at, "done_at": at}


def _deliveries(all_: KnownTickets, number: int) -> Iterator[Row]:
    if number in all_.open or number in all_.lately:
        at = _instant(all_.now - timedelta(days=2 if number in all_.open else all_.days_since(number)))
        for each in range(4):
            kind = {"type": "Ticket_Update", "hint": "state", "changes": "{}", "look_token": 1, "processed_at": at}
            yield {**_key(number), "key": f"{number}:{each}", "occurred_at": at, "received_at": at, **kind}


def _notices(all_: KnownTickets, number: int) -> Iterator[Row]:
    if number % OPEN_SHARE == 2:
        at = _instant(all_.now - timedelta(days=number // OPEN_SHARE % 30))
        to = {"channel": "mail", "address": "one@desk.example", "subject": "Level 1", "lines": "[]"}
        refused = {"sent_at": None, "refused_at": at, "unheard": 1} if number % 20_000 == 2 else {}
        given = {"made_at": at, "due_at": at, "attempts": 1, "sent_at": at, "refused_at": None, "unheard": 0}
        yield {"portal": PORTAL, "key": f"n{number}", **to, **given, **refused}


_MAKERS = {
    "tickets": _tickets,
    "clocks": _clocks,
    "decisions": _decisions,
    "effects": _effects,
    "deliveries": _deliveries,
    "notices": _notices,
}


def _key(number: int) -> Row:
    return {"portal": PORTAL, "ticket_id": f"{number:018}"}


def _instant(at: datetime) -> str:
    """Return the instant in UTC as SQLite stores it."""
    return at.replace(tzinfo=None).isoformat(" ", "microseconds")


def _insert(engine: Engine, table: str, rows: Sequence[Row]) -> None:
    names = list(rows[0])
    values = [tuple(row[name] for name in names) for row in rows]
    with engine.begin() as connection:
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608


def _copy(engine: Engine, table: str, rows: Sequence[Row]) -> None:
    names = list(rows[0])
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(
                    [f"{row[name]}+00" if name.endswith("_at") and row[name] else row[name] for name in names]
                )


_LOADERS = {"sqlite": _insert, "postgresql": _copy}
