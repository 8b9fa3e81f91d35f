"""JSON from outside: what no strict reader admits costs its own characters, never the body."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.adapters.zoho import json_reader
from desk_sync.adapters.zoho.json_reader import NotJson, beginning_of, read_json

REPLACED = "\N{REPLACEMENT CHARACTER}"
FACE = "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("body", "read"),
    [
        pytest.param(rb'"a\ud83d b"', f"a{REPLACED} b", id="the first half of a character"),
        pytest.param(rb'"\ude00"', REPLACED, id="the second half"),
        pytest.param(rb'"\ud83d\ud83d\ude00"', REPLACED + FACE, id="a half before a whole one"),
        pytest.param(rb'"\\ud83d"', r"\ud83d", id="a backslash that is escaped"),
        pytest.param(rb'"\\\ud83d"', "\\" + REPLACED, id="half a character after one"),
        pytest.param(rb'{"\ud83d": 1}', {REPLACED: 1}, id="in a key"),
        pytest.param(b'"\x01\x1f"', REPLACED * 2, id="control characters"),
        pytest.param(b'"a\r\n\tb"', "a\r\n\tb", id="line ends and tabs stay what they are"),
        pytest.param(b'["a\x01",\n\t"b"]', [f"a{REPLACED}", "b"], id="space between the values is none of them"),
        pytest.param(rb'"a\u0000b"', f"a{REPLACED}b", id="NUL, which databases refuse"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', {"a": 1}, id="a byte order mark"),
        pytest.param(b'"\xed\xa0\xbd\xed\xb8\x80"', FACE, id="CESU-8"),
        pytest.param(b'"\xed\xa0\xbd"', REPLACED * 3, id="half of CESU-8"),
        pytest.param(b'"\xe4"', REPLACED, id="Latin 1"),
        pytest.param('"ä"'.encode(), "ä", id="nothing odd"),
    ],
)
def test_what_is_odd_in_a_string_is_replaced(body, read):
    assert read_json(body) == read


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="a page"),
        pytest.param(b'{"a": 1', id="cut off"),
        pytest.param(b'["a', id="cut off in a string"),
        pytest.param(rb'["\x41"]', id="an escape that JSON does not have"),
        pytest.param(rb'["\ud8"]', id="a broken escape"),
        pytest.param(b"[NaN]", id="no number"),
        pytest.param(b"['a']", id="other quotes"),
        pytest.param(b"\x01[1]", id="a control character outside strings"),
        pytest.param(b"\xff\xfe[\x00]\x00", id="UTF-16"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="nested deeply"),
    ],
)
def test_what_is_not_json_is_refused(body):
    with pytest.raises(NotJson):
        read_json(body)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
)


@given(values, st.booleans())
def test_what_was_in_order_is_read_as_by_a_strict_reader(value, escaped):
    assert read_json(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(values)
def test_a_repair_changes_nothing_that_was_in_order(value):
    assert orjson.loads(json_reader._repaired(orjson.dumps(value))) == value


@given(st.binary(max_size=200))
def test_any_string_of_bytes_is_read_or_refused(body):
    with suppress(NotJson):
        read_json(b'["' + body + b'"]')


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'["' + rb"\"" * 500_000, id="escaped quotes without an end"),
        pytest.param(b'"' * 1_000_000, id="quotes"),
        pytest.param(b'["\x01' + b'"a"' * 300_000, id="strings"),
        pytest.param(b'["' + rb"\ud83d" * 200_000 + b'"]', id="halves"),
    ],
)
def test_a_hostile_body_costs_linear_time(body):
    began = time.perf_counter()
    with suppress(NotJson):
        read_json(body)

    assert time.perf_counter() - began < 5


def test_a_body_in_order_is_read_once():
    with patch.object(json_reader, "_repaired") as repaired:
        read_json(b'["a"]')

    repaired.assert_not_called()


@pytest.mark.parametrize(
    ("cut", "text"),
    [
        pytest.param(rb'{"id": "1", "content" : "abc', "abc", id="within the text"),
        pytest.param(rb'{"content":"ab\ud8', "ab", id="within an escape"),
        pytest.param(rb'{"content":"ab' + b"\\", "ab", id="after a backslash"),
        pytest.param(rb'{"content":"a\"b\n', 'a"b\n', id="after an escape"),
        pytest.param(b'{"content":"a\xc3', f"a{REPLACED}", id="within a character"),
        pytest.param(rb'{"content":"abc","id":"1', "abc", id="after the text"),
        pytest.param(rb'{"id":"1', "", id="before the text"),
        pytest.param(rb'{"content":null', "", id="no text"),
    ],
)
def test_of_a_body_that_is_cut_off_the_beginning_of_a_text_is_read(cut, text):
    assert beginning_of("content", cut) == text
