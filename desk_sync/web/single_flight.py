"""A blocking call that may hang, shared by concurrent requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs the call on a thread of its own. Requests during a call share it, so that a hanging one costs one thread."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shared call")
        self._running: asyncio.Future[T] | None = None

    async def result(self, *, within: timedelta) -> T:
        """Return or raise the outcome of the call. Raises TimeoutError if that takes longer than `within`."""
        if self._running is None or self._running.done():
            self._running = asyncio.wrap_future(self._pool.submit(self._call))
        return await asyncio.wait_for(asyncio.shield(self._running), within.total_seconds())
