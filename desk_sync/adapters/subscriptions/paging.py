"""A pull page by page: what was read before a pull died is not read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from desk_sync.domain.account.subscription import Account
from desk_sync.ports.subscriptions import CheckpointStore, SourcePage


def resumed(checkpoints: CheckpointStore, read: Callable[[str], SourcePage]) -> Iterator[Account]:
    """The accounts of the pages that the journal has, then of those that `read` gets; it is given the page's mark.

    The first page has the mark "". A page is written down before its accounts are given on.
    """
    after: str | None = ""
    for page in checkpoints.pages():
        after = page.after
        yield from page.accounts
    while after is not None:
        page = read(after)
        after = page.after
        if after is not None:
            checkpoints.keep(page)
        yield from page.accounts
