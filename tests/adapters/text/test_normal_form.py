"""Normal forms are those of the standard library, except for runs of marks that no language has."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.normal_form import LONGEST_RUN, normal_form

# The marks have two classes, so that each pair is in the wrong order and has to be sorted.
ABOVE, BELOW = "\u0301", "\u0323"


@given(st.text(alphabet=st.sampled_from("aé½ﾊﾞ。\u0344\u0f73 あ\U0001f600" + ABOVE + BELOW), max_size=LONGEST_RUN))
def test_an_ordinary_text_has_the_normal_form_of_the_standard_library(text):
    for form in ("NFC", "NFKC", "NFKD"):
        assert normal_form(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param(ABOVE + BELOW, id="marks of two classes"),
        pytest.param("\u0344", id="a mark that is two"),
        pytest.param("\u0f73\u0f71", id="a mark of no class that is two of some"),
        pytest.param("\uff9e" + ABOVE, id="a half-width mark, which counts as a letter"),
    ],
)
def test_a_long_run_of_marks_is_cut(marks):
    normal = normal_form("NFKD", f"a{marks * 1_000}b")

    assert (normal[0], normal[-1]) == ("a", "b")
    assert LONGEST_RUN <= len(normal) - 2 <= 2 * LONGEST_RUN


def test_other_signs_in_a_row_stay():
    assert normal_form("NFC", "。" * 1_000) == "。" * 1_000
