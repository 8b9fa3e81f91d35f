"""The processor time of a call, and its growth when the input is doubled."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

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
        sizes = (first << doublings for doublings in range((last // first).bit_length()))
        size = next((each for each in sizes if seconds(partial(act, each)) >= _LEAST_SECONDS), None)
        return 0.0 if size is None else _ratio(partial(act, size), partial(act, 2 * size))


def _ratio(act: Callable[[], object], twice: Callable[[], object]) -> float:
    one = two = float("inf")
    for _ in range(_ROUNDS):
        one, two = min(one, seconds(act)), min(two, seconds(twice))
        if two <= MOST * one:
            break
    return two / one
