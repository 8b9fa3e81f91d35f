"""Suggestions to agents from inferred issue types."""

from __future__ import annotations

from desk_sync.domain.ticket.inference import Inference, suggestions


def test_what_the_ticket_states_itself_is_no_suggestion():
    found = [Inference("outage", "de", "ausfall"), Inference("login", "en", "cannot login")]

    assert [str(reason) for reason in suggestions(found, "outage")] == [
        'R21: the words "cannot login" (en) suggest login'
    ]
