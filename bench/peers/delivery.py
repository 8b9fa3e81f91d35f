"""The handling of a delivery in both peers: check the token, key each event, two statements for it, into our tables.

Straight through the drivers, without an ORM: the usual way at its best.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import jwt

KEY = Path(os.environ["BENCH_PUBLIC_KEY"]).read_text()
DATABASE = os.environ["BENCH_DATABASE"]
ISSUER, AUDIENCE = os.environ["BENCH_ISSUER"], os.environ["BENCH_AUDIENCE"]
ON_SQLITE = DATABASE.startswith("/")

PRAGMAS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 1500")
STORE = (
    "INSERT INTO deliveries (portal, key, type, hint, ticket_id, occurred_at, received_at, changed, actor_id) "
    "VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}) ON CONFLICT DO NOTHING"
)
MARK = (
    "INSERT INTO tickets (portal, ticket_id, first_seen_at, look_at, marked) VALUES ({}, {}, {}, {}, {}) "
    "ON CONFLICT (portal, ticket_id) DO UPDATE SET look_at = excluded.look_at, marked = excluded.marked"
)


def with_marks(statement: str, mark: str) -> str:
    """Return the statement with the driver's placeholders; {} in the mark is replaced by the number."""
    return statement.format(*(mark.format(number) for number in range(1, statement.count("{}") + 1)))


def check(token: str) -> None:
    """Raises jwt.PyJWTError."""
    jwt.decode(token, KEY, algorithms=["RS256"], issuer=ISSUER, audience=AUDIENCE)


def rows(delivery: list[dict]) -> Iterator[tuple[tuple, tuple]]:
    """Yield the values of both statements for each event."""
    now = _instant(datetime.now(UTC))
    for event in delivery:
        kind, payload, time = event["eventType"], event["payload"], event["eventTime"]
        key = hashlib.sha256(f"{kind} {payload['id']} {time}".encode()).hexdigest()[:32]
        occurred_at = _instant(datetime.fromtimestamp(int(time) / 1000, UTC))
        yield (
            ("default", key, kind, "state", payload["id"], occurred_at, now, "[]", payload["modifiedBy"]),
            ("default", payload["id"], now, now, True),
        )


def _instant(moment: datetime) -> datetime | str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}" if ON_SQLITE else moment
