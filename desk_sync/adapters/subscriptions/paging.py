"""Pages of sources: a run that was interrupted goes on after its last page, and no list is read for ever.

A list may change while it is read page by page. Rows that move to an earlier page are skipped by a reading in order,
and rows that move to a later page are skipped by one in the opposite order. So a list of several pages is read in both
orders, and again while that finds rows which no earlier reading had; a row that is seen twice is one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from desk_sync.adapters.subscriptions.lenient import Raw
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import PermanentError, TemporaryError
from desk_sync.ports.subscriptions import CheckpointStore, SourcePage, SourceProblem

MOST_PAGES = 100_000
"""The most pages of a run."""
MOST_LIST_PAGES = 5_000
"""The most pages of one list: a million rows of Zoho's APIs."""
MOST_PASSES = 4
T = TypeVar("T")


def resumed(checkpoints: CheckpointStore, read: Callable[[str], SourcePage]) -> Iterator[SourcePage]:
    """Yield the pages in the checkpoints, then those that `read` returns.

    `read` is called with the `after` of the page before, "" for the first page. A page is kept before it is yielded.
    Raises PermanentError for a source without an end.
    """
    after: str | None = ""
    number = 0
    for page in checkpoints.pages():
        after, number = page.after, number + 1
        yield page
    while after is not None:
        if number >= MOST_PAGES:
            raise PermanentError(f"the source has no end: {number:,} pages were read")
        page = replace(read(after), before=after)
        after, number = page.after, number + 1
        if after is not None:
            checkpoints.keep(page)
        yield page


@dataclass(slots=True)
class PagePart:
    """The part of a page that can be read now: a call that fails for a while ends the page before its entry.

    So no turn is without progress. What was read is kept as a page, and the next one raises the error.
    """

    stopped: TemporaryError | None = None

    def check(self) -> None:
        """Raise the error that ended the page before, if one did."""
        if self.stopped:
            raise self.stopped

    def read(self, entries: Sequence[str], read: Callable[[str], Iterable[T]]) -> tuple[Sequence[str], list[T]]:
        """Return the entries that were read, and what they have. Raises the error of the first one."""
        found: list[T] = []
        for place, entry in enumerate(entries):
            try:
                found += read(entry)
            except TemporaryError as error:
                if not place:
                    raise
                self.stopped = error
                return entries[:place], found
        return entries, found


def accounts_of(pages: Iterator[SourcePage], problems: list[SourceProblem]) -> Iterator[Account]:
    """Yield the accounts of the pages, and add the pages' problems to `problems`."""
    for page in pages:
        problems += page.problems
        yield from page.accounts


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list, and if the source says that there are more."""

    rows: Sequence[Raw]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPlace:
    """A place in the reading of a list. `found` counts the rows that no earlier pass had. Pages count from 1."""

    number: int = 1
    found: int = 0
    page: int = 1

    @classmethod
    def parse(cls, mark: str) -> ListPlace:
        number, found, page = map(int, mark.split(":"))
        return cls(number=number, found=found, page=page)

    def __str__(self) -> str:
        return f"{self.number}:{self.found}:{self.page}"

    def next(self, *, more: bool, found: int) -> ListPlace | None:
        """Return the place after a page with `found` rows that no earlier pass had; None when the list is read.

        Odd passes read from the first page to the last, even ones from the page before the last to the first.
        """
        here = replace(self, found=self.found + found)
        if self.number % 2:
            if more:
                return replace(here, page=self.page + 1)
            backwards = self.page > 1 and here._again
            return ListPlace(number=self.number + 1, page=self.page - 1) if backwards else None
        if self.page > 1:
            return replace(here, page=self.page - 1)
        return ListPlace(number=self.number + 1) if here._again else None

    @property
    def _again(self) -> bool:
        return self.number == 1 or (self.found > 0 and self.number < MOST_PASSES)


def check_page(page: ListPage, place: int, *, new: int, what: str) -> None:
    """Raise PermanentError for a page that announces more and has nothing new: the list repeats, or has no end."""
    if page.more and not new:
        had = "repeats rows of earlier pages" if page.rows else "is empty"
        raise PermanentError(f"page {place} of {what} {had}, and announces more")
    if page.more and place >= MOST_LIST_PAGES:
        raise PermanentError(f"{what} has no end: {place:,} pages were read")
