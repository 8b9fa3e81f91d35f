"""How updates of a ticket's conversation and past statuses are added to its history.

A span whose status is not known is recorded as unknown, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.commitment.calendar import Span
from desk_sync.domain.commitment.conversation import (
    DESK_STATUSES,
    ConversationItem,
    ReplyRules,
    SendingState,
    StatusRules,
    history_event,
)
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.status_past import StatusChange, StatusSpan, status_spans
from desk_sync.domain.ticket.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUpdate:
    """New facts from Desk. `changes` is None if they were not read; `whole` if they go back to the creation.

    `unread_since` is the instant from which the status may have changed unseen, where Desk did not show the changes.
    """

    items: tuple[ConversationItem, ...] = ()
    changes: tuple[StatusChange, ...] | None = None
    whole: bool = False
    unread_since: datetime | None = None

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
        known = history.without({item.ref for item in update.items if item.sending is not SendingState.SENT})
        events = [event for item in update.items if (event := history_event(item, known.created_at, self.replies))]
        learned = self._with_statuses(known.learn(events), ticket, update, now)
        stage = stage_of(ticket, self.statuses)
        if learned.stage is stage:
            return learned
        since = _since(history, ticket, update, now)
        in_the_bin = WorkState.ENDED in (stage, learned.stage)  # of which the history of the status says nothing
        return learned.with_stage(stage, since, assumed=not in_the_bin and since > history.created_at)

    def _with_statuses(self, history: History, ticket: Ticket, update: ConversationUpdate, now: datetime) -> History:
        """Return the history with the past of the status, as far as it was read, and with the spans that it leaves."""
        spans = self._spans(history, ticket, update, now)
        if spans:
            history = history.relearning(spans[0].start, {each.start for each in spans if each.tied})
        stages = [(each.start, self._stage(each.begun_in)) for each in spans]
        events = [HistoryEvent(kind=HistoryEventKind.STAGE, at=at, stage=stage) for at, stage in stages if stage]
        learned = history.learn(events)
        unknown = [(each.start, each.end) for each in spans if not self._is_certain(each, learned)]
        return learned.learn((), (*unknown, *_unread(history, ticket, update, now)))

    def _spans(
        self, history: History, ticket: Ticket, update: ConversationUpdate, now: datetime
    ) -> Sequence[StatusSpan]:
        """Return the spans of the status. The last one ends when the ticket may have got the one that it shows."""
        changes, modified_at = update.changes or (), ticket.modified_at
        until = modified_at if modified_at and all(each.at <= modified_at for each in changes) else now
        return status_spans(
            changes, ticket.status, created_at=history.created_at, whole=update.whole, now=min(until, now)
        )

    def _is_certain(self, span: StatusSpan, history: History) -> bool:
        """Return True if the state of the work in the span is known, and was the same up to its end."""
        stage = self._stage(span.begun_in)
        if stage is None:
            return span.begun_in is not None and history.has_stage_at(span.start)
        return span.ended_in is None or self._stage(span.ended_in) is stage

    def _stage(self, status: str | None) -> WorkState | None:
        """Return the state of the work in a status of the past; None if the status is not known."""
        kind = self.types.get(status or "", DESK_STATUSES.get(status or ""))
        known = kind is not None or (status is not None and status.casefold() in self.statuses.waiting)
        return self.statuses.stage(status or "", kind or "") if known else None


def _unread(history: History, ticket: Ticket, update: ConversationUpdate, now: datetime) -> Iterator[Span]:
    """Yield the span in which the status may have been another, of which nothing could be read."""
    until = min(ticket.modified_at or now, now)
    if update.unread_since and update.unread_since < until:
        yield max(update.unread_since, history.created_at), until


def _since(history: History, ticket: Ticket, update: ConversationUpdate, now: datetime) -> datetime:
    """Return the instant since which the ticket counts as being in its current state, if no change to it was read.

    The creation, if the status never changed; else the ticket's last change of any kind, at the latest `now`.
    """
    if update.changes == () and update.whole and not history.events:
        return history.created_at
    return min(ticket.modified_at or now, now)
