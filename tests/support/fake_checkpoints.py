"""The stores that sources use, in memory: checkpoints of pages, and the units of plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from desk_sync.ports.subscriptions import SourcePage


class FakeCheckpoints:
    """Keeps pages in memory."""

    def __init__(self) -> None:
        self.kept: list[SourcePage] = []
        self.calls = 0
        self.expected = (0, 0)

    def pages(self) -> Iterator[SourcePage]:
        return iter(list(self.kept))

    def keep(self, page: SourcePage) -> None:
        self.kept.append(page)

    def work(self) -> None:
        self.calls += 1

    def expect(self, *, customers: int, calls: int) -> None:
        self.expected = (customers, calls)


class FakeUnits:
    """Keeps the last saved units in memory."""

    def __init__(self) -> None:
        self.known: Mapping[str, str] | None = None

    def read(self) -> Mapping[str, str] | None:
        return self.known

    def save(self, units: Mapping[str, str]) -> None:
        self.known = units


class FakeMeter:
    """Allows every call, and counts them."""

    def __init__(self) -> None:
        self.calls = 0

    def spend(self, most: int) -> None:
        self.calls += 1
