"""Flask on gunicorn's threads: a connection for each thread, a commit for each request."""

from __future__ import annotations

import sqlite3
import threading

import delivery
import jwt
import orjson
from flask import Flask, request
from psycopg_pool import ConnectionPool

app = Flask(__name__)
_mark = "?" if delivery.ON_SQLITE else "%s"
STORE, MARK = (delivery.with_marks(each, _mark) for each in (delivery.STORE, delivery.MARK))
_own = threading.local()
_pool = None if delivery.ON_SQLITE else ConnectionPool(delivery.DATABASE, min_size=4, max_size=16)


@app.post("/webhooks/desk/default")
def receive() -> tuple[str, int]:
    try:
        delivery.check(request.headers.get("X-ZDesk-JWT", ""))
    except jwt.PyJWTError:
        return "refused", 401
    events = orjson.loads(request.get_data())
    _store_in_postgresql(events) if _pool else _store_in_sqlite(events)
    return "ok", 200


@app.get("/webhooks/desk/default")
def greet() -> tuple[str, int]:
    return "ok", 200


def _store_in_postgresql(events: list[dict]) -> None:
    with _pool.connection() as connection:
        for event, ticket in delivery.rows(events):
            connection.execute(STORE, event)
            connection.execute(MARK, ticket)


def _store_in_sqlite(events: list[dict]) -> None:
    if not hasattr(_own, "connection"):
        _own.connection = sqlite3.connect(delivery.DATABASE, isolation_level=None)
        for pragma in delivery.PRAGMAS:
            _own.connection.execute(pragma)
    _own.connection.execute("BEGIN IMMEDIATE")
    for event, ticket in delivery.rows(events):
        _own.connection.execute(STORE, event)
        _own.connection.execute(MARK, ticket)
    _own.connection.execute("COMMIT")
