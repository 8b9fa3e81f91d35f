"""The processor time of a call, and its growth when the input is doubled."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST = 2.3
"""The growth that is refused. Twice the input takes about twice the time of a linear reader, four times a quadratic."""
_LEAST_SECONDS = 0.004
_ROUNDS = 12


@contextmanager
def _without_collections() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds(act: Callable[[], object]) -> float:
    """Return the time of one call on this thread's processor."""
    start = time.thread_time()
    act()
    return time.thread_time() - start


def growth(act: Callable[[int], object], *, first: int = 500, last: int = 1 << 16) -> float:
    """Return how many times longer `act(2 * n)` takes than `act(n)`, for the first `n` that takes some milliseconds.

    The best of several runs counts, taken in turns, so that a busy machine does not change the result. 0 if even `last`
    takes no time.
    """
    with _without_collections():
        size = first
        while (once := seconds(lambda: act(size))) < _LEAST_SECONDS and size < last:
            size *= 2
        if once < _LEAST_SECONDS:
            return 0.0
        one, two = once, float("inf")
        for _ in range(_ROUNDS):
            two = min(two, seconds(lambda: act(2 * size)))
            one = min(one, seconds(lambda: act(size)))
            if two <= MOST * one:
                break
        return two / one
