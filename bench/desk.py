"""A minimal Desk: answers the calls of one look after `--latency` seconds, with the tickets as they were written.

The simulated Desk checks every call, which takes milliseconds; beside the product on the same machine its own time
would be measured. This one takes a twentieth, and counts. Every ticket is a partner's, of a large account.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

import orjson
import uvicorn
from starlette.types import Receive, Scope, Send

API, COUNTS_PATH = "/api/v1/", "/_bench"
SAMPLE = Path(__file__).parents[1] / "tests" / "cases" / "payloads" / "rest_get_ticket.json"
ACCOUNTS = Path(__file__).parents[1] / "tests" / "cases" / "accounts" / "accounts.csv"
PARTNER = {
    "id": "1",
    "accountName": "Southern Cross IT",
    "website": "southern-cross-it.example",
    "country": "Australia",
}
LARGE = {
    "cf_customer_primary_email_address": "it.admin@coolabah-mining.example",
    "cf_type_of_support_request": "Technical Support",
    "cf_issue_type": "Defect",
}
LIFETIME = 3600

Json: TypeAlias = dict[str, Any]


class BenchDesk:
    """`_written` holds the instant of each ticket's first write, on this machine's monotonic clock."""

    def __init__(self, latency: float, keys: Json) -> None:
        self._latency = latency
        self._keys = keys
        self._sample: Json = json.loads(SAMPLE.read_bytes()) | {"createdTime": _now()}
        self._fields: dict[str, Json] = {}
        self._in_flight = 0
        self._forget()

    def _forget(self) -> None:
        self._calls: Counter[str] = Counter()
        self._written: dict[str, float] = {}
        self._most_in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        body = await _read(receive)
        if path.startswith(API):
            answer = await self._work(method, path.removeprefix(API), body)
        else:
            answer = self._answer_other(path)
        text = orjson.dumps(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(text))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    async def _work(self, method: str, path: str, body: bytes) -> Json:
        noun, _, rest = path.partition("/")
        ticket_id, _, part = rest.partition("/")
        self._calls[f"{method} {noun}/{part}"] += 1
        self._in_flight += 1
        self._most_in_flight = max(self._most_in_flight, self._in_flight)
        await asyncio.sleep(self._latency)
        self._in_flight -= 1
        if noun != "tickets" or part:
            return PARTNER | {"data": []}
        if method == "PATCH":
            self._write(ticket_id, orjson.loads(body))
        return self._ticket(ticket_id)

    def _write(self, ticket_id: str, body: Json) -> None:
        known = self._fields.setdefault(ticket_id, {"cf": {}})
        known["cf"] |= body.pop("cf", {})
        known |= body
        self._written.setdefault(ticket_id, monotonic())

    def _ticket(self, ticket_id: str) -> Json:
        own = self._fields.get(ticket_id, {})
        return {**self._sample, **own, "id": ticket_id, "modifiedTime": _now(), "cf": LARGE | own.get("cf", {})}

    def _answer_other(self, path: str) -> Json:
        """Return tokens, keys, or the counts for the benchmark."""
        match path:
            case "/oauth/v2/token":
                return {"access_token": "1000.bench", "token_type": "Bearer", "expires_in": LIFETIME}
            case _ if path == COUNTS_PATH:
                return {"calls": self._calls, "most_in_flight": self._most_in_flight, "written": self._written}
            case _ if path == f"{COUNTS_PATH}/forget":
                self._forget()
        return self._keys


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.desk")
    parser.add_argument("port", type=int)
    parser.add_argument("--latency", type=float, required=True)
    parser.add_argument("--keys", type=Path, required=True, help="the key set that signs deliveries")
    arguments = parser.parse_args()
    desk = BenchDesk(arguments.latency, json.loads(arguments.keys.read_bytes()))
    # The timeout covers a run: a kept connection that is closed between two rounds fails the first call of the next.
    quiet: Json = {"log_level": "warning", "access_log": False}
    uvicorn.run(desk, port=arguments.port, lifespan="off", timeout_keep_alive=3600, **quiet)


if __name__ == "__main__":
    main()
