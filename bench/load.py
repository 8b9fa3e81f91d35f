"""Deliveries sent over kept connections, on one event loop, with as little work for each as possible.

`flood` keeps every connection busy (closed loop), and measures throughput. `offer` sends at a fixed rate, independent
of the answers (open loop), and measures each wait from the instant at which the delivery was due.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter

import uvloop

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


@dataclass
class LoadResult:
    """The answers by status (0: no answer), the waits in seconds, and the seconds of the whole run."""

    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def accepted(self) -> int:
        return self.statuses[200]

    def wait(self, share: float) -> float:
        """Return the wait in seconds that `share` of the deliveries did not exceed."""
        return sorted(self.waits)[min(len(self.waits) - 1, int(share * len(self.waits)))]


def flood(port: int, deliveries: Iterator[bytes], *, connections: int, seconds: float) -> LoadResult:
    return uvloop.run(_flood(port, deliveries, connections, seconds))


def offer(port: int, deliveries: Iterator[bytes], *, rate: int, connections: int, seconds: float) -> LoadResult:
    return uvloop.run(_offer(port, deliveries, rate, connections, seconds))


async def _flood(port: int, deliveries: Iterator[bytes], connections: int, seconds: float) -> LoadResult:
    result, began = LoadResult(), perf_counter()

    async def keep_busy() -> None:
        connection = LoadConnection(port)
        while (now := perf_counter()) < began + seconds:
            result.statuses[await connection.send(next(deliveries))] += 1
            result.waits.append(perf_counter() - now)
        connection.close()

    await _all(keep_busy, connections)
    result.seconds = perf_counter() - began
    return result


async def _offer(port: int, deliveries: Iterator[bytes], rate: int, connections: int, seconds: float) -> LoadResult:
    result, began = LoadResult(), perf_counter()
    due = iter([began + number / rate for number in range(int(rate * seconds))])

    async def serve() -> None:
        connection = LoadConnection(port)
        for at in due:
            await asyncio.sleep(at - perf_counter())
            result.statuses[await connection.send(next(deliveries))] += 1
            result.waits.append(perf_counter() - at)
        connection.close()

    await _all(serve, connections)
    result.seconds = perf_counter() - began
    return result


async def _all(work: Callable[[], Awaitable[None]], count: int) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(work())


class LoadConnection(asyncio.Protocol):
    """One kept connection with one request at a time; reopened if the other side has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._seen = b""

    async def send(self, request: bytes) -> int:
        """Return the status of the answer; 0 without an answer within ten seconds."""
        loop = asyncio.get_running_loop()
        try:
            if self._transport is None or self._transport.is_closing():
                self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", self._port)
            self._seen, self._answer = b"", loop.create_future()
            self._transport.write(request)
            async with asyncio.timeout(10):
                return await self._answer
        except (OSError, TimeoutError):
            self.close()
            return 0

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, end, body = self._seen.partition(b"\r\n\r\n")
        if not end or not self._answer or self._answer.done():
            return
        length = _LENGTH.search(head)
        if length is None or len(body) >= int(length[1]):
            self._answer.set_result(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError())
