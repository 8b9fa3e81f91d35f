"""The texts of the note in six languages, for everything that it can say.

`tests/cases/notes` holds them as a person reads them. After a change that is meant, write them anew and read them:
`python -m tests.domain.plan.preview.test_notes`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desk_sync.adapters.mapping.file import load
from desk_sync.adapters.text.languages import LANGUAGES
from desk_sync.domain.escalation.public_update import PLACEHOLDER
from desk_sync.domain.plan.note.facts import NoteSubject
from desk_sync.domain.plan.note.note import write_note
from desk_sync.domain.plan.note_policy import NoteWords
from desk_sync.domain.plan.preview.example import PreviewScene
from desk_sync.domain.plan.preview.notes import notes

FOLDER = Path(__file__).parents[3] / "cases" / "notes"
OPENED_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = load("partner_support").policy
SCENE = PreviewScene.of(POLICY, OPENED_AT)
TEXTS = POLICY.notes.texts
WORDS_IN_A_SENTENCE = 30


def written(language: str) -> dict[str, str]:
    words = NoteWords(TEXTS[language])
    return {occasion: write_note(facts, words).comment.text for occasion, facts in notes(SCENE)}


def document(language: str) -> str:
    return "\n".join(f"== {occasion}\n{text}\n" for occasion, text in written(language).items())


def before_the_reasons(language: str, text: str) -> str:
    return text.partition(f"\n{TEXTS[language]['why']}\n")[0]


@pytest.mark.parametrize("language", LANGUAGES)
class TestEachLanguage:
    def test_it_has_every_text_with_the_placeholders_of_the_english_one(self, language):
        placeholders = {name: set(PLACEHOLDER.findall(text)) for name, text in TEXTS[language].items()}

        assert placeholders == {name: set(PLACEHOLDER.findall(text)) for name, text in TEXTS["en"].items()}

    def test_it_says_everything_as_it_was_read_by_a_person(self, language):
        assert document(language) == (FOLDER / f"{language}.txt").read_text(encoding="utf-8")

    def test_it_leaves_no_placeholder_and_no_key_of_ours_and_no_utc(self, language):
        for occasion, text in written(language).items():
            assert re.findall(r"\{\w*\}|\bNone\b|EXAMPLE-ACCOUNT|\d\dZ\b|\+00:00", text) == [], occasion

    def test_rules_are_named_after_all_else(self, language):
        for occasion, text in written(language).items():
            said = before_the_reasons(language, text).replace("(R53)", "").replace("（R53）", "")
            assert re.findall(r"\b[RCL]\d+\b", said) == [], occasion

    def test_no_sentence_is_long(self, language):
        sentences = [
            sentence
            for text in written(language).values()
            for line in before_the_reasons(language, text).splitlines()
            for sentence in re.split(r"[.?!:;](?: |$)", line)
        ]

        assert max(len(sentence.split()) for sentence in sentences) <= WORDS_IN_A_SENTENCE


def test_everything_that_the_first_sentence_can_say_is_read():
    assert {facts.subject for _, facts in notes(SCENE)} == set(NoteSubject)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_of_the_note_alone_knows_verdict_account_rule_next_instant_and_next_act(language):
    text, words = written(language)["the account is large, a clock is late"], TEXTS[language]

    assert "Severity 1" in text.splitlines()[0]
    assert "super.admin@customer.example.com" in text.splitlines()[0]
    assert "[R42]" in text
    assert "2026-11-23 18:00 (Europe/Berlin)" in text
    assert words["reply"] in text


if __name__ == "__main__":
    for each in LANGUAGES:
        (FOLDER / f"{each}.txt").write_text(document(each), encoding="utf-8")
