"""The past of a ticket that was never read is empty, and reaches back to its creation."""

from __future__ import annotations

from desk_sync.domain.ticket.past import NOTHING_PAST


def test_nothing_past_is_whole_and_empty():
    assert (NOTHING_PAST.changes, NOTHING_PAST.edits, NOTHING_PAST.whole) == ((), (), True)
