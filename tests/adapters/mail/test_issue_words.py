"""Issue types inferred from the words of a ticket, in six languages, and texts without any."""

from __future__ import annotations

from collections import Counter

import pytest

from desk_sync.adapters.mail.issue_words import all_phrases, infer
from desk_sync.domain.ticket.inference import Inference, suggestions

LANGUAGES = {"en", "de", "pt", "es", "fr", "ja"}


def suggested(text: str) -> set[str]:
    return {found.issue_type for found in infer(text)}


@pytest.mark.parametrize("phrase", list(all_phrases()), ids=lambda each: f"{each.language} {each.phrase}")
def test_every_phrase_of_the_list_is_found_in_a_text(phrase):
    text = f"Hallo, {phrase.phrase.replace('*', '')}: URGENT!"

    assert (phrase.issue_type, phrase.language) in {(found.issue_type, found.language) for found in infer(text)}


def test_each_issue_type_has_words_in_every_language():
    known = Counter((each.issue_type, each.language) for each in all_phrases())

    assert set(known) == {(issue, language) for issue in ("outage", "login", "security") for language in LANGUAGES}


@pytest.mark.parametrize(
    ("text", "issue_types"),
    [
        pytest.param("Since 9:00 our CRM is DOWN for everybody", {"outage"}, id="case does not matter"),
        pytest.param("Der Dienst ist nicht erreichbar.", {"outage"}, id="German"),
        pytest.param("O sistema está fora do ar e ninguém consegue fazer login", {"outage"}, id="accents"),
        pytest.param("No puedo iniciar sesión", {"login"}, id="Spanish"),
        pytest.param("Nous avons constaté une fuite de données", {"security"}, id="French"),
        pytest.param(
            "昨日からログインできません。不正アクセスの疑いもあります。", {"login", "security"}, id="Japanese, two"
        ),
        pytest.param("Users are unable\nto sign in", {"login"}, id="over two lines"),
        pytest.param("There was no outage, just a question", set(), id="no outage"),
        pytest.param("This is not a security incident", set(), id="not one"),
        pytest.param("Es gab keinen Ausfall", set(), id="kein Ausfall"),
        pytest.param("Ce n'est pas une panne générale", set(), id="pas une panne"),
        pytest.param("How do I scroll down a list?", set(), id="down in another sense"),
        pytest.param("Please change the text on the login page", set(), id="login in another sense"),
        pytest.param("How do I set up security roles?", set(), id="security in another sense"),
        pytest.param("Showdown in the meeting", set(), id="part of a word"),
        pytest.param("No outage yesterday, but now an outage again", {"outage"}, id="negated once, then not"),
        pytest.param("", set(), id="nothing"),
    ],
)
def test_words_suggest_what_a_ticket_is_about(text, issue_types):
    assert suggested(text) == issue_types


@pytest.mark.timeout(30)
def test_a_megabyte_in_which_every_phrase_is_negated_is_read_to_its_end():
    assert infer("no outage " * 100_000) == ()


def test_agents_get_a_reason_for_an_inferred_type_that_is_not_the_stated_one():
    found = [Inference("security", "en", "data breach"), Inference("outage", "de", "ausfall")]

    assert [str(reason) for reason in suggestions(found, "outage")] == [
        'R36: the words "data breach" (en) suggest security'
    ]
