"""What has to be asked about a ticket's past, and what is learned from the answers.

Calls are scarce, so nothing is asked that the ticket itself shows to be unchanged. What Desk can no longer tell is
marked as unknown in the history, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.commitment.conversation import ConversationItem, ReplyRules, StatusRules, act_of
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.ticket.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A change of status, by the statuses' names in Desk."""

    at: datetime
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUpdate:
    """What Desk answered. `changes` is None where nobody asked; they are `whole` if they go back to the creation."""

    said: tuple[ConversationItem, ...] = ()
    changes: tuple[StatusChange, ...] | None = None
    whole: bool = False

    def saying(self, said: Iterable[ConversationItem]) -> ConversationUpdate:
        return replace(self, said=(*self.said, *said))

    def changing(self, changes: Iterable[StatusChange], *, whole: bool) -> ConversationUpdate:
        return replace(self, changes=tuple(changes), whole=whole)


def stage_of(ticket: Ticket, rules: StatusRules) -> WorkState:
    """Where the work on the ticket stands, by its present status."""
    return rules.stage(ticket.status, ticket.status_type, in_bin=ticket.in_bin)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryBuilder:
    """How what is heard becomes history. `types` gives Desk's type of each status that we know of, by its name."""

    replies: ReplyRules
    statuses: StatusRules
    types: Mapping[str, str]

    def learn(self, history: History, ticket: Ticket, heard: ConversationUpdate, *, now: datetime) -> History:
        """The history with what was heard, brought up to where the ticket stands at `now`."""
        acts = [act for each in heard.said if (act := act_of(each, history.created_at, self.replies))]
        stretches = list(_stretches(history.created_at, heard, now))
        told = [(at, end, self._stage(status)) for at, end, status in stretches]
        acts += [HistoryEvent(kind=HistoryEventKind.STAGE, at=at, stage=stage) for at, _, stage in told if stage]
        learned = history.learn(acts, [(at, end) for at, end, stage in told if stage is None])
        stage = stage_of(ticket, self.statuses)
        if learned.stage is stage:
            return learned
        return learned.learn(
            [HistoryEvent(kind=HistoryEventKind.STAGE, at=_since(history, ticket, heard, now), stage=stage)]
        )

    def _stage(self, status: str) -> WorkState | None:
        """What a status of the past meant; None if we never saw Desk's type of it."""
        kind = self.types.get(status)
        known = kind is not None or status.casefold() in self.statuses.waiting
        return self.statuses.stage(status, kind or "") if known else None


def _stretches(
    created_at: datetime, heard: ConversationUpdate, now: datetime
) -> Iterator[tuple[datetime, datetime, str]]:
    """In which status the ticket was from when until when, as far as was told."""
    changes = sorted(heard.changes or (), key=lambda change: change.at)
    first = [(created_at, changes[0].before)] if changes and heard.whole else []
    starts = first + [(change.at, change.after) for change in changes]
    ends = [at for at, _ in starts[1:]] + [now]
    return ((at, end, status) for (at, status), end in zip(starts, ends, strict=True)) if starts else iter(())


def _since(history: History, ticket: Ticket, heard: ConversationUpdate, now: datetime) -> datetime:
    """Since when the ticket stands where it stands, though no change of it was told.

    Since its creation, if it never changed; else since its last change of any kind, or now.
    """
    if heard.changes == () and heard.whole and not history.acts:
        return history.created_at
    return min(ticket.modified_at or now, now)
