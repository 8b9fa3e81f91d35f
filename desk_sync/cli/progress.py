"""A bar that shows how far long work has come: on a terminal only, and on stderr, so that it is in nobody's way."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class ProgressWatch(Protocol):
    def __call__(self, items: Iterable[T], what: str, *, total: int | None = None) -> Iterable[T]:
        """The same items, shown as they go by; `total` is how many there will be, if anybody knows."""
        ...


@contextmanager
def watching() -> Iterator[ProgressWatch]:
    """What to wrap the items in; without a terminal it does nothing."""
    if not sys.stderr.isatty():
        yield lambda items, what, *, total=None: items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield lambda items, what, *, total=None: bar.track(items, total=total, description=what)
