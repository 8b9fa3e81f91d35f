"""A progress bar for long work: on a terminal only, and on stderr, so that stdout can be piped."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class ProgressTracker(Protocol):
    def __call__(self, items: Iterable[T], what: str, *, total: int | None = None) -> Iterable[T]:
        """Yield the same items and show how many have passed; `total` is their number, if known."""
        ...


@contextmanager
def progress_bar() -> Iterator[ProgressTracker]:
    """Provide a function that wraps items in a progress bar; without a terminal it only passes them on."""
    if not sys.stderr.isatty():
        yield lambda items, what, *, total=None: items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield lambda items, what, *, total=None: bar.track(items, total=total, description=what)
