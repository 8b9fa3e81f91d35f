"""Comments that Desk did not accept: why, and when they are tried again (L16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desk_sync.domain.backoff import doubled, lies_ahead
from desk_sync.domain.ticket.effect import Effect

UNANSWERED = timedelta(seconds=30), timedelta(minutes=10)
"""The first and the longest pause where Desk gave no answer; pauses double."""
REFUSED = timedelta(minutes=10), timedelta(hours=6)
"""The same where Desk refused the comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRefusal:
    """Why a comment was not made; `reason` quotes no text (L11). An `unanswered` one may have been made."""

    reason: str
    unanswered: bool = False

    def pause(self, tries: int) -> timedelta:
        """Return the time until the comment is tried again, after so many tries in a row."""
        shortest, longest = UNANSWERED if self.unanswered else REFUSED
        return doubled(shortest, tries, longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingComment:
    """A comment that is not tried again before `try_again_at`, after `tries` refusals."""

    comment: Effect
    reason: str
    since: datetime
    try_again_at: datetime
    tries: int

    def still_waits(self, now: datetime) -> bool:
        """Return True before `try_again_at`."""
        return lies_ahead(self.try_again_at, now, max(REFUSED))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentsOutcome:
    """The end of a plan's comments: how many were `made` now, those that wait, by their keys, and the note's id."""

    made: int = 0
    note_id: str | None = None
    waiting: Mapping[str, WaitingComment] = field(default_factory=dict)


def put_off(comment: Effect, refusal: CommentRefusal, before: WaitingComment | None, now: datetime) -> WaitingComment:
    """Return the comment as waiting from now on, or for longer if it waited `before`."""
    tries = (before.tries if before else 0) + 1
    return WaitingComment(
        comment=comment,
        reason=refusal.reason,
        since=before.since if before else now,
        try_again_at=now + refusal.pause(tries),
        tries=tries,
    )
