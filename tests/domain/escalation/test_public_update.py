"""Public updates: the state of an escalation for the partner, in the language of the ticket (R37)."""

from __future__ import annotations

from dataclasses import fields

import pytest

from desk_sync.domain.escalation.public_update import PublicStep, UpdateTexts

UPDATES = UpdateTexts(
    texts={"en": "Request {ticket}: level {level}, {title}. {odd}", "de": "Anfrage {ticket}: Stufe {level}\n"},
    titles={"en": {1: "the desk"}},
)


@pytest.mark.parametrize(
    ("level", "language", "text"),
    [
        pytest.param(1, "en", "Request 7: level 1, the desk. {odd}", id="as it is written"),
        pytest.param(2, "en", "Request 7: level 2, 2. {odd}", id="a level without a title"),
        pytest.param(1, "de-AT", "Anfrage 7: Stufe 1", id="a language with its country"),
        pytest.param(1, "nl", "Request 7: level 1, the desk. {odd}", id="another language: English"),
        pytest.param(1, None, "Request 7: level 1, the desk. {odd}", id="no language: English"),
    ],
)
def test_a_public_update_is_in_the_language_of_the_ticket(level, language, text):
    assert UPDATES.text(PublicStep(ticket="7", level=level, answering=level), language) == text


def test_an_update_has_the_title_of_the_level_that_answers():
    """C20."""
    assert UPDATES.text(PublicStep(ticket="7", level=2, answering=1), "en") == "Request 7: level 2, the desk. {odd}"


def test_without_texts_there_is_no_public_update():
    assert UpdateTexts().text(PublicStep(ticket="7", level=1, answering=1), "en") is None


def test_a_public_update_is_made_from_the_ticket_number_and_levels_alone():
    """Programme §0: partners see no licence counts."""
    assert {field.name for field in fields(PublicStep)} == {"ticket", "level", "answering"}
