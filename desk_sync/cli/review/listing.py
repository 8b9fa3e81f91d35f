"""The review list: one line a ticket under its question, and the decisions made; as JSON and for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from desk_sync.cli.output import print_line, table
from desk_sync.cli.review.questions import OpenQuestion, open_questions
from desk_sync.documents import suggestion
from desk_sync.ports.review import IdentifierBinding, OpenReview, PartnerPlace, SettledReview, TicketBinding
from desk_sync.services.review import PersonDecision

SHOWN = 2
"""The most candidates that the line of a ticket names."""


@dataclass(frozen=True, slots=True)
class DecisionsMade:
    """What persons decided: bound identifiers, and bound tickets and placed partners of one portal."""

    identifiers: Sequence[IdentifierBinding]
    tickets: Sequence[TicketBinding]
    places: Sequence[PartnerPlace] = ()


def document(undecided: Sequence[OpenReview], made: DecisionsMade) -> dict[str, Any]:
    """Return the list and the decisions as JSON."""
    bound = [*map(_bound, made.identifiers), *map(_bound_ticket, made.tickets)]
    return {
        "review": [_ticket(each) for each in undecided],
        "bindings": bound,
        "places": [_placed(each) for each in made.places],
    }


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
    every: list[PersonDecision] = [*made.identifiers, *made.tickets, *made.places]
    decisions = sorted(every, key=lambda each: each.settled.at)
    if decisions:
        print_line("Decided by persons, the last one at the end; `desk-sync review undo` takes that one back:")
        table(["subject", "decided", "at", "by", "why"], map(_row, decisions))


def in_words(made: PersonDecision) -> str:
    """Return a decision with its author and its reason."""
    by, why = made.settled.by, made.settled.why
    author, reason = f" by {by}" if by else "", f" ({why})" if why else ""
    return f"{' '.join(_subject(made))}, on {made.settled.at:%F %T}Z{author}{reason}"


def _row(made: PersonDecision) -> list[str]:
    settled = made.settled
    return [*_subject(made), f"{settled.at:%F %T}Z", settled.by or "-", settled.why or "-"]


def _subject(made: PersonDecision) -> tuple[str, str]:
    """Return what was decided about, and the decision."""
    match made:
        case PartnerPlace():
            return made.partner, f"placed in {made.country}"
        case TicketBinding():
            return f"ticket:{made.ticket_id}", f"bound to account {made.account_id}"
        case IdentifierBinding():
            return made.identifier.value, f"bound to account {made.account_id}"


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


def _placed(each: PartnerPlace) -> dict[str, Any]:
    said = {"placed_at": each.settled.at, "by": each.settled.by, "why": each.settled.why}
    return {"partner": each.partner, "country": each.country, **said}


def _settled(kind: str, value: str, account_id: str, settled: SettledReview) -> dict[str, Any]:
    said = {"bound_at": settled.at, "by": settled.by, "why": settled.why}
    return {"kind": kind, "value": value, "account_id": account_id, **said}
