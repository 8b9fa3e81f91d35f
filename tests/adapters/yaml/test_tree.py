"""YAML as plain values with their positions."""

from __future__ import annotations

import pytest

from desk_sync.adapters.yaml.tree import read_tree


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("NO", "NO", id="Norway"),
        pytest.param("17:30", "17:30", id="a time"),
        pytest.param("2026-11-20", "2026-11-20", id="a date"),
        pytest.param("yes", "yes", id="a word"),
        pytest.param("1.5", "1.5", id="a fraction"),
        pytest.param("0x10", "0x10", id="another base"),
        pytest.param("-7", -7, id="a whole number"),
        pytest.param("true", True, id="true"),
        pytest.param("~", None, id="nothing"),
        pytest.param("[1, {a: b}]", [1, {"a": "b"}], id="lists and keys"),
    ],
)
def test_a_scalar_is_text_unless_it_is_plainly_something_else(written, value):
    assert read_tree(f"key: {written}").value == {"key": value}


def test_every_value_has_a_position():
    tree = read_tree("regions:\n  - name: EU\n    countries: [DE, FR]\n")

    place = tree.places[("regions", "0", "countries", "1")]
    assert (place.where, place.line, place.column) == ("regions[0].countries[1]", 3, 21)


def test_a_mistake_about_a_missing_key_is_placed_at_its_section():
    problem = read_tree("a:\n  b: {c: 1}\n").problem(("a", "b", "d"), "is missing")

    assert (problem.where, problem.line, problem.column) == ("a.b.d", 2, 3)


@pytest.mark.parametrize(
    ("text", "where", "line", "column", "message"),
    [
        pytest.param("a: {b: 1,\n b: 2}", "a.b", 2, 2, "repeated: first written on line 1", id="a repeated key"),
        pytest.param("1: x\n'1': y", "1", 2, 1, "repeated: first written on line 1", id="a number and its text"),
        pytest.param("? [a]\n: b", "", 1, 3, "a key must be a word or a number", id="a list as a key"),
        pytest.param("a: &x [1]\nb: *x", "b", 2, 1, "aliases are not supported", id="an alias"),
        pytest.param("a: &x [*x]", "a[0]", 1, 4, "aliases are not supported", id="an alias of itself"),
    ],
)
def test_ambiguous_yaml_is_a_mistake(text, where, line, column, message):
    (problem,) = read_tree(text).problems

    assert (problem.where, problem.line, problem.column, problem.message) == (where, line, column, message)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param(r'"\ud83d\ude00"', "\U0001f600", id="two halves, as JSON escapes them"),
        pytest.param(r'"\ud83d"', "\ufffd", id="a lone half"),
    ],
)
def test_text_is_made_of_whole_characters(written, read):
    assert read_tree(f"word: {written}").value == {"word": read}
