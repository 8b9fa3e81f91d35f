"""The product's processes around a database, a Redis, and a Desk with a given latency."""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import orjson
import requests
from pydantic import SecretStr

from bench.desk import ACCOUNTS, COUNTS_PATH
from bench.servers import ORG, WEBHOOK
from desk_sync.settings import without_environment
from desk_sync.wiring.launcher import ProcessLauncher, answers, free_port, launcher
from desk_sync.wiring.offline import read_accounts
from desk_sync.wiring.opening import open_database
from desk_sync.wiring.process import DEFAULT, DeskSync
from tests.support.key_host import entry

PORTAL = DEFAULT
SECRETS = ("client_id", "client_secret", "refresh_token", "database_url", "redis_url")


@dataclass(frozen=True)
class BenchProcesses:
    """`app` is the product in this process; `settings` are those of its other processes, by the environment."""

    processes: ProcessLauncher
    app: DeskSync
    settings: Mapping[str, str]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def start(self, *command: str) -> Popen[bytes]:
        """Start a process that ends with this one."""
        return self.processes.start(f"process-{next(self.numbers)}", *command)

    def start_product(self, *arguments: str) -> Popen[bytes]:
        """Start one of the product's own processes, by its command."""
        return self.processes.start_product(f"process-{next(self.numbers)}", *arguments)

    def serve(self) -> tuple[Popen[bytes], int]:
        """Start the receiver; return it and its port as soon as it answers."""
        port = free_port()
        receiver = self.start_product("serve", "--port", str(port))
        self.processes.wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        return receiver, port

    def desk(self, path: str = "") -> dict[str, Any]:
        """Return what Desk has counted; the path `/forget` starts the counts again."""
        seen: dict[str, Any] = requests.get(f"{self.settings['desk_url']}{COUNTS_PATH}{path}", timeout=10).json()
        return seen

    def wait_until(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until `done()`. Raises TemporaryError if a process ends before, or it takes longer."""
        self.processes.wait_until(done, timedelta(seconds=seconds))

    @property
    def pending(self) -> int:
        """The number of events that are stored and have not had their look."""
        events = self.app.portal(PORTAL).inbox.counts()
        return events.stored - events.processed


@contextmanager
def bench_processes(latency: float, *, database: str | None = None, **limits: int) -> Iterator[BenchProcesses]:
    """Start a fresh database (SQLite by default) with the tests' accounts, Redis, and a Desk of `latency` seconds.

    `limits` are settings of the product: `workers`, `concurrency`.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ds-bench-")))
        processes = stack.enter_context(launcher(folder))
        port = free_port()
        settings = {
            "desk_url": f"http://127.0.0.1:{port}",
            "accounts_url": f"http://127.0.0.1:{port}",
            "org_id": ORG,
            "webhook_id": WEBHOOK,
            "client_id": "1000.BENCH",
            "client_secret": "bench",
            "refresh_token": "1000.bench.refresh",
            "redis_url": processes.broker.url,
            "database_url": database or f"sqlite:///{folder / 'store.sqlite3'}",
            **{name: str(value) for name, value in limits.items()},
        }
        processes.environment.update({f"DESK_SYNC_{name.upper()}": value for name, value in settings.items()})
        app = stack.enter_context(open_database(without_environment(**_typed(settings))))
        app.upgrade()
        app.sources.imports.run_file(read_accounts(ACCOUNTS))
        keys = folder / "keys.json"
        keys.write_bytes(orjson.dumps({"keys": [entry("k1")]}))
        bench = BenchProcesses(processes, app, settings)
        bench.start(*_desk(port, latency, keys))
        processes.wait_until(lambda: answers(f"{settings['desk_url']}{COUNTS_PATH}"))
        yield bench


def _desk(port: int, latency: float, keys: Path) -> Sequence[str]:
    return (sys.executable, "-m", "bench.desk", str(port), "--latency", str(latency), "--keys", str(keys))


def _typed(settings: Mapping[str, str]) -> dict[str, Any]:
    return {name: SecretStr(value) if name in SECRETS else value for name, value in settings.items()}
