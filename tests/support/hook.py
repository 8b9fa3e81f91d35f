"""A local HTTP server that receives notices by apprise's `json://`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Hook:
    """`posts` are the received notices, in order. After `seconds`, and with `answering` set, the answer is `status`."""

    url: str = ""
    status: int = 200
    seconds: float = 0.0
    posts: list[dict[str, Any]] = field(default_factory=list)
    answering: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.answering.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Answer none of the notices within the block before its end."""
        self.answering.clear()
        try:
            yield
        finally:
            self.answering.set()


@contextmanager
def listening(path: str = "", *, seconds: float = 0.0) -> Iterator[Hook]:
    """Run the server and yield its hook."""
    hook = Hook(seconds=seconds)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            time.sleep(hook.seconds)
            hook.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            hook.answering.wait()
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.url = f"json://127.0.0.1:{server.server_port}/{path}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield hook
    server.shutdown()
    server.server_close()
