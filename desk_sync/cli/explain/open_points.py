"""What is open about a ticket, and the act that settles each point: questions for a person, and what failed."""

from __future__ import annotations

from collections.abc import Iterator

from desk_sync.cli.explain.facts import ExplainedTicket
from desk_sync.cli.review.questions import OpenQuestion, open_questions


def open_points(ticket: ExplainedTicket) -> Iterator[OpenQuestion]:
    """Yield the points, what keeps the ticket from being looked at first."""
    yield from _state(ticket)
    if ticket.decision and ticket.state not in ("dropped", "gone"):
        yield from open_questions(ticket.decision)
    fields = ticket.history.memory.fields
    for name, held in sorted(fields.held_back.items()):
        text = f"{name} is held back since {ticket.zone.format(held.since)}: {held.reason}"
        yield OpenQuestion(text, "`desk-sync mappings check FILE --live` names what Desk lacks; then it is tried again")
    for waiting in ticket.history.memory.comments.waiting.values():
        again = ticket.zone.format(waiting.try_again_at)
        yield OpenQuestion(f"a comment waits: {waiting.reason}", f"it is tried again at {again} by itself")


def _state(ticket: ExplainedTicket) -> Iterator[OpenQuestion]:
    history, again = ticket.history, "`desk-sync replay TICKET` looks at it now"
    error = history.error or "no error is known"
    match ticket.state:
        case "parked":
            yield OpenQuestion(
                f"the ticket is parked: {error}", "`desk-sync parked retry TICKET`, or `parked drop TICKET`"
            )
        case "dropped":
            yield OpenQuestion(f"the ticket was given up: {error}", again)
        case "missing":
            since = ticket.zone.format(history.missing_at)
            yield OpenQuestion(f"Desk does not have the ticket since {since}", f"it is looked for again; {again}")
        case "due" if history.error:
            yield OpenQuestion(f"the last look failed: {error}", f"it is tried again by itself; {again}")
