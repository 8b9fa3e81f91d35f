"""Pulls page by page: a pull that was interrupted goes on after the last page it read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from desk_sync.domain.account.subscription import Account
from desk_sync.ports.subscriptions import CheckpointStore, SourcePage


def resumed(checkpoints: CheckpointStore, read: Callable[[str], SourcePage]) -> Iterator[Account]:
    """Yield the accounts of the pages in the checkpoints, then those of the pages that `read` returns.

    `read` is called with the `after` of the page before, "" for the first page. A page is kept before its accounts are
    yielded.
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
