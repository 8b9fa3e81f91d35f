"""A blocking call that many may ask for and that may hang."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Has a thread of its own. Who asks while the call is under way shares it, so that one that hangs hangs once."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shared call")
        self._running: asyncio.Future[T] | None = None

    async def result(self, *, within: timedelta) -> T:
        """What the call gives or raises. Raises TimeoutError if that takes longer than `within`."""
        if self._running is None or self._running.done():
            self._running = asyncio.wrap_future(self._pool.submit(self._call))
        return await asyncio.wait_for(asyncio.shield(self._running), within.total_seconds())
