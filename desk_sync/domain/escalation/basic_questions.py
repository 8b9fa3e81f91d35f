"""Too many basic questions from one partner: its Partner Account Manager is notified, once per window (R22, R23)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_sync.domain.format import format_local

HOWTO = "howto"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRule:
    """The limit for how-to tickets of one partner: `tickets` within `within` are too many, and `level` is notified."""

    tickets: int
    within: timedelta
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicQuestion:
    """A how-to ticket of a partner. `number` is the ticket number that people use."""

    ticket_id: str
    at: datetime
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMany:
    """One partner's questions of one window, oldest first; the last one reached the limit."""

    questions: tuple[BasicQuestion, ...]

    @property
    def key(self) -> str:
        """The key of the notice: one per partner and window."""
        return f"questions:{self.questions[-1].ticket_id}"

    @property
    def at(self) -> datetime:
        return self.questions[-1].at


def too_many(questions: Iterable[BasicQuestion], rule: QuestionRule) -> list[TooMany]:
    """Return each time that one partner's questions reached the limit, at most once per window."""
    return list(_exceeded(sorted(questions, key=lambda each: (each.at, each.ticket_id)), rule))


def _exceeded(questions: Sequence[BasicQuestion], rule: QuestionRule) -> Iterator[TooMany]:
    recent: list[BasicQuestion] = []
    quiet_until: datetime | None = None
    for question in questions:
        recent = [each for each in recent if each.at > question.at - rule.within] + [question]
        if len(recent) >= rule.tickets and (quiet_until is None or question.at >= quiet_until):
            yield TooMany(questions=tuple(recent))
            quiet_until = question.at + rule.within


def advice(found: TooMany, partner: str, rule: QuestionRule, numbers: Sequence[str], zone: str) -> str:
    """Return the notice to the Partner Account Manager, with a suggestion. `numbers` are the ticket numbers."""
    listed = "\n".join(f"- {number}" for number in numbers)
    return (
        f"{partner} sent {len(found.questions)} basic how-to questions within {rule.within.days} days.\n"
        f"The last one came at {format_local(found.at, zone)}:\n{listed}\n"
        "To do: talk with the partner about widening its product knowledge.\n"
        "Trainings, the knowledge base and the community answer most such questions.\n"
        "[R22, R23]"
    )
