"""Phrases of a list that are found among the words of a text."""

from __future__ import annotations

import pytest

from desk_sync.adapters.text.fold import fold
from desk_sync.adapters.text.phrases import PhraseIndex, words_of


def found(phrase, text):
    index = PhraseIndex([("it", phrase)])
    return [(each.start, each.end) for each in index.find(words_of(fold(text)))]


@pytest.mark.parametrize(
    ("phrase", "text", "places"),
    [
        pytest.param("log in", "Please log in now", [(1, 3)], id="two words"),
        pytest.param("log in", "Log out, then in", [], id="other words between"),
        pytest.param("log in", "a catalog in print", [], id="the end of another word"),
        pytest.param("can't", "It CAN’T be", [(1, 3)], id="case and the form of an apostrophe do not matter"),
        pytest.param("sesion", "Mi sesión", [(1, 2)], id="accents do not matter"),
        pytest.param("hack*", "hacked by a hacker", [(0, 1), (3, 4)], id="every word with a beginning"),
        pytest.param("hack*", "The shack", [], id="a beginning is no part in the middle"),
        pytest.param("ist down*", "Es ist downgeloadet", [(1, 3)], id="a beginning as the last word"),
        pytest.param("account .. locked", "his account was locked", [(1, 4)], id="words between"),
        pytest.param("account .. locked", "account locked", [(0, 2)], id="none between"),
        pytest.param("a .. b", "a 1 2 3 4 5 6 7 8 b", [(0, 10)], id="as many between as there may be"),
        pytest.param("a .. b", "a 1 2 3 4 5 6 7 8 9 b", [], id="one more"),
        pytest.param("a .. b", "a b b", [(0, 2)], id="of two ends the first"),
        pytest.param("a .. b .. c", "a 1 b 2 c", [(0, 5)], id="words between, twice"),
        pytest.param("log in", "please log", [], id="the text ends before the phrase"),
        pytest.param("ログイン", "今朝ログインできない", [(2, 6)], id="Japanese, where each letter is a word"),
        pytest.param("desk", "Deskが落ちた", [(0, 1)], id="a Latin word beside Japanese letters"),
        pytest.param("log in", "", [], id="nothing"),
    ],
)
def test_a_phrase_is_found_where_its_words_are(phrase, text, places):
    assert found(phrase, text) == places


def test_each_phrase_keeps_its_label():
    index = PhraseIndex([("whole", "server down"), ("part", "serv*"), ("whole", "down")])

    assert {(each.label, each.start) for each in index.find(["server", "down"])} == {
        ("whole", 0),
        ("part", 0),
        ("whole", 1),
    }
