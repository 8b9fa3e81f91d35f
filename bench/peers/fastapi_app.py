"""FastAPI on uvicorn: an async pool of connections, a commit for each request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosqlite
import asyncpg
import delivery
import jwt
import orjson
from fastapi import FastAPI, Header, HTTPException, Request

POOL = 8
_mark = "?" if delivery.ON_SQLITE else "${}"
STORE, MARK = (delivery.with_marks(each, _mark) for each in (delivery.STORE, delivery.MARK))


@asynccontextmanager
async def connected(app: FastAPI) -> AsyncIterator[None]:
    if delivery.ON_SQLITE:
        app.state.free = asyncio.Queue()
        connections = [await _open_sqlite() for _ in range(POOL)]
        for connection in connections:
            app.state.free.put_nowait(connection)
        app.state.store = _store_in_sqlite
        yield
        for connection in connections:
            await connection.close()
        return
    async with asyncpg.create_pool(delivery.DATABASE, min_size=POOL, max_size=POOL) as pool:
        app.state.pool, app.state.store = pool, _store_in_postgresql
        yield


app = FastAPI(lifespan=connected)


@app.post("/webhooks/desk/default")
async def receive(request: Request, x_zdesk_jwt: str = Header(alias="X-ZDesk-JWT")) -> str:
    try:
        delivery.check(x_zdesk_jwt)
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    await app.state.store(orjson.loads(await request.body()))
    return "ok"


@app.get("/webhooks/desk/default")
async def greet() -> str:
    return "ok"


async def _open_sqlite() -> aiosqlite.Connection:
    connection = await aiosqlite.connect(delivery.DATABASE, isolation_level=None)
    for pragma in delivery.PRAGMAS:
        await connection.execute(pragma)
    return connection


async def _store_in_sqlite(events: list[dict]) -> None:
    connection = await app.state.free.get()
    try:
        await connection.execute("BEGIN IMMEDIATE")
        for event, ticket in delivery.rows(events):
            await connection.execute(STORE, event)
            await connection.execute(MARK, ticket)
        await connection.execute("COMMIT")
    finally:
        app.state.free.put_nowait(connection)


async def _store_in_postgresql(events: list[dict]) -> None:
    async with app.state.pool.acquire() as connection, connection.transaction():
        for event, ticket in delivery.rows(events):
            await connection.execute(STORE, *event)
            await connection.execute(MARK, *ticket)
