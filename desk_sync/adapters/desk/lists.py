"""Lists of Desk that are read page after page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from desk_sync.adapters.desk.raw import Raw, items


class GetCall(Protocol):
    """One GET of Desk's REST API."""

    def __call__(self, path: str, query: Mapping[str, str | int] | None = None) -> Raw: ...


def entries(get: GetCall, path: str, size: int, query: Mapping[str, str] | None = None) -> Iterator[Raw]:
    """Yield the entries of a list, in pages of `size`, until a page is not full."""
    start, more = 0, True
    while more:
        page = items(get(path, {**(query or {}), "from": start, "limit": size}))
        yield from page
        start, more = start + size, len(page) == size


def smaller(size: int) -> int:
    """Return the size of the page to ask for after one that was too large."""
    return max(size // 10, 1)


def larger(size: int, largest: int) -> int:
    """Return the size of the next page after one that was not too large."""
    return min(size * 10, largest)
