"""Recording of HTTP traffic as an HTTP Archive 1.2: a recorder for ASGI applications, and the archive of its files.

Each exchange is one line of JSON, appended in one write, so that several processes may write to one file. A record
holds what was received and what was passed to the server for sending: headers unchanged, bodies byte for byte (base64
where they are not UTF-8). A response that was cut short is recorded as far as it was sent; one that never began has
status 0. Times are milliseconds; `now` gives the wall clock.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = Iterable[tuple[bytes, bytes]]


class HarRecorder:
    """Middleware that appends every exchange to `file`, except those whose path begins with `skip`."""

    def __init__(self, app: ASGIApp, file: Path, *, now: Callable[[], datetime], skip: str | None = None) -> None:
        self._app = app
        self._file = file
        self._now = now
        self._skip = skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (self._skip and scope["path"].startswith(self._skip)):
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope=scope, started_at=self._now())
        try:
            await self._app(scope, exchange.recording_request(receive), exchange.recording_response(send))
        finally:
            _append(self._file, exchange.entry())


def archive(*files: Path, creator_version: str) -> dict[str, Any]:
    """Return one archive of the exchanges in all existing files, in the order in which they started."""
    lines = (line for file in files if file.exists() for line in file.read_bytes().splitlines())
    entries = sorted((orjson.loads(line) for line in lines), key=lambda entry: str(entry["startedDateTime"]))
    creator = {"name": "desk-sync", "version": creator_version}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """One request and its response, recorded while they pass through."""

    scope: Scope
    started_at: datetime
    began: float = field(default_factory=monotonic)
    answered: float | None = None
    status: int = 0
    response_headers: Headers = ()
    request_body: bytearray = field(default_factory=bytearray)
    response_body: bytearray = field(default_factory=bytearray)

    def recording_request(self, receive: Receive) -> Receive:
        async def receive_and_record() -> Message:
            message = await receive()
            self.request_body += message.get("body", b"")
            return message

        return receive_and_record

    def recording_response(self, send: Send) -> Send:
        async def send_and_record(message: Message) -> None:
            await send(message)
            self._record_response(message)

        return send_and_record

    def _record_response(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.answered = monotonic()
            self.status = message["status"]
            self.response_headers = message["headers"]
        self.response_body += message.get("body", b"")

    def entry(self) -> dict[str, Any]:
        ended = monotonic()
        answered = self.answered or ended
        wait, receive = _milliseconds(answered - self.began), _milliseconds(ended - answered)
        return {
            "startedDateTime": self.started_at.astimezone(UTC)
            .isoformat(timespec="microseconds")
            .replace("+00:00", "Z"),
            "time": round(wait + receive, 3),
            "request": self._request(),
            "response": self._response(),
            "cache": {},
            "timings": {
                "blocked": -1,
                "dns": -1,
                "connect": -1,
                "ssl": -1,
                "send": 0,
                "wait": wait,
                "receive": receive,
            },
            "connection": str((self.scope.get("client") or ("", ""))[1]),
        }

    def _request(self) -> dict[str, Any]:
        headers = _headers(self.scope["headers"])
        query = self.scope["query_string"].decode("latin-1")
        path = (self.scope.get("raw_path") or self.scope["path"].encode()).decode("latin-1")
        request = {
            "method": self.scope["method"],
            "url": f"{self.scope['scheme']}://{self._host(headers)}{path}{'?' if query else ''}{query}",
            "queryString": [_pair(*each) for each in parse_qsl(query, keep_blank_values=True)],
            "bodySize": len(self.request_body),
        }
        return self._message(headers) | request | self._posted(headers)

    def _posted(self, headers: list[dict[str, str]]) -> dict[str, Any]:
        if not self.request_body:
            return {}
        text, encoding = _text(bytes(self.request_body))
        return {"postData": {"mimeType": _type(headers), "params": [], "text": text, **encoding}}

    def _response(self) -> dict[str, Any]:
        headers = _headers(self.response_headers)
        text, encoding = _text(bytes(self.response_body))
        return self._message(headers) | {
            "status": self.status,
            "statusText": "",
            "content": {"size": len(self.response_body), "mimeType": _type(headers), "text": text, **encoding},
            "redirectURL": "",
            "bodySize": len(self.response_body) if self.status else -1,
        }

    def _message(self, headers: list[dict[str, str]]) -> dict[str, Any]:
        version = f"HTTP/{self.scope['http_version']}"
        return {"httpVersion": version, "cookies": [], "headers": headers, "headersSize": -1}

    def _host(self, headers: list[dict[str, str]]) -> str:
        return next((each["value"] for each in headers if each["name"].lower() == "host"), "")


def _headers(raw: Headers) -> list[dict[str, str]]:
    return [_pair(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]


def _pair(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def _type(headers: list[dict[str, str]]) -> str:
    return next((each["value"] for each in headers if each["name"].lower() == "content-type"), "")


def _text(body: bytes) -> tuple[str, dict[str, str]]:
    try:
        return body.decode(), {}
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), {"encoding": "base64"}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _append(file: Path, entry: Mapping[str, Any]) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.write(handle, orjson.dumps(entry) + b"\n")
    finally:
        os.close(handle)
