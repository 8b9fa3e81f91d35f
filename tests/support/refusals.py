"""A broker that refuses to write, as a Redis does that has become a replica, or that is out of memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker


@dataclass(frozen=True, slots=True)
class RefusalKind:
    """The commands that make a server refuse, and those that end it."""

    begin: tuple[str, ...]
    end: tuple[str, ...]


REFUSALS: Mapping[str, RefusalKind] = {
    # Port 1 does not answer: the server stays a replica without a primary.
    "READONLY": RefusalKind(("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "OOM": RefusalKind(("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
}


@contextmanager
def refusing(url: str, kind: str) -> Iterator[None]:
    """Let the server refuse to write within the block."""
    with redis.Redis.from_url(url) as client:
        client.execute_command(*REFUSALS[kind].begin)
        try:
            yield
        finally:
            client.execute_command(*REFUSALS[kind].end)


@dataclass(slots=True)
class FailoverAddress:
    """An address that leads to `primary` first, and after `fail_over` to `replica`; the old primary then refuses.

    Connections that are open stay with the old primary, as with a name whose address changes.
    """

    path: Path
    primary: EmbeddedBroker
    replica: EmbeddedBroker

    def __post_init__(self) -> None:
        self.path.symlink_to(self.primary.socket)

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    @property
    def celery_url(self) -> str:
        return f"redis+socket://{self.path}"

    def fail_over(self) -> None:
        self.path.unlink()
        self.path.symlink_to(self.replica.socket)
        with redis.Redis.from_url(self.primary.url) as client:
            client.execute_command(*REFUSALS["READONLY"].begin)


@contextmanager
def failover_address(folder: Path) -> Iterator[FailoverAddress]:
    """Two servers of which the first is the primary."""
    with EmbeddedBroker.start() as primary, EmbeddedBroker.start() as replica:
        yield FailoverAddress(folder / "redis", primary, replica)
