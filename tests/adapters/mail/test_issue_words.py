"""Issue types inferred from the words of a ticket, in six languages, and texts without any."""

from __future__ import annotations

from collections import Counter

import pytest

from desk_sync.adapters.mail.issue_words import infer, issue_table
from desk_sync.adapters.text.languages import LANGUAGES
from desk_sync.domain.ticket.inference import Inference


def suggested(text: str) -> set[str]:
    return {found.issue_type for found in infer(text)}


def test_each_set_that_a_rule_names_has_words_in_every_language():
    table = issue_table()
    filled = {(word_set.language, word_set.name) for word_set, _ in table.phrases}
    needed = {name for rule in table.rules for name in rule.needed} | {"excuse", "over", "still", "but", "common"}

    assert {(language, name) for language in LANGUAGES for name in needed} - filled == set()


def test_each_phrase_of_a_set_stands_there_once():
    twice = [phrase for phrase, times in Counter(issue_table().phrases).items() if times > 1]

    assert twice == []


def test_the_sets_that_a_negation_takes_away_exist():
    assert issue_table().denied <= {word_set.name for word_set, _ in issue_table().phrases}


@pytest.mark.parametrize(
    ("text", "issue_types"),
    [
        pytest.param("Since 9:00 our CRM is DOWN for everybody", {"outage"}, id="case does not matter"),
        pytest.param("Der Dienst ist nicht erreichbar.", {"outage"}, id="German"),
        pytest.param("O sistema está fora do ar.", {"outage"}, id="accents"),
        pytest.param("No puedo iniciar sesión", {"login"}, id="Spanish"),
        pytest.param("Nous avons constaté une fuite de données", {"security"}, id="French"),
        pytest.param(
            "昨日からログインできません。不正アクセスの疑いもあります。", {"login", "security"}, id="Japanese, two"
        ),
        pytest.param("Nobody can log in", {"login"}, id="nobody, and a verb"),
        pytest.param("Login does not work", {"login"}, id="a noun, and a trouble"),
        pytest.param("Não consigo acessar a conta", {"login"}, id="Portuguese"),
        pytest.param("Users are unable\nto sign in", {"login"}, id="a line that goes on with a small letter"),
        pytest.param(
            "Seit heute früh melden uns alle Mitarbeiter des Kunden, dass die\nAnmeldung nicht möglich ist",
            {"login"},
            id="a long line goes on in the next one",
        ),
        pytest.param("Please help\nLogin fails\nThanks", {"login"}, id="a short line is a sentence"),
        pytest.param("There was no outage, just a question", set(), id="no outage"),
        pytest.param("This is not a security incident", set(), id="not one"),
        pytest.param("Es gab keinen Ausfall", set(), id="kein Ausfall"),
        pytest.param("Ce n'est pas une panne générale", set(), id="pas une panne"),
        pytest.param("How do I scroll down a list?", set(), id="down in another sense"),
        pytest.param("Please change the text on the login page", set(), id="login in another sense"),
        pytest.param("How do I set up security roles?", set(), id="security in another sense"),
        pytest.param("Showdown in the meeting", set(), id="part of a word"),
        pytest.param("No outage yesterday, but now an outage again", {"outage"}, id="negated once, then not"),
        pytest.param(
            "Please explain how an unauthorised access report can be made", set(), id="a question how, without its mark"
        ),
        pytest.param("Is the system down at the weekend?", set(), id="a question"),
        pytest.param("Nobody can log in, could you please help?", {"login"}, id="a question that asks for help"),
        pytest.param("Nobody can log in. What is your telephone number?", {"login"}, id="a question beside a report"),
        pytest.param("Nobody could log in yesterday. It works again now.", set(), id="all is well again"),
        pytest.param("It works again now. But our account was hacked.", {"security"}, id="worse than before"),
        pytest.param("The login problem is still not solved", {"login"}, id="not well again"),
        pytest.param("No one changed the automation", set(), id="one word is no proof of two things"),
        pytest.param("Write to nobody@login.example about the code", set(), id="an address says nothing"),
        pytest.param("Is our account safe against ransomware?", set(), id="a word of six languages, excused in one"),
        pytest.param("", set(), id="nothing"),
    ],
)
def test_words_suggest_what_a_ticket_is_about(text, issue_types):
    assert suggested(text) == issue_types


def test_an_inference_names_the_kind_and_the_language_and_no_word_of_the_text():
    assert infer("Geheimprojekt Alpha: Login funktioniert nicht.") == (Inference("login", "de"),)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", ["no outage ", "no ", "someone ", "account ", "ロ", "log in. ", "nobody\n"])
def test_a_megabyte_of_one_phrase_is_read_to_its_end(unit):
    infer(unit * (1_000_000 // len(unit)))
