"""Requests are kept from when they are made until they are withdrawn."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.escalation.requests import NO_REQUESTS, EscalationRequest, Requester, RequestSource
from tests.support.makers import NOW

HOUR = timedelta(hours=1)


def test_an_open_request_keeps_its_first_instant_and_side():
    first = NO_REQUESTS.then(EscalationRequest(by=Requester.PARTNER, at=NOW), taken_over=False, now=NOW)
    again = first.then(EscalationRequest(by=Requester.AGENT, at=NOW + HOUR), taken_over=False, now=NOW + HOUR)

    assert again == first
    assert again.then(None, taken_over=False, now=NOW + 2 * HOUR) == NO_REQUESTS


def test_a_take_over_is_a_span_that_ends_when_it_is_given_back():
    taken = NO_REQUESTS.then(None, taken_over=True, now=NOW)
    given_back = taken.then(None, taken_over=True, now=NOW + HOUR).then(None, taken_over=False, now=NOW + 2 * HOUR)

    assert taken.taken_over == ((NOW, None),)
    assert given_back.taken_over == ((NOW, NOW + 2 * HOUR),)
    assert given_back.then(None, taken_over=True, now=NOW + 3 * HOUR).taken_over[-1] == (NOW + 3 * HOUR, None)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        pytest.param({"by": Requester.AGENT}, "the agent asked for an escalation", id="by a field"),
        pytest.param({"source": RequestSource.WORDS}, "the partner asked for an escalation in a mail", id="by words"),
        pytest.param(
            {"source": RequestSource.PERSON, "person": "Ada"},
            "the partner asked for an escalation, as Ada recorded",
            id="by a person's record",
        ),
        pytest.param(
            {"source": RequestSource.PERSON},
            "the partner asked for an escalation, as a person recorded",
            id="by the record of a person without a name",
        ),
    ],
)
def test_a_request_is_a_sentence_that_says_how_it_became_known(facts, sentence):
    assert str(EscalationRequest(**{"by": Requester.PARTNER, "at": NOW} | facts)) == sentence
