"""The facts of the note: what its first sentence says, and what a refusal of Desk changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.plan.note.facts import NoteFacts, NoteSubject
from desk_sync.domain.ticket.held_back import FieldRefusal, RefusalKind, hold_back
from desk_sync.domain.ticket.inference import Inference
from desk_sync.domain.ticket.ticket import Field
from tests.support.makers import NOW, make_ticket
from tests.support.plan_scenes import LARGE, NO_DATA, SMALL, STALE, UNDECIDED, UNKNOWN, UNPROVEN, draft

REFUSED = hold_back(FieldRefusal(kind=RefusalKind.INVALID), None, value="S1-Critical", found=None, now=NOW, mapping="m")


def facts(lookup=LARGE, **changed) -> NoteFacts:
    return draft(make_ticket(**changed), lookup).note.facts


@pytest.mark.parametrize(
    ("changed", "lookup", "subject", "asks"),
    [
        ({}, LARGE, NoteSubject.LARGE, False),
        ({"issue_type": "limitation"}, LARGE, NoteSubject.EXEMPT, False),
        ({"product": "Campaigns"}, LARGE, NoteSubject.EXCLUDED, False),
        ({}, SMALL, NoteSubject.NOT_LARGE, False),
        ({}, UNDECIDED, NoteSubject.REVIEW, True),
        ({"status_type": "Closed"}, UNDECIDED, NoteSubject.REVIEW, True),
        ({}, STALE, NoteSubject.STALE, True),
        ({"status_type": "Closed"}, STALE, NoteSubject.STALE, False),
        ({}, UNPROVEN, NoteSubject.SUGGESTION, True),
        ({"in_bin": True}, UNPROVEN, NoteSubject.SUGGESTION, False),
        ({}, UNKNOWN, NoteSubject.UNNAMED, False),
        ({}, NO_DATA, NoteSubject.NO_DATA, False),
    ],
)
def test_the_subject_follows_from_the_decision_and_asks_only_about_open_tickets(changed, lookup, subject, asks):
    found = facts(lookup, **changed)

    assert (found.subject, found.asks) == (subject, asks)


def test_a_refused_severity_is_not_claimed():
    refused = facts().with_held_back({Field.SEVERITY: REFUSED})

    assert (refused.subject, refused.held_back) == (NoteSubject.LARGE_ONLY, {Field.SEVERITY: REFUSED})


def test_a_refused_address_replaces_none():
    replacing = replace(facts(), replaced="user@large.example")

    assert replacing.with_held_back({Field.LARGE_USER: REFUSED}).replaced == "user@large.example"
    assert replacing.with_held_back({Field.CUSTOMER_PRIMARY_EMAIL: REFUSED}).replaced is None
    assert replacing.with_held_back({}) is replacing


def test_what_words_suggest_is_said_of_an_open_ticket_without_a_type():
    words = (Inference("outage", "en"), Inference("login", "de"), Inference("outage", "fr"))

    assert facts(inferred=words).suspected == ("login", "outage")
    assert facts(inferred=words, issue_type="defect").suspected == ()
    assert facts(inferred=words, status_type="Closed").suspected == ()
