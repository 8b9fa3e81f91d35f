"""The issue types that words suggest, measured on 200 sentences for each language and kind, half of them innocent.

A line of `tests/cases/words` begins with + if it reports what its file is named for, with - if it reports nothing. The
words were chosen on the odd lines; the even lines measure them. An innocent sentence counts as taken if any kind is
inferred from it. The table in docs/mails.md is made by `python -m tests.adapters.mail.issue_sentences`.
"""

from __future__ import annotations

import pytest

from desk_sync.adapters.mail.issue_words import infer
from tests.adapters.mail.issue_sentences import FILES, FURTHER, ROOT, further, read, seen, table, taken

FEWEST_SEEN = 90
MOST_TAKEN = 4
"""Percent of the even lines."""


def test_there_are_a_hundred_telling_and_a_hundred_innocent_sentences_of_each_language_and_kind():
    assert len(FILES) == 18
    assert {(len(read(*file, "+")), len(read(*file, "-"))) for file in FILES} == {(100, 100)}


def test_no_sentence_stands_twice_in_a_file():
    assert all(len({*read(*file, "+"), *read(*file, "-")}) == 200 for file in FILES)


@pytest.mark.parametrize("file", FILES, ids="-".join)
def test_most_telling_sentences_are_seen(file):
    assert seen(*file, rest=0) >= FEWEST_SEEN


@pytest.mark.parametrize("file", FILES, ids="-".join)
def test_hardly_any_innocent_sentence_is_taken(file):
    assert taken(*file, rest=0) <= MOST_TAKEN


@pytest.mark.parametrize("name", FURTHER)
def test_further_sentences_that_were_written_before_the_words_were_changed(name):
    """Each set was written before a change of the words, and measured; see docs/mails.md."""
    kind = name.split("-")[1]
    telling, innocent = further(name, "+"), further(name, "-")

    unseen = [each for each in telling if kind not in {found.issue_type for found in infer(each)}]
    assert len(unseen) <= len(telling) / 5
    assert sum(bool(infer(each)) for each in innocent) <= len(innocent) / 20


def test_the_table_in_the_documents_is_what_is_measured():
    assert table() in (ROOT / "docs" / "mails.md").read_text(encoding="utf-8")
