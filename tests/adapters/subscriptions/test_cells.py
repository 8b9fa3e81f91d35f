"""The normal forms of cells: what a spreadsheet adds to a value changes nothing, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.adapters.subscriptions.tables import cells

DIGITS = st.integers(min_value=1_000_000, max_value=10**20).map(str)
INVISIBLE = st.sampled_from(["\u200b", "\ufeff", "\u200e", "\u00ad", "\u2060", "\x7f"])
SEPARATORS = [",", ".", " ", "'", "’", "\u00a0", "\u202f", "\u2009"]


def groups(digits: str, separator: str) -> str:
    return f"{int(digits):,}".replace(",", separator)


def indian(digits: str) -> str:
    head, last = digits[:-3], digits[-3:]
    first = len(head) % 2
    pairs = [head[:first]] * bool(first) + [head[at : at + 2] for at in range(first, len(head), 2)]
    return ",".join((*pairs, last))


def full_width(text: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if each.isdigit() else each for each in text)


HABITS = st.sampled_from(
    [
        lambda digits: f"'{digits}",
        lambda digits: f"’{digits}",
        lambda digits: f'"{digits}"',
        lambda digits: f"{digits}.0",
        lambda digits: f"{digits},00",
        full_width,
        *(lambda digits, by=by: groups(digits, by) for by in SEPARATORS),
    ]
)


@given(DIGITS, HABITS, INVISIBLE, st.integers(min_value=0, max_value=5))
def test_an_id_has_one_normal_form_whatever_a_spreadsheet_did_to_it(digits, habit, invisible, at):
    written = habit(digits)
    written = written[:at] + invisible + written[at:]

    assert cells.key(written) == digits
    assert cells.number(habit("70000010023")) == "70000010023"


@given(DIGITS)
def test_an_id_in_indian_groups_is_the_same(digits):
    assert cells.key(indian(digits)) == digits


@given(st.text(max_size=40))
def test_a_normal_form_is_its_own(text):
    try:
        normal = cells.key(text)
    except ValueError:
        return

    assert cells.key(normal) == normal


@given(DIGITS, DIGITS)
def test_different_ids_stay_different(one, other):
    assert (cells.key(f"'{one}") == cells.key(f"{other}.0")) is (one == other)


@pytest.mark.parametrize("written", ["SUB-001", "000123", "12a", "A.1", "1.2.3", "9030-0000", "Köln 1", "903.1"])
def test_an_id_that_is_no_number_stays_as_it_is(written):
    assert cells.key(written) == written


@pytest.mark.parametrize(
    ("written", "message"),
    [
        pytest.param("9,03E+13", "was rounded by a spreadsheet", id="rounded"),
        pytest.param("'9.03e13", "was rounded by a spreadsheet", id="rounded and marked"),
        pytest.param("90,30,0", "is no id", id="irregular groups"),
        pytest.param("A\ufffd1", "characters that were lost", id="a letter that was lost"),
        pytest.param("''", "must not be empty", id="nothing but marks"),
        pytest.param("\u200b", "must not be empty", id="nothing to see"),
        pytest.param("########", "no letter and no digit", id="signs in place of a value"),
        pytest.param("—", "no letter and no digit", id="a sign for nothing"),
    ],
)
def test_an_id_that_cannot_be_known_is_refused(written, message):
    with pytest.raises(ValueError, match=message):
        cells.key(written)


@given(st.integers(min_value=0, max_value=10**12 - 1).map(str), HABITS)
def test_a_quantity_is_the_same_in_every_style(digits, habit):
    assert cells.quantity(habit(digits) if len(digits) > 3 else f"'{digits}.0") == int(digits)


@given(st.integers(min_value=0, max_value=10**9), st.integers(min_value=1, max_value=99), st.sampled_from(",."))
def test_a_fraction_is_never_a_quantity(whole, hundredths, by):
    with pytest.raises(ValueError, match="is not a whole number"):
        cells.quantity(f"{whole}{by}{hundredths:02}")


@pytest.mark.parametrize("written", ["1" + "\u00a0" * 200 + "x", "1" * 13, "1" + "\u200b" * 200])
def test_a_cell_is_never_read_in_part(written):
    with pytest.raises(ValueError, match="is not a whole number"):
        cells.quantity(written)


@pytest.mark.parametrize(
    "written",
    [
        "one.example",
        "www.one.example",
        "WWW.One.Example",
        "http://one.example",
        "https://www.one.example/",
        "https://one.example:443",
        "'one.example",
        "ｏｎｅ．example",
        "one.\u200bexample",
    ],
)
def test_the_address_of_a_web_site_is_that_of_its_domain(written):
    assert cells.domain(written) == "one.example"


@pytest.mark.parametrize(
    "written",
    [
        "https://one.example/login",
        "a@one.example",
        "https://a@one.example/",
        "one.example?x=1",
        "one",
        "ftp://one.example",
    ],
)
def test_the_address_of_a_page_is_no_domain(written):
    with pytest.raises(ValueError, match="is not a domain"):
        cells.domain(written)


def test_a_domain_that_only_begins_with_www_is_one():
    assert [cells.domain(each) for each in ("www.example", "www2.one.example")] == ["www.example", "www2.one.example"]


@pytest.mark.parametrize("written", ["admin@one.example", "x admin＠one.example", "9" * 50 + "@one.example"])
def test_a_message_never_repeats_an_address(written):
    for read in (cells.quantity, cells.day, cells.truth, cells.number, cells.domain):
        with pytest.raises(ValueError, match=r"^(an e-mail address )?is n") as refused:
            read(written)
        assert "one.example" not in str(refused.value)


def test_a_message_shows_the_beginning_of_a_cell():
    assert cells.shown("9" * 50_000) == f'"{"9" * 40}…"'
