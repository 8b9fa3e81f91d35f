"""A walk through a search in Desk by time: a page begins at the last instant of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from desk_sync.adapters.desk.lists import larger, smaller
from desk_sync.ports.desk import ModifiedTickets

log = structlog.get_logger()

PAGE = 100
HIGHEST_OFFSET = 999
"""What the search accepts as `from`: at most 1,000 tickets of one instant can be read."""
MOST_REPEATED = 2 * PAGE
"""After this many entries in a row with nothing new among them, Desk repeats itself: the walk ends."""
_SMALLEST_STEP = timedelta(milliseconds=1)


@dataclass(slots=True, kw_only=True)
class SearchWalk:
    """The next page to ask for, as `start`, `offset` and `size`, until the walk is `done`.

    Offsets are used within one instant only: tickets modified meanwhile leave the span or move to its end, which would
    shift the rest. Entries without an instant are shown once.
    """

    start: datetime
    offset: int = 0
    size: int = PAGE
    done: bool = False
    _shown: set[ModifiedTickets] = field(default_factory=set)
    _repeated: int = 0

    def take(self, found: Sequence[ModifiedTickets], *, full: bool) -> list[ModifiedTickets]:
        """Return what is new on the page, and move on; a page that is not full is the last."""
        new = [each for each in found if each not in self._shown]
        self._repeated = 0 if new else self._repeated + self.size
        self.done = not full or self._ends()
        self._move_on(found, max((each.at for each in found if each.at), default=self.start))
        self.size = larger(self.size, PAGE)
        return new

    def pass_over(self) -> None:
        """Ask for less after a page that was too large; one entry that is too large by itself is left out."""
        if self.size > 1:
            self.size = smaller(self.size)
        else:
            log.error("search.skipped", at=self.start, offset=self.offset)
            self._repeated += self.size
            self.done = self._ends()
            self._next_offset()

    def _ends(self) -> bool:
        if self._repeated >= MOST_REPEATED:
            log.error("search.repeats", at=self.start, offset=self.offset)
        return self._repeated >= MOST_REPEATED

    def _move_on(self, found: Sequence[ModifiedTickets], last: datetime) -> None:
        if last > self.start:
            kept = {each for each in self._shown if each.at is None}
            self._shown = kept | {each for each in found if each.at in (None, last)}
            self.start, self.offset = last, 0
        else:
            self._shown.update(found)
            self._next_offset()

    def _next_offset(self) -> None:
        if self.offset + self.size <= HIGHEST_OFFSET:
            self.offset += self.size
        else:
            log.error("search.capped", at=self.start, shown=self.offset + self.size)
            self.start, self.offset = self.start + _SMALLEST_STEP, 0
