"""The verdict in one sentence, and what is open, for every outcome: made from real decisions, whose words it reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.cli.explain.facts import ExplainedTicket
from desk_sync.cli.explain.open_points import open_points
from desk_sync.cli.explain.sentence import named, summary
from desk_sync.domain.account.identity import EvidencePlace, choose
from desk_sync.domain.account.licence_policy import Threshold
from desk_sync.domain.account.partner import WRITER_NOT_LOOKED_UP, Partner, PartnerOrigin, TicketWriter
from desk_sync.domain.plan.decision import PARTNER_UNKNOWN, assess, decide
from desk_sync.domain.plan.memory import CommentsMemory
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.held_back import FieldRefusal, RefusalKind, hold_back
from desk_sync.domain.ticket.ticket import Field
from desk_sync.domain.ticket.waiting_comment import CommentRefusal, put_off
from desk_sync.ports.tickets import NamedTicket, PastDecision, TicketHistory
from tests.support.makers import (
    ADMIN,
    NOW,
    POLICY,
    make_account,
    make_evidence,
    make_lookup,
    make_memory,
    make_snapshot,
    make_ticket,
)

WHO = f"large.example (super admin {ADMIN})"
NAMES = NamedTicket(portal="default", ticket_id="7001", number="101", partner="Prairie Ltd")
PRAIRIE = TicketWriter(
    partner=Partner(name="Prairie", domains=frozenset({"prairie.example"})), origin=PartnerOrigin.FILE
)
EXCLUSIVE = {region: Threshold(figure=60, inclusive=False) for region in POLICY.licences.thresholds}


def explained(decision=None, account=None, **facts):
    decisions = [PastDecision(at=NOW, decision=decision, fields_written={})] if decision else []
    history = {
        **dict.fromkeys(("look_at", "looked_at", "error", "parked_at", "dropped_at", "ended_at")),
        "ticket_id": "7001",
        "memory": make_memory(),
        "attempts": 0,
        "decisions": decisions,
        "events": (),
        "effects": (),
    }
    return ExplainedTicket(names=NAMES, history=TicketHistory(**history | facts), account=account, now=NOW)


def of_account(account, policy=POLICY, writer=WRITER_NOT_LOOKED_UP, **facts):
    return explained(assess(make_lookup(account, **facts), policy, NOW, writer), account)


def of_evidence(*places):
    """A ticket whose texts name an account each."""
    evidence = [make_evidence(f"admin@{place.name.lower()}.example", place=place) for place in places]
    matches = {each.readings[0]: [make_account(account_id=each.place.name)] for each in evidence}
    return explained(assess(choose(evidence, matches, make_snapshot()), POLICY, NOW))


def policy(**facts):
    return replace(POLICY, licences=replace(POLICY.licences, **facts))


@pytest.mark.parametrize(
    ("ticket", "sentence"),
    [
        pytest.param(
            of_account(make_account(60)),
            f"Ticket #101 is a large user account's: {WHO} has 60 user licences; 60 are enough in EUROPE_UK.",
            id="large",
        ),
        pytest.param(
            of_account(make_account(59)),
            f"Ticket #101 is no large user account's: {WHO} has 59 user licences; 60 are needed in EUROPE_UK.",
            id="not large",
        ),
        pytest.param(
            of_account(make_account(1), policy(thresholds=EXCLUSIVE)),
            f"Ticket #101 is no large user account's: {WHO} has 1 user licence; more than 60 are needed in EUROPE_UK.",
            id="a threshold that must be passed",
        ),
        pytest.param(
            of_account(make_account(10, countries=("KZ",))),
            f"Ticket #101 is no large user account's: {WHO} has 10 user licences; 50 or 60 or 100 are needed.",
            id="by every threshold",
        ),
        pytest.param(
            of_account(make_account(60, countries=("KZ",)), policy(fallback_region="EUROPE_UK")),
            f"Ticket #101 is a large user account's: {WHO} has 60 user licences; 60 are enough in EUROPE_UK.",
            id="by the fallback region",
        ),
        pytest.param(
            of_account(make_account(60, regions=("EUROPE_UK",))),
            f"Ticket #101 is a large user account's: {WHO} has 60 user licences; 60 are enough in EUROPE_UK.",
            id="by the region in the data",
        ),
        pytest.param(
            of_account(make_account(70, countries=("KZ",))),
            f"A person must decide about ticket #101: {WHO} has 70 user licences; 50 or 60 or 100 are needed.",
            id="review",
        ),
        pytest.param(
            of_account(make_account(partner_domain="other.example"), writer=PRAIRIE),
            f"A person must decide about ticket #101: {WHO} is tagged to another partner than the one who writes.",
            id="another partner's customer",
        ),
        pytest.param(
            of_account(make_account(), age=timedelta(days=400)),
            "It is not known whether ticket #101 is a large user account's: there are no current subscription data.",
            id="stale data",
        ),
        pytest.param(
            explained(assess(choose((), {}, None), POLICY, NOW)),
            "It is not known whether ticket #101 is a large user account's: there are no current subscription data.",
            id="no data",
        ),
        pytest.param(
            of_evidence(),
            "It is not known whose ticket #101 is: it leads to no account.",
            id="unknown",
        ),
        pytest.param(
            of_evidence(EvidencePlace.QUOTED),
            "It is not known whose ticket #101 is: it suggests one account, which is not proven.",
            id="weak evidence",
        ),
        pytest.param(
            of_evidence(EvidencePlace.QUOTED, EvidencePlace.FORWARDED),
            "It is not known whose ticket #101 is: it suggests 2 accounts, and proves none.",
            id="weak evidence for two",
        ),
        pytest.param(explained(), "Nothing is decided about ticket #101 yet.", id="never looked at"),
        pytest.param(
            explained(look_at=NOW),
            "Nothing is decided about ticket #101 yet: its first look is due at 2026-11-23 09:00:00Z.",
            id="waiting for its look",
        ),
        pytest.param(
            explained(assess(make_lookup(make_account(60)), POLICY, NOW)),
            "Ticket #101 is a large user account's: account A1 (no source has it any longer) has 60 user licences; "
            "60 are enough in EUROPE_UK.",
            id="an account that is gone",
        ),
    ],
)
def test_the_first_sentence_has_the_verdict_the_account_the_licences_and_the_threshold(ticket, sentence):
    assert summary(ticket) == sentence


def test_a_ticket_about_an_excluded_service_is_explained_by_it():
    service = next(iter(POLICY.licences.exclusions)).name
    ticket = make_ticket(product=service)
    decision = decide(ticket, make_lookup(make_account()), WRITER_NOT_LOOKED_UP, POLICY, NOW)

    assert summary(explained(decision, make_account())) == (
        f"Ticket #101 is about {service}, so box and severity stay as they are, whatever {WHO} has bought."
    )


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        pytest.param({}, WHO, id="company and super admin"),
        pytest.param({"domain": None}, f"super admin {ADMIN}", id="on a public mail provider's domain"),
        pytest.param({"super_admin_email": ""}, "large.example", id="without a known super admin"),
        pytest.param({"domain": None, "super_admin_email": ""}, "account A1", id="by nothing but its key"),
    ],
)
def test_an_account_is_named_by_what_people_know(facts, name):
    assert named(make_account(**facts), "A1") == name


def points(ticket):
    return {each.text: each.settle_for("7001", "Prairie Ltd") for each in open_points(ticket)}


@pytest.mark.parametrize(
    ("facts", "text", "act"),
    [
        pytest.param(
            {"parked_at": NOW, "error": "Gone"},
            "the ticket is parked: Gone",
            "desk-sync parked retry 7001",
            id="parked",
        ),
        pytest.param(
            {"parked_at": NOW, "dropped_at": NOW},
            "the ticket was given up: no error is known",
            "desk-sync replay 7001",
            id="dropped",
        ),
        pytest.param(
            {"missing_at": NOW},
            "Desk does not have the ticket since 2026-11-23 09:00:00Z",
            "desk-sync replay 7001",
            id="missing",
        ),
        pytest.param(
            {"look_at": NOW, "error": "Timeout"}, "the last look failed: Timeout", "desk-sync replay 7001", id="failing"
        ),
    ],
)
def test_what_keeps_a_ticket_from_a_look_is_open_with_the_command_that_settles_it(facts, text, act):
    assert act in points(explained(**facts))[text]


def test_the_questions_of_the_decision_are_open_each_with_its_act():
    decision = replace(assess(make_lookup(make_account()), POLICY, NOW), questions=(PARTNER_UNKNOWN,))

    assert list(points(explained(decision))) == [PARTNER_UNKNOWN]
    assert points(explained(decision, ended_at=NOW)) == {}
    assert points(explained(assess(make_lookup(make_account()), POLICY, NOW))) == {}


def test_held_back_fields_and_waiting_comments_are_open():
    refusal = FieldRefusal(kind=RefusalKind.INVALID)
    held = hold_back(refusal, None, value="x", found=None, now=NOW, mapping="p1")
    comment = Effect(key="review:A1", kind=EffectKind.REVIEW, text="A question.")
    waiting = put_off(comment, CommentRefusal(reason="Desk refuses the comment"), None, NOW)
    memory = make_memory(held_back={Field.SEVERITY: held}, comments=CommentsMemory(waiting={comment.key: waiting}))

    assert list(points(explained(memory=memory))) == [
        f"severity is held back since 2026-11-23 09:00:00Z: {refusal.reason}",
        "a comment waits: Desk refuses the comment",
    ]
