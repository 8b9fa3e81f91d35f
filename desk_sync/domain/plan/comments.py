"""What the agents are told of a decision, each once: private notes on the ticket."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.inference import suggestions
from desk_sync.domain.ticket.ticket import Field, Ticket

LOOP = (
    "another program seems to undo what is written here, so nothing more is written until a person changes the ticket"
)


def notes(ticket: Ticket, decision: Decision, wanted: Collection[Field], *, looping: bool) -> Iterator[Effect]:
    """What is owed, where the fields `wanted` are written, or `looping` is why they are not."""
    if decision.verdict is Verdict.REVIEW:
        said = "\n".join(f"- {reason}" for reason in decision.reasons)
        text = f"desk-sync cannot decide whether account {decision.account_id} is a large user account.\n{said}"
        yield Effect(key=f"review:{decision.basis}", kind=EffectKind.REVIEW, text=text)
    if looping:
        yield Effect(key=f"loop:{decision.basis}", kind=EffectKind.REVIEW, text=f"desk-sync stopped: {LOOP}.")
    if Field.CUSTOMER_PRIMARY_EMAIL in wanted and ticket.customer_primary_email:
        text = (
            f"Customer Primary Email Address was {ticket.customer_primary_email}; it now names the super admin (R53)."
        )
        key = f"address:{decision.basis}"
        yield Effect(key=key, kind=EffectKind.DECISION, text=text, about=Field.CUSTOMER_PRIMARY_EMAIL, kept=True)
    yield from _suggestion(ticket)


def _suggestion(ticket: Ticket) -> Iterator[Effect]:
    """What the words of a ticket that states no type suggest: never more than a suggestion."""
    said = suggestions(ticket.inferred, ticket.issue_type)
    if said and ticket.issue_type is None and not ticket.closed:
        text = "\n".join(("desk-sync read the ticket; its issue type is yours to set:", *map(str, said)))
        yield Effect(key="suggestions", kind=EffectKind.DECISION, text=text)
