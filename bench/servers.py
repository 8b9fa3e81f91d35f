"""The three servers for deliveries, each one process on a database of its own, restarted for each measurement."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import requests
from sqlalchemy import make_url, text

from bench import environment, machine
from desk_sync.adapters.runtime.embedded_broker import spawn, stop
from desk_sync.adapters.store.engine import open_engine, reading
from desk_sync.adapters.store.upgrade import upgrade
from desk_sync.wiring.launcher import free_port
from tests.support.key_host import KeyHost, public_pem
from tests.support.postgres import Postgres
from tests.support.processes import START_SECONDS

ORG, WEBHOOK = "60001234567", "7"
PRODUCT, FLASK, FASTAPI = "desk-sync", "Flask + gunicorn threads", "FastAPI + async pool"
PEERS = Path(__file__).with_name("peers")
_numbers = count()


@dataclass(frozen=True)
class BenchServer:
    """A running server."""

    port: int
    pid: int
    database: str

    def cpu_seconds(self) -> float:
        return machine.cpu_seconds(self.pid)

    def stored(self) -> int:
        """Return the number of events in its database."""
        engine = open_engine(self.database)
        with reading(engine) as connection:
            found: int = connection.execute(text("SELECT count(*) FROM deliveries")).scalar_one()
        engine.dispose()
        return found


@dataclass(frozen=True)
class ServerSetup:
    """The things that the servers share: a folder, a PostgreSQL, Redis, and Desk's keys."""

    folder: Path
    postgres: Postgres
    redis_url: str
    keys: KeyHost

    @contextmanager
    def serve(self, name: str, backend: str) -> Iterator[BenchServer]:
        """Start a server on a fresh database, and stop it with the block."""
        database, port = self._new_database(backend), free_port()
        command, variables = (self._product if name == PRODUCT else self._peer)(name, database, port)
        with (self.folder / "log").open("ab") as log:
            process = spawn(command, env=os.environ | variables, cwd=PEERS, stdout=log, stderr=log)
            try:
                wait_for(port, process)
                yield BenchServer(port, process.pid, database)
            finally:
                stop([process])

    def _new_database(self, backend: str) -> str:
        """Return the URL of a fresh database with the product's tables."""
        if backend == "PostgreSQL":
            url = self.postgres.url(self.postgres.new_database())
        else:
            url = f"sqlite:///{self.folder / f'{next(_numbers)}.sqlite3'}"
        upgrade(url)
        return url

    def _product(self, _: str, database: str, port: int) -> tuple[Sequence[str], Mapping[str, str]]:
        variables = {
            "DESK_SYNC_DATABASE_URL": database,
            "DESK_SYNC_REDIS_URL": self.redis_url,
            "DESK_SYNC_DESK_URL": self.keys.url.rpartition("/.well-known")[0],
            "DESK_SYNC_ORG_ID": ORG,
            "DESK_SYNC_WEBHOOK_ID": WEBHOOK,
        }
        return [sys.executable, "-m", "desk_sync.cli", "serve", "--port", str(port)], variables

    def _peer(self, name: str, database: str, port: int) -> tuple[Sequence[str], Mapping[str, str]]:
        key = self.folder / "key.pem"
        key.write_bytes(public_pem("k1"))
        place = _driver_address(database)
        variables = {
            "BENCH_DATABASE": place,
            "BENCH_PUBLIC_KEY": str(key),
            "BENCH_ISSUER": f"orgId:{ORG}",
            "BENCH_AUDIENCE": f"webhookId:{WEBHOOK}",
            "PYTHONPATH": str(PEERS),
        }
        commands = environment.peers()
        at = f"127.0.0.1:{port}"
        threads = ["--worker-class", "gthread", "--workers", "1", "--threads", "16", "--log-level", "warning"]
        quiet = ["--no-access-log", "--log-level", "warning"]
        return {
            FLASK: [str(commands / "gunicorn"), "flask_app:app", "--bind", at, *threads],
            FASTAPI: [str(commands / "uvicorn"), "fastapi_app:app", "--port", str(port), *quiet],
        }[name], variables


def _driver_address(database: str) -> str:
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"postgresql://{url.username}@/{url.database}?host={url.query['host']}"


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(requests.RequestException):
            requests.get(f"http://127.0.0.1:{port}/webhooks/desk/default", timeout=1).raise_for_status()
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")
