"""The note on the example ticket, for everything that its first sentence can say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import Lookup
from desk_sync.domain.plan.decision import decide
from desk_sync.domain.plan.note.facts import NoteFacts
from desk_sync.domain.plan.preview.example import ADMIN, WRITER, PreviewScene, example_ticket
from desk_sync.domain.ticket.held_back import FieldRefusal, HeldBack, RefusalKind
from desk_sync.domain.ticket.inference import Inference
from desk_sync.domain.ticket.ticket import Field, Ticket

_LONG_AGO = timedelta(days=3650)
_FORMER = "former@customer.example.com"


def notes(scene: PreviewScene) -> Iterator[tuple[str, NoteFacts]]:
    """Yield the occasions with the facts of their notes."""
    large, first = _facts(scene, Verdict.PRIORITY, severe=True), scene.reading(scene.opened_at).clocks[0]
    due_at = first.due_at or scene.opened_at
    yield "the account is large", _at(scene, large, scene.opened_at)
    yield "the account is large, a clock is at risk", _at(scene, large, first.target_at or due_at)
    yield "the account is large, a clock is late", _at(scene, large, due_at)
    yield "the account is large, the type keeps its severity", replace(large, left_alone=True)
    yield "a person's value stands", replace(large, severe=False, by_people=frozenset({Field.SEVERITY}))
    yield "Desk does not accept a value", large.with_held_back({Field.SEVERITY: _held_back(scene)})
    yield "the layout lacks a field", replace(large, unplaceable=frozenset({Field.LARGE_USER}))
    yield "another program undoes what is written", replace(large, looping=True)
    yield "the customer's address was replaced", replace(large, replaced=_FORMER)
    yield (
        "the words suggest an issue type",
        replace(large, ticket=example_ticket(inferred=(Inference("outage", "en"),))),
    )
    yield from _others(scene, large)


def _others(scene: PreviewScene, large: NoteFacts) -> Iterator[tuple[str, NoteFacts]]:
    """Yield those in which nothing is set for the account."""
    aside = replace(large.decision, verdict=Verdict.NOT_PRIORITY, hands_off=True)
    service = next((each.name for each in scene.policy.licences.exclusions), "Example Service")
    yield "the ticket is about an excluded service", replace(large, decision=aside, service=service, severe=False)
    yield "the account is not large", _facts(scene, Verdict.NOT_PRIORITY)
    yield "a person must decide on the account", _facts(scene, Verdict.REVIEW)
    review = replace(large.decision, verdict=Verdict.REVIEW)
    yield "the customer is another partner's", replace(large, decision=review, severe=False)
    stale = scene.lookup(scene.account(), age=_LONG_AGO)
    yield "the subscription data are too old", _without_account(scene, stale)
    yield "the customer is not certain", _without_account(scene, scene.lookup(candidates=(scene.candidate(),)))
    yield "no account is found for the customer", _without_account(scene, scene.lookup(named=(scene.evidence(),)))
    yield "the ticket names no customer", _without_account(scene, scene.lookup())
    yield "there are no subscription data", _without_account(scene, replace(scene.lookup(), snapshot=None))


def _at(scene: PreviewScene, facts: NoteFacts, now: datetime) -> NoteFacts:
    return replace(facts, now=now, reading=scene.reading(now))


def _facts(scene: PreviewScene, verdict: Verdict, *, severe: bool = False) -> NoteFacts:
    policy = scene.policy
    region, threshold = min(policy.licences.thresholds.items())
    licences = {Verdict.PRIORITY: threshold.figure + 1}.get(verdict, threshold.figure - 1)
    account = replace(scene.account(quantity=licences), regions=(region,))
    lookup, thresholds = scene.lookup(account), {region: threshold}
    decision = decide(example_ticket(customer_primary_email=ADMIN), lookup, WRITER, policy, scene.opened_at)
    return NoteFacts(
        ticket=example_ticket(),
        lookup=lookup,
        decision=replace(decision, verdict=verdict, hands_off=verdict is Verdict.REVIEW),
        now=scene.opened_at,
        zone=scene.reading(scene.opened_at).zone,
        verdict=verdict,
        thresholds=thresholds,
        severe=severe,
    )


def _without_account(scene: PreviewScene, lookup: Lookup) -> NoteFacts:
    ticket: Ticket = example_ticket()
    decision = decide(ticket, lookup, WRITER, scene.policy, scene.opened_at)
    zone = scene.reading(scene.opened_at).zone
    return NoteFacts(ticket=ticket, lookup=lookup, decision=decision, now=scene.opened_at, zone=zone)


def _held_back(scene: PreviewScene) -> HeldBack:
    refusal = FieldRefusal(kind=RefusalKind.INVALID)
    value, at = scene.policy.tickets.severities[1], scene.opened_at
    return HeldBack(value=value, found=None, refusal=refusal, since=at, try_again_at=at, tries=1, mapping="")
