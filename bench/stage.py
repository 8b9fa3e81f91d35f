"""The product's processes round a database, a Redis and a Desk that takes its time."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from time import monotonic, sleep
from typing import Any

import orjson
import requests
from pydantic import SecretStr

from bench.desk import ACCOUNTS, TOLD
from bench.servers import ORG, WEBHOOK, free_port, wait_for
from desk_sync import wiring
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn, stop
from desk_sync.settings import without_environment
from tests.support.key_host import entry
from tests.support.processes import START_SECONDS

PORTAL = wiring.DEFAULT
SECRETS = ("client_id", "client_secret", "refresh_token", "database_url", "redis_url")


@dataclass(frozen=True)
class Stage:
    """`app` is the product in this process; `settings` are what its other processes find in the environment."""

    folder: Path
    app: wiring.DeskSync
    settings: Mapping[str, str]
    children: list[Popen[bytes]]

    def start(self, *command: str) -> Popen[bytes]:
        """A process that ends with the stage."""
        environment = os.environ | {f"DESK_SYNC_{name.upper()}": value for name, value in self.settings.items()}
        with (self.folder / "log").open("ab") as log:
            child = spawn(command, env=environment, stdout=log, stderr=log)
        self.children.append(child)
        return child

    def start_ours(self, *arguments: str) -> Popen[bytes]:
        """One of the product's own, by its command."""
        return self.start(sys.executable, "-m", "desk_sync.cli", *arguments)

    def serve(self) -> tuple[Popen[bytes], int]:
        """Start the receiver; returns it and its port when it answers."""
        port = free_port()
        receiver = self.start_ours("serve", "--port", str(port))
        wait_for(port, receiver)
        return receiver, port

    def desk(self, what: str = "") -> dict[str, Any]:
        """What Desk has seen; `/forget` starts the counts again."""
        seen: dict[str, Any] = requests.get(f"{self.settings['desk_url']}{TOLD}{what}", timeout=10).json()
        return seen

    def wait_until(self, done: Callable[[], bool], seconds: float) -> None:
        """Raises TimeoutError; ends also if one of the processes has ended."""
        end = monotonic() + seconds
        while not done():
            if monotonic() > end or any(child.poll() is not None for child in self.children):
                raise TimeoutError((self.folder / "log").read_text()[-2000:])
            sleep(0.02)

    @property
    def owed(self) -> int:
        """Events that are stored and have not had their look."""
        events = self.app.inbox(PORTAL).counts()
        return events.stored - events.processed


@contextmanager
def staged(latency: float, *, database: str | None = None, **limits: int) -> Iterator[Stage]:
    """A fresh database, by default SQLite, with the accounts of the tests; Redis; and a Desk, `latency` in seconds.

    `limits` are settings of the product: `workers`, `concurrency`.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ds-bench-")))
        broker = stack.enter_context(EmbeddedBroker.start())
        port, children = free_port(), list[Popen[bytes]]()
        settings = {
            "desk_url": f"http://127.0.0.1:{port}",
            "accounts_url": f"http://127.0.0.1:{port}",
            "org_id": ORG,
            "webhook_id": WEBHOOK,
            "client_id": "1000.BENCH",
            "client_secret": "bench",
            "refresh_token": "1000.bench.refresh",
            "redis_url": broker.url,
            "database_url": database or f"sqlite:///{folder / 'store.sqlite3'}",
            **{name: str(value) for name, value in limits.items()},
        }
        app = stack.enter_context(wiring.open_app(without_environment(**_typed(settings))))
        app.upgrade()
        app.import_file(ACCOUNTS)
        stage = Stage(folder, app, settings, children)
        stack.callback(lambda: stop(list(reversed(children))))
        keys = folder / "keys.json"
        keys.write_bytes(orjson.dumps({"keys": [entry("k1")]}))
        stage.start(*_desk(port, latency, keys))
        stage.wait_until(lambda: _answers(settings["desk_url"]), seconds=START_SECONDS)
        yield stage


def _desk(port: int, latency: float, keys: Path) -> Sequence[str]:
    return (sys.executable, "-m", "bench.desk", str(port), "--latency", str(latency), "--keys", str(keys))


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}{TOLD}", timeout=1).ok
    except requests.RequestException:
        return False


def _typed(settings: Mapping[str, str]) -> dict[str, Any]:
    return {name: SecretStr(value) if name in SECRETS else value for name, value in settings.items()}
