"""Requests for an escalation in the words of a partner, in six languages, and texts that are none.

A line of `tests/cases/requests` has a language, then "e" for an escalation, "d" for dissatisfaction or "-" for neither,
then a mail. `held-out` was written before the words, `tuned` was used to choose them; the others were each written
after a draft of the words, and measured before the words were changed (docs/decisions/0054).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from desk_sync.adapters.mail.body import read_plain
from desk_sync.adapters.mail.requests.request_words import request_table, requested_in
from desk_sync.adapters.text.languages import LANGUAGES
from desk_sync.domain.ticket.written_request import RequestKind
from desk_sync.wiring.offline import texts_of

ROOT = Path(__file__).parents[4]
FILES = ("held-out", "tuned", "further", "later", "last", "unseen")
FEWEST_FOUND = 90
"""Percent of the requests of a file."""
KINDS = {"e": RequestKind.ESCALATION, "d": RequestKind.DISSATISFACTION, "-": None}


def mails(name):
    """Return language, kind and text of each mail of a file."""
    text = (ROOT / f"tests/cases/requests/{name}.txt").read_text(encoding="utf-8")
    rows = [line.split(" ", 2) for line in text.splitlines()]
    return [(language, KINDS[kind], mail.replace("\\n", "\n")) for language, kind, mail in rows]


def requested(mail):
    return requested_in(read_plain(mail).fresh)


def test_there_are_forty_mails_of_each_language_half_of_them_innocent():
    rows = [(language, kind is None) for name in FILES for language, kind, _ in mails(name)]

    counts = Counter(rows)

    assert {(language, innocent) for language in LANGUAGES for innocent in (True, False)} == set(counts)
    assert min(counts.values()) >= 20


@pytest.mark.parametrize("name", FILES)
def test_no_innocent_mail_is_a_request(name):
    assert [mail for _, kind, mail in mails(name) if kind is None and requested(mail)] == []


@pytest.mark.parametrize("name", FILES)
def test_most_requests_are_found(name):
    asking = [mail for _, kind, mail in mails(name) if kind]

    missed = [mail for mail in asking if not requested(mail)]

    assert len(missed) * 100 <= (100 - FEWEST_FOUND) * len(asking), missed


@pytest.mark.parametrize("name", FILES)
def test_a_request_for_an_escalation_is_not_taken_for_dissatisfaction(name):
    escalating = [mail for _, kind, mail in mails(name) if kind is RequestKind.ESCALATION]

    assert [mail for mail in escalating if requested(mail) is RequestKind.DISSATISFACTION] == []


@pytest.mark.parametrize("path", sorted((ROOT / "tests/cases/words").rglob("*.txt")), ids=lambda path: path.stem)
def test_reports_of_outages_logins_and_breaches_are_no_requests_unless_they_ask_for_an_escalation(path):
    """Sentences that were written for another purpose: only those with a word for an escalation are requests."""
    lines = [line[2:] for line in path.read_text(encoding="utf-8").splitlines()]
    words = ("eskal", "escal", "エスカ")

    assert [line for line in lines if requested(line) and not any(word in line.lower() for word in words)] == []


@pytest.mark.parametrize(
    ("mail", "kind"),
    [
        pytest.param("PLEASE ESCALATE", RequestKind.ESCALATION, id="case does not matter"),
        pytest.param("please\nescalate this", RequestKind.ESCALATION, id="over two lines"),
        pytest.param("Please escalate. We are unhappy with your support.", RequestKind.ESCALATION, id="both kinds"),
        pytest.param('They said: "please escalate this"', None, id="in quotation marks"),
        pytest.param("Thanks.\n> Please escalate this.", None, id="a quoted line"),
        pytest.param("Do not escalate. Please escalate.", RequestKind.ESCALATION, id="negated once, then not"),
        pytest.param("No answer, so please escalate", RequestKind.ESCALATION, id="a negation of something else"),
        pytest.param("We do not want an escalation", None, id="a wish that is negated"),
        pytest.param("We see no reason why you should escalate", None, id="a phrase that means the opposite"),
        pytest.param("Please never let our own customer escalate", None, id="a negation from afar"),
        pytest.param("Please note: it isn't the time to escalate", None, id="a wish that is negated is no wish"),
        pytest.param("We never heard of you and now we want to escalate", RequestKind.ESCALATION, id="a wish between"),
        pytest.param("An escalation is not needed, please close", None, id="a negation behind"),
        pytest.param("Please explain, whether you escalate", None, id="an excuse"),
        pytest.param("Do we need to escalate?", None, id="a question that requests nothing"),
        pytest.param("Could you escalate?", RequestKind.ESCALATION, id="a question that requests"),
        pytest.param("Is it possible to escalate?", None, id="a question that requests only with what is possible"),
        pytest.param("Now, escalate this", RequestKind.ESCALATION, id="an imperative begins a part of a sentence"),
        pytest.param("Rules of ours escalate this", None, id="the same words elsewhere"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_words_are_read_sentence_by_sentence(mail, kind):
    assert requested(mail) is kind


def test_our_own_texts_for_partners_are_no_requests():
    """A mail program may quote them without a mark."""
    _, texts = texts_of(str(ROOT / "mappings/partner_support.yaml"))

    assert [each.text for each in texts if each.reader == "the partner" and requested_in(each.text.split("\n"))] == []


def test_each_set_that_all_languages_need_has_words_in_every_language():
    filled = {(label.language, label.name) for label, _ in request_table().phrases}
    needed = {name for rule in request_table().rules for name in rule.sets} - {"want"}
    needed |= {"common", "not", "behind", "other", "polite", "escalation excuse", "dissatisfaction excuse"}

    assert {(language, name) for language in LANGUAGES for name in needed} - filled == set()


def test_each_phrase_of_a_set_stands_there_once():
    assert [phrase for phrase, times in Counter(request_table().phrases).items() if times > 1] == []


def test_the_sets_that_a_negation_takes_away_exist():
    assert request_table().denied <= {label.name for label, _ in request_table().phrases}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", ["please escalate ", "no ", "not, ", '"', "エ", "escalate. ", "manager\n"])
def test_a_megabyte_of_one_phrase_is_read_to_its_end(unit):
    requested_in([unit * (1_000_000 // len(unit))])
