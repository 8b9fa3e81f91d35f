"""The items of a ticket's conversation that were read, by id and state: threads or comments.

Only the newest items are remembered. Desk's count of a list stands still when one item is deleted and another added,
when a draft is sent, and when an edit makes a comment public: these are seen by the states of the items alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.backoff import as_long_again
from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, SendingState

REMEMBERED = 50
"""The number of items of a list that are remembered, the newest of them."""
AWAITED = timedelta(minutes=30)
"""How long the end of a reply's sending is awaited."""
SHORTEST_PAUSE = timedelta(minutes=1)


class SeenState(StrEnum):
    """The state in which an item was read: visible to the partner, private, or not sent."""

    PUBLIC = "public"
    PRIVATE = "private"
    PENDING = "pending"
    DRAFT = "draft"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenItems:
    """The items of one list as they were read last, by their ids; `read_at` is None before the first reading.

    `since` has the instants from which items count where those are not their own, and of the agents' replies that were
    still being sent.
    """

    read_at: datetime | None = None
    states: Mapping[str, SeenState] = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)

    def after(self, items: Iterable[ConversationItem], read_at: datetime) -> SeenItems:
        """Return what is remembered after a reading of the whole list, begun at `read_at`."""
        both = ((item, self.dated(item)) for item in items)
        newest_first = sorted(both, key=lambda each: (each[1].at, each[1].ref), reverse=True)
        newest = newest_first[:REMEMBERED]
        return SeenItems(
            read_at=read_at,
            states={item.ref: _state(item) for item, _ in newest},
            since={item.ref: dated.at for item, dated in newest if dated != item or _is_pending_reply(item)},
        )

    def dated(self, item: ConversationItem) -> ConversationItem:
        """Return the item with the instant from which it counts: the first at which its reader can have had it.

        A comment that was private counts from the edit that made it public at the earliest, a mail that was a draft
        from the last reading that still showed the draft.
        """
        if _state(item) not in _COUNTED:
            return item
        became = {SeenState.PRIVATE: item.edited_at, SeenState.DRAFT: self.read_at}
        known = self.since.get(item.ref), became.get(self.states.get(item.ref, SeenState.PUBLIC))
        return replace(item, at=max((item.at, *filter(None, known))))

    def is_settled(self, ref: str | None) -> bool:
        """Return True if the item was read in a state that only an edit can change."""
        return ref is not None and self.states.get(ref) in (SeenState.PUBLIC, SeenState.PRIVATE)

    def read_since(self, instant: datetime) -> bool:
        """Return True if the list was read at the instant or later."""
        return self.read_at is not None and self.read_at >= instant

    @property
    def awaited_until(self) -> datetime | None:
        """The instant up to which the end of a reply's sending is awaited; None without such a reply."""
        pending = (at for ref, at in self.since.items() if self.states.get(ref) is SeenState.PENDING)
        newest = max(pending, default=None)
        return newest + AWAITED if newest else None

    @property
    def read_again_at(self) -> datetime | None:
        """When to read the list again because of that reply, after pauses that double; None once it was awaited."""
        until = self.awaited_until
        if until is None or self.read_at is None or self.read_at >= until:
            return None
        age = self.read_at - (until - AWAITED)
        return self.read_at + as_long_again(age, SHORTEST_PAUSE, until - self.read_at)


NEVER_READ = SeenItems()

_COUNTED = (SeenState.PENDING, SeenState.PUBLIC)


def _state(item: ConversationItem) -> SeenState:
    if item.sending is not SendingState.SENT:
        return SeenState(item.sending)
    return SeenState.PUBLIC if item.public else SeenState.PRIVATE


def _is_pending_reply(item: ConversationItem) -> bool:
    return item.sending is SendingState.PENDING and item.author is AuthorKind.AGENT
