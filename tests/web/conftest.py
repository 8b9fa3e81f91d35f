"""A real uvicorn on 127.0.0.1, in a thread of the test."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from starlette.types import ASGIApp

Serve = Callable[..., str]


def _serve() -> Iterator[Serve]:
    """Yield a function that serves an application until the test, or the module, ends, and returns its URL."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(application: ASGIApp, http: type[asyncio.Protocol] | str = "auto") -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(application, http=http, log_level="error", lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread))
        while not server.started:
            assert thread.is_alive(), "uvicorn did not start"
            time.sleep(0.01)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, _ in running:
        server.should_exit = True
    for _, thread in running:
        thread.join(5)


serve = pytest.fixture(_serve)
serve_for_long = pytest.fixture(_serve, scope="module")
