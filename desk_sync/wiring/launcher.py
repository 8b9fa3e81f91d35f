"""Processes around a broker of their own, for the demo, the benchmarks and the fault tests.

Every process ends with the one that started it, also when that one is killed.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from subprocess import Popen
from threading import Event
from time import monotonic

import requests

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn, stop
from desk_sync.errors import TemporaryError

START_TIMEOUT = timedelta(minutes=2)
"""How long a process may take to start on a machine with other work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLauncher:
    """Starts processes and keeps their logs in `folder`, one file a name. `children` are the last of each name.

    `environment` holds their environment variables; later changes reach the processes that start later.
    """

    folder: Path
    broker: EmbeddedBroker
    environment: dict[str, str]
    children: dict[str, Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *command: str, stdout: int | None = None) -> Popen[bytes]:
        """Start a process; its output goes to its log, or what it prints to `stdout`."""
        with self.log(name).open("ab") as log:
            self.children[name] = spawn(command, env=self.environment, stdout=stdout or log, stderr=log)
        return self.children[name]

    def start_product(self, name: str, *arguments: str, stdout: int | None = None) -> Popen[bytes]:
        """Start a process of the product by the arguments of its command."""
        return self.start(name, sys.executable, "-m", "desk_sync.cli", *arguments, stdout=stdout)

    def run_product(self, name: str, *arguments: str) -> None:
        """Run a command of the product to its end. Raises TemporaryError with its last lines if it fails."""
        status = self.start_product(name, *arguments).wait(START_TIMEOUT.total_seconds())
        del self.children[name]
        if status:
            raise TemporaryError(f"{name} ended with status {status}\n{self._last_lines([name])}")

    def wait_until(self, done: Callable[[], bool], timeout: timedelta = START_TIMEOUT) -> None:
        """Wait until `done()`. Raises TemporaryError if a process ends before, or it takes longer than `timeout`."""
        end = monotonic() + timeout.total_seconds()
        while not done():
            if ended := [name for name, child in self.children.items() if child.poll() is not None]:
                raise TemporaryError(f"{', '.join(ended)} ended early\n{self._last_lines(ended)}")
            if monotonic() > end:
                raise TemporaryError(f"not done after {timeout.seconds} s\n{self._last_lines(self.children)}")
            Event().wait(0.02)

    def log(self, name: str) -> Path:
        """Return the file of a process's log."""
        return self.folder / f"{name}.log"

    def _last_lines(self, names: Iterable[str]) -> str:
        return "\n".join(line for name in names for line in self.log(name).read_text().splitlines()[-10:])


@contextmanager
def launcher(folder: Path) -> Iterator[ProcessLauncher]:
    """A launcher with a broker, which the environment names; at the end the processes are stopped, the last first."""
    with EmbeddedBroker.start() as broker:
        processes = ProcessLauncher(
            folder=folder, broker=broker, environment=os.environ | {"DESK_SYNC_REDIS_URL": broker.url}
        )
        try:
            yield processes
        finally:
            stop(list(reversed(processes.children.values())))


def answers(url: str) -> bool:
    """Return True if a GET of the address succeeds within a second."""
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


def free_port() -> int:
    """Return a TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
