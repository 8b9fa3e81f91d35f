"""Pulls at their bounds: a few calls at a time, with which each turn gets further, and a list without an end."""

from __future__ import annotations

import pytest

from desk_sync.adapters.subscriptions import paging
from desk_sync.errors import AllowanceSpent, PermanentError
from tests.support.fake_checkpoints import FakeCheckpoints

CALLS = 4
"""Fewer than a page of records takes."""


class SmallTurns(FakeCheckpoints):
    """Allows so many calls in each turn."""

    def __init__(self) -> None:
        super().__init__()
        self.left = CALLS

    def work(self) -> None:
        if not self.left:
            raise AllowanceSpent("no more calls for now")
        self.left -= 1
        super().work()


@pytest.mark.parametrize("name", ["billing", "mail"])
def test_a_turn_with_fewer_calls_than_a_page_takes_gets_further(start, name):
    source = start().source(name)
    whole = FakeCheckpoints()
    expected = list(source.pull(whole).accounts)

    small, found = SmallTurns(), None
    for _ in range(whole.calls):
        small.left = CALLS
        try:
            found = list(source.pull(small).accounts)
        except AllowanceSpent:
            continue
        break

    assert found == expected
    assert small.calls <= whole.calls + 1, "the units may be read twice"


@pytest.mark.parametrize("name", ["billing", "store"])
def test_a_list_whose_rows_never_end_is_refused_after_so_many_pages(start, monkeypatch, name):
    monkeypatch.setattr(paging, "MOST_LIST_PAGES", 5)
    reading = FakeCheckpoints()

    with pytest.raises(PermanentError, match="has no end: 5 pages were read"):
        list(start("lists_never_end").source(name).pull(reading).accounts)

    assert reading.calls <= 6
