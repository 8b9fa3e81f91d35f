"""Public updates: the state of an escalation for the partner, in the language of the ticket and in local time (R37)."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.escalation.public_update import PublicStep, UpdateSentences, UpdateTexts
from desk_sync.domain.fingerprint import without_blanks

SINCE = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
STEP = PublicStep(
    ticket="7",
    level=1,
    answering=1,
    because=LadderCause.ACKNOWLEDGEMENT,
    since=SINCE,
    next_at=SINCE + timedelta(hours=2),
    zone="Asia/Singapore",
)
ENGLISH = UpdateSentences(
    late={each: f"{each} was due {{since}}." for each in LadderCause}, news_at="News: {at}.", news="News follows."
)
GERMAN = UpdateSentences(late=dict.fromkeys(LadderCause, "Fällig: {since}."), news_at="Neues: {at}.", news="Bald.")
UPDATES = UpdateTexts(
    texts={"en": "Request {ticket}: level {level}, {title}. {odd} {late} {news}", "de": "Anfrage {ticket}: {level}\n"},
    titles={"en": {1: "the desk"}},
    sentences={"en": ENGLISH, "de": GERMAN},
)
LATE = "acknowledgement was due 2026-11-23 19:00 (Asia/Singapore)."
GERMAN_LATE = "Fällig: 2026-11-23 19:00 (Asia/Singapore)."
NEWS = "News: 2026-11-23 21:00 (Asia/Singapore)."


def text(step, language="en"):
    return UPDATES.write(step, language).text


@pytest.mark.parametrize(
    ("language", "written"),
    [
        pytest.param("en", f"Request 7: level 1, the desk. {{odd}} {LATE} {NEWS}", id="as it is written"),
        pytest.param("de-AT", f"Anfrage 7: 1 {GERMAN_LATE}", id="a language with its country"),
        pytest.param("nl", f"Request 7: level 1, the desk. {{odd}} {LATE} {NEWS}", id="another language: English"),
        pytest.param(None, f"Request 7: level 1, the desk. {{odd}} {LATE} {NEWS}", id="no language: English"),
    ],
)
def test_a_public_update_is_in_the_language_of_the_ticket_and_names_what_is_late(language, written):
    assert text(STEP, language) == written


def test_an_update_has_the_title_of_the_level_that_answers():
    """C20."""
    assert text(replace(STEP, level=2)).startswith("Request 7: level 2, the desk.")
    assert text(replace(STEP, answering=2)).startswith("Request 7: level 1, 2.")


def test_news_without_an_instant_is_promised_without_one():
    assert text(replace(STEP, next_at=None)).endswith(f"{LATE} News follows.")


def test_no_two_levels_and_no_two_breaches_have_the_same_text():
    steps = [
        replace(STEP, level=level, because=because, since=SINCE + timedelta(hours=hours))
        for level in (1, 2)
        for because in (LadderCause.ACKNOWLEDGEMENT, LadderCause.RESOLUTION)
        for hours in (0, 1)
    ]

    assert len({text(each) for each in steps}) == len(steps)


def test_without_texts_there_is_no_public_update():
    assert UpdateTexts().write(STEP, "en") is None


class TestItsWording:
    """A text is found again in Desk although a later attempt would promise its news for another time."""

    def test_is_that_of_the_same_level_and_breach_whenever_the_next_level_is_due(self):
        wording = UPDATES.write(STEP, "en").frame
        later, other = (
            replace(STEP, next_at=SINCE + timedelta(hours=5)),
            replace(STEP, since=SINCE + timedelta(hours=1)),
        )

        assert UPDATES.write(later, "en").frame == wording
        assert UPDATES.write(replace(STEP, next_at=None), "en").frame == wording
        assert {UPDATES.write(each, "en").frame for each in (other, replace(STEP, level=2))}.isdisjoint({wording})

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_is_known_for_every_ticket_and_level(self, language):
        texts = {
            "en": "Your request {ticket} has level {level}. {late} {news}",
            "de": "Ihre Anfrage ist auf Stufe {level}.",
        }
        updates = replace(UPDATES, texts=texts)
        said = without_blanks(updates.write(replace(STEP, ticket="99", level=3), language).text)

        assert [each.matches(said) for each in updates.wordings()] == [language == "en", language == "de"]

    def test_is_no_sign_of_ours_if_the_template_has_few_words_of_its_own(self):
        assert list(replace(UPDATES, texts={"en": "{ticket} {level} {late}"}).wordings()) == []


def test_a_public_update_is_made_from_what_a_partner_may_know():
    """Programme §0: partners see no licence counts."""
    known = {"ticket", "level", "answering", "because", "since", "next_at", "zone"}
    assert {field.name for field in fields(PublicStep)} == known
