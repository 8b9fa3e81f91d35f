"""What the agents are told of a decision, each once: private notes on the ticket."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import AccountCandidate, Evidence, Lookup
from desk_sync.domain.fingerprint import fingerprint
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.inference import suggestions
from desk_sync.domain.ticket.ticket import Field, Ticket

SETTLE = (
    "To settle it, enter the super admin's address in Customer Primary Email Address, or bind this ticket to its "
    "account: desk-sync subscriptions review bind ticket:{ticket_id} ACCOUNT_ID. An address that belongs to an account "
    "without being known there can be bound to it for all tickets."
)
SHOWN = 10
"""So many candidates are named in a note."""
LOOP = (
    "another program seems to undo what is written here, so nothing more is written until a person changes the ticket"
)


def notes(
    ticket: Ticket, lookup: Lookup, decision: Decision, wanted: Collection[Field], *, looping: bool
) -> Iterator[Effect]:
    """What is owed, where the fields `wanted` are written, or `looping` is why they are not."""
    if decision.account_id is None and not ticket.in_bin and not ticket.closed:
        yield from _unsettled(ticket, lookup, decision)
    elif decision.verdict is Verdict.REVIEW:
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


def _unsettled(ticket: Ticket, lookup: Lookup, decision: Decision) -> Iterator[Effect]:
    """Ask for the customer of a ticket that names one, and proves none: in one note, edited when what it names changes.

    The note names the values themselves: a person has to compare them.
    """
    if lookup.candidates:
        head = "desk-sync has not set anything for a customer: what the ticket names is not certain enough."
        options = ["It may be about:", *(_option(each) for each in lookup.candidates[:SHOWN])]
        asked = [*map(_key_of, lookup.candidates)]
    elif lookup.account is not None:
        head, options = "desk-sync cannot decide about the customer: the subscription data are too old.", []
        asked = [lookup.account.account_id]
    elif lookup.snapshot is not None and lookup.named and lookup.whole:
        head = "desk-sync found no account for the customer that the ticket names."
        values = (f"- {_value(each)} ({each.place})" for each in lookup.named if each.exact)
        options = ["It names:", *list(values)[:SHOWN]]
        asked = [(each.place, each.readings) for each in lookup.named]
    else:
        return
    reasons = (f"- {reason}" for reason in decision.reasons)
    text = "\n".join((head, *options, SETTLE.format(ticket_id=ticket.ticket_id), *reasons))
    yield Effect(key="customer", kind=EffectKind.REVIEW, text=text, state=fingerprint(asked))


def _option(candidate: AccountCandidate) -> str:
    account, evidence = candidate.account, candidate.evidence
    found = f"{_value(evidence)} ({evidence.place})"
    admin = f"super admin {account.super_admin_email}" if account.super_admin_email else "no known super admin"
    return f"- account {account.account_id}, {admin}: {found}"


def _key_of(candidate: AccountCandidate) -> object:
    return candidate.account.account_id, candidate.evidence.place, candidate.evidence.readings


def _value(evidence: Evidence) -> str:
    return f"{' or '.join(each.kind for each in evidence.readings)} {evidence.readings[0].value}"


def _suggestion(ticket: Ticket) -> Iterator[Effect]:
    """What the words of a ticket that states no type suggest: never more than a suggestion."""
    said = suggestions(ticket.inferred, ticket.issue_type)
    if said and ticket.issue_type is None and not ticket.closed:
        text = "\n".join(("desk-sync read the ticket; its issue type is yours to set:", *map(str, said)))
        yield Effect(key="suggestions", kind=EffectKind.DECISION, text=text)
