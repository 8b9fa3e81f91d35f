"""Suggestions to agents from inferred issue types."""

from __future__ import annotations

from desk_sync.domain.ticket.inference import Inference, suggestions


def test_what_the_ticket_states_itself_is_no_suggestion():
    found = [Inference("outage", "de"), Inference("login", "en")]

    assert [str(reason) for reason in suggestions(found, "outage")] == [
        "R21: words of the ticket suggest a login problem"
    ]


def test_a_kind_that_words_of_two_languages_suggest_is_one_reason():
    found = [Inference("security", "de"), Inference("security", "en")]

    assert [str(reason) for reason in suggestions(found, None)] == [
        "R36: words of the ticket suggest a breach of security"
    ]
