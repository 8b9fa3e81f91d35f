"""How updates of a ticket's conversation and past statuses are added to its history.

A span whose status is not known is recorded as unknown, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.commitment.conversation import (
    ConversationItem,
    ReplyRules,
    SendingState,
    StatusRules,
    history_event,
)
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.ticket.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A change of status, with the names of both statuses in Desk."""

    at: datetime
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUpdate:
    """New facts from Desk. `changes` is None if they were not read; `whole` if they go back to the creation."""

    items: tuple[ConversationItem, ...] = ()
    changes: tuple[StatusChange, ...] | None = None
    whole: bool = False

    @property
    def statuses(self) -> frozenset[str]:
        """The names of the statuses that the changes are about."""
        return frozenset(name for change in self.changes or () for name in (change.before, change.after))

    def with_items(self, items: Iterable[ConversationItem]) -> ConversationUpdate:
        """Return the update with these items too."""
        return replace(self, items=(*self.items, *items))

    def with_status_changes(self, changes: Iterable[StatusChange], *, whole: bool) -> ConversationUpdate:
        """Return the update with these changes instead of its own."""
        return replace(self, changes=tuple(changes), whole=whole)


def stage_of(ticket: Ticket, rules: StatusRules) -> WorkState:
    """Return the state of the work on the ticket, by its current status."""
    return rules.stage(ticket.status, ticket.status_type, in_bin=ticket.in_bin)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryBuilder:
    """The rules by which updates become history. `types` maps the name of each known status to its type in Desk."""

    replies: ReplyRules
    statuses: StatusRules
    types: Mapping[str, str]

    def learn(self, history: History, ticket: Ticket, update: ConversationUpdate, *, now: datetime) -> History:
        """Return the history with the update, and with the state of the work that the ticket shows at `now`.

        A mail that turns out not to have been sent is taken back.
        """
        history = history.without({item.ref for item in update.items if item.sending is not SendingState.SENT})
        events = [event for item in update.items if (event := history_event(item, history.created_at, self.replies))]
        spans = [(at, end, self._stage(status)) for at, end, status in _status_spans(history.created_at, update, now)]
        events += [HistoryEvent(kind=HistoryEventKind.STAGE, at=at, stage=stage) for at, _, stage in spans if stage]
        learned = history.learn(events, [(at, end) for at, end, stage in spans if stage is None])
        stage = stage_of(ticket, self.statuses)
        if learned.stage is stage:
            return learned
        return learned.learn(
            [HistoryEvent(kind=HistoryEventKind.STAGE, at=_since(history, ticket, update, now), stage=stage)]
        )

    def _stage(self, status: str) -> WorkState | None:
        """Return the state of the work in a status of the past; None if the status is not known."""
        kind = self.types.get(status)
        known = kind is not None or status.casefold() in self.statuses.waiting
        return self.statuses.stage(status, kind or "") if known else None


def _status_spans(
    created_at: datetime, update: ConversationUpdate, now: datetime
) -> Iterator[tuple[datetime, datetime, str]]:
    """Yield the start, the end and the status of each span that the update's changes cover, the last up to `now`."""
    changes = sorted(update.changes or (), key=lambda change: change.at)
    first = [(created_at, changes[0].before)] if changes and update.whole else []
    starts = first + [(change.at, change.after) for change in changes]
    ends = [at for at, _ in starts[1:]] + [now]
    return ((at, end, status) for (at, status), end in zip(starts, ends, strict=True)) if starts else iter(())


def _since(history: History, ticket: Ticket, update: ConversationUpdate, now: datetime) -> datetime:
    """Return the instant since which the ticket counts as being in its current state, if no change to it was read.

    The creation, if the status never changed; else the ticket's last change of any kind, at the latest `now`.
    """
    if update.changes == () and update.whole and not history.events:
        return history.created_at
    return min(ticket.modified_at or now, now)
