"""The review list: one line a ticket under its question, and the decisions made; as JSON and for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from desk_sync.cli.output import print_line, table
from desk_sync.cli.review.questions import OpenQuestion, open_questions
from desk_sync.documents import suggestion
from desk_sync.ports.review import IdentifierBinding, OpenReview, SettledReview, TicketBinding

SHOWN = 2
"""The most candidates that the line of a ticket names."""


@dataclass(frozen=True, slots=True)
class DecisionsMade:
    """What persons decided: bound identifiers, and bound tickets of one portal."""

    identifiers: Sequence[IdentifierBinding]
    tickets: Sequence[TicketBinding]


def document(undecided: Sequence[OpenReview], made: DecisionsMade) -> dict[str, Any]:
    """Return the list and the decisions as JSON."""
    bound = [*map(_bound, made.identifiers), *map(_bound_ticket, made.tickets)]
    return {"review": [_ticket(each) for each in undecided], "bindings": bound}


def print_undecided(undecided: Sequence[OpenReview]) -> None:
    """Print the tickets under their first question, the question of most tickets first."""
    groups: dict[OpenQuestion, list[OpenReview]] = {}
    for each in undecided:
        groups.setdefault(next(open_questions(each)), []).append(each)
    for question, asked in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0].text)):
        print_line(f"Open: {question.text} ({len(asked)} {'ticket' if len(asked) == 1 else 'tickets'})")
        table(["number", "ticket", "decision", "account", "partner", "more"], map(_cells, asked))
        print_line(f"To settle it: {question.settle}.\n")
    if not undecided:
        print_line("No ticket waits for a decision.")


def print_made(made: DecisionsMade) -> None:
    """Print the decisions that persons made; nothing if there are none."""
    rows = [
        *([each.identifier.value, each.account_id, *_row_of(each.settled)] for each in made.identifiers),
        *([f"ticket:{each.ticket_id}", each.account_id, *_row_of(each.settled)] for each in made.tickets),
    ]
    if rows:
        print_line("Decided by a person; `desk-sync review unbind` takes it back:")
        table(["bound", "account", "at", "by", "why"], rows)


def _cells(each: OpenReview) -> list[str]:
    facts = (each.number and f"#{each.number}", each.ticket_id, each.verdict, each.account_id, each.partner)
    return [*(fact or "-" for fact in facts), "; ".join(_more(each))]


def _more(each: OpenReview) -> Iterator[str]:
    """Yield what else the line of a ticket says: its candidates, and how many further questions it has."""
    named = [f"account {one.account_id} by {one.place}" for one in each.suggestions[:SHOWN]]
    rest = [f"{len(each.suggestions) - SHOWN} more"] * (len(each.suggestions) > SHOWN)
    if named:
        yield f"candidate{'s' * (len(each.suggestions) > 1)}: {', '.join((*named, *rest))}"
    if further := len(list(open_questions(each))) - 1:
        yield f"{further} further question{'s' * (further > 1)}"


def _row_of(settled: SettledReview) -> list[str]:
    return [f"{settled.at:%F %T}Z", settled.by or "-", settled.why or "-"]


def _ticket(each: OpenReview) -> dict[str, Any]:
    asked = open_questions(each)
    return {
        "ticket_id": each.ticket_id,
        "number": each.number,
        "partner": each.partner,
        "decision": each.verdict,
        "account_id": each.account_id,
        "looked_at": each.looked_at,
        "reasons": [str(reason) for reason in each.reasons],
        "questions": list(each.questions),
        "candidates": [suggestion(one) for one in each.suggestions],
        "open": [{"question": one.text, "settled_by": one.settle_for(each.ticket_id, each.partner)} for one in asked],
    }


def _bound(each: IdentifierBinding) -> dict[str, Any]:
    return _settled(each.identifier.kind, each.identifier.value, each.account_id, each.settled)


def _bound_ticket(each: TicketBinding) -> dict[str, Any]:
    return _settled("ticket", each.ticket_id, each.account_id, each.settled)


def _settled(kind: str, value: str, account_id: str, settled: SettledReview) -> dict[str, Any]:
    said = {"bound_at": settled.at, "by": settled.by, "why": settled.why}
    return {"kind": kind, "value": value, "account_id": account_id, **said}
