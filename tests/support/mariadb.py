"""A MariaDB of our own for tests, if its server is installed: on PATH, in /usr/sbin, or at DESK_SYNC_TEST_MARIADB.

It listens on a socket only, runs as an ordinary user, and keeps nothing. Debian has it in mariadb-server-core.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pymysql

_START_WITHIN = 30.0  # seconds


class NoMariaDb(Exception):
    """There is no MariaDB server on this machine."""


@dataclass(frozen=True, slots=True)
class MariaDb:
    """A running server. Take a new database for each test."""

    socket: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def new_database(self) -> str:
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def run(self, *statements: str) -> None:
        """Run statements as the administrator."""
        with pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def url(self, database: str, user: str = "root", password: str = "") -> str:
        """Return the URL for a source."""
        return f"mariadb://{user}:{password}@localhost/{database}?unix_socket={self.socket}"


@contextmanager
def run_mariadb() -> Iterator[MariaDb]:
    """Run a server until the end of the block. Raises NoMariaDb."""
    binary = find_mariadb()
    if binary is None:
        raise NoMariaDb("there is no MariaDB server here (Debian: mariadb-server-core)")
    folder = Path(tempfile.mkdtemp(prefix="ds-mdb-"))
    try:
        with _server(binary, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(binary: Path, folder: Path) -> Iterator[MariaDb]:
    base, data, socket = binary.parents[1], folder / "data", folder / "socket"
    data.mkdir()
    own = ["--no-defaults", f"--basedir={base}", f"--datadir={data}", f"--user={pwd.getpwuid(os.getuid()).pw_name}"]
    subprocess.run(
        [binary, *own, "--bootstrap", "--skip-log-bin"],
        input=_system_tables(base / "share" / "mysql"),
        check=True,
        capture_output=True,
        timeout=_START_WITHIN,
    )
    process = subprocess.Popen(
        [binary, *own, f"--socket={socket}", "--skip-networking", f"--pid-file={folder / 'pid'}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = MariaDb(socket)
    try:
        _await(server, process)
        yield server
    finally:
        process.terminate()
        process.wait()


def _system_tables(share: Path) -> bytes:
    """Return the statements that make the tables of users and rights, with an administrator without a password."""
    scripts = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")
    head = b"CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"
    return head + b"\n".join((share / name).read_bytes() for name in scripts)


def _await(server: MariaDb, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_WITHIN
    while True:
        try:
            server.run("SELECT 1")
        except pymysql.err.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def find_mariadb() -> Path | None:
    """Return the program of the server, if it is installed."""
    named = os.environ.get("DESK_SYNC_TEST_MARIADB") or shutil.which("mariadbd", path=f"{os.defpath}:/usr/sbin")
    return Path(named).resolve() if named else None
