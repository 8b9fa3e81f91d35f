"""A small HTTP server for the sources of subscription data, which answers by a list of functions."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """One response of the server."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class HostRequest:
    """One request that the server received."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


Answer = Callable[[HostRequest], Reply | None]


class ZohoHost:
    """Answers with the first function that returns a reply; 404 if none does. `requests` are all requests in order."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[Answer] = []
        self.requests: list[HostRequest] = []

    def answer(self, request: HostRequest) -> Reply:
        self.requests.append(request)
        replies = (reply for each in self.answers if (reply := each(request)))
        return next(replies, Reply({"code": 1002, "message": "does not exist."}, status=404))

    def count(self, path: str) -> int:
        return sum(each.path == path for each in self.requests)


@contextmanager
def serving() -> Iterator[ZohoHost]:
    host = ZohoHost()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            reply = host.answer(HostRequest(url.path, query, dict(self.headers)))
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
