"""JSON in files: its value, or the place of the first mistake."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.adapters.text.json_text import DEEPEST, JsonMistake, read_json_text

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_what_is_within_the_bounds_is_read_as_the_standard_library_reads_it(value, ascii_only, indent):
    assert read_json_text(json.dumps(value, ensure_ascii=ascii_only, indent=indent)) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        pytest.param("[" * (DEEPEST + 1), 1, DEEPEST + 1, "more than 20 deep", id="lists"),
        pytest.param('{"a":\n[' * 20, 11, 2, "more than 20 deep", id="objects and lists"),
        pytest.param("[1,\n " + "1" * 19 + "]", 2, 2, "19 characters", id="a whole number over 64 bits"),
        pytest.param("-" + "1" * 5_000, 1, 1, "5001 characters", id="5,000 digits"),
        pytest.param("1." + "1" * 50, 1, 1, "52 characters", id="a long fraction"),
        pytest.param("[1,]", 1, 4, "not JSON", id="not JSON"),
        pytest.param("NaN", 1, 1, "NaN is no number", id="no number"),
        pytest.param("", 1, 1, "not JSON", id="nothing"),
        pytest.param('"a', 1, 1, "not JSON", id="a text without an end"),
    ],
)
def test_a_mistake_has_its_place(text, line, column, message):
    with pytest.raises(JsonMistake, match=message) as caught:
        read_json_text(text)

    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param(r"\ud83d", "\ufffd", id="half an emoji"),
        pytest.param(r"\ud83d\ude00", "\U0001f600", id="an emoji"),
        pytest.param(r"\\ud83d", r"\ud83d", id="an escaped backslash"),
        pytest.param("[" * 30, "[" * 30, id="brackets in a text are not deep"),
        pytest.param("1" * 30, "1" * 30, id="digits in a text are not a number"),
        pytest.param(r"\"" + "[" * 30, '"' + "[" * 30, id="an escaped quotation mark does not end a text"),
    ],
)
def test_a_text_may_hold_anything(written, value):
    assert read_json_text(f'"{written}"') == value


@pytest.mark.parametrize("deep", [DEEPEST])
def test_the_deepest_list_is_read(deep):
    assert read_json_text("[" * deep + "]" * deep) is not None
