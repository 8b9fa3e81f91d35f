from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.backoff import as_long_again, doubled, lies_ahead

ROOT = Path(__file__).parents[2]
SHORT, LONG = timedelta(seconds=5), timedelta(seconds=90)


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [
        pytest.param(1, 5, id="the first"),
        pytest.param(2, 10, id="the second"),
        pytest.param(5, 80, id="the last below the bound"),
        pytest.param(6, 90, id="the bound"),
        pytest.param(45, 90, id="2 ** 44 times five seconds is no timedelta"),
        pytest.param(100_000, 90, id="more attempts than a float can raise two to"),
    ],
)
def test_a_pause_doubles_up_to_its_bound(attempts, seconds):
    assert doubled(SHORT, attempts, LONG) == timedelta(seconds=seconds)


def test_no_bound_is_too_long_for_the_doubling():
    assert doubled(timedelta.max / 3, 3, timedelta.max) == timedelta.max


def grows(node: ast.AST) -> bool:
    """Return True for a power or a shift whose exponent is neither a number in the code nor a named one."""
    if not (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow | ast.LShift)):
        return False
    exponent = node.right if isinstance(node, ast.BinOp) else node.value
    return not (isinstance(exponent, ast.Constant) or (isinstance(exponent, ast.Name) and exponent.id.isupper()))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        pytest.param("pause * 2 ** attempts", True, id="a power"),
        pytest.param("pause << attempts", True, id="a shift"),
        pytest.param("pause **= attempts", True, id="in place"),
        pytest.param("1 << 20", False, id="a number"),
        pytest.param("10**_DIGITS", False, id="a named number"),
        pytest.param("f(**options)", False, id="keywords"),
    ],
)
def test_an_exponent_that_grows_is_found(code, found):
    assert any(map(grows, ast.walk(ast.parse(code)))) is found


def test_no_other_module_raises_a_number_to_a_power_that_grows():
    sources = [file for folder in ("desk_sync", "tasks") for file in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 100

    assert [file.name for file in sources if any(map(grows, ast.walk(ast.parse(file.read_text()))))] == []


@given(st.integers(1, 10_000))
def test_no_pause_is_shorter_than_the_one_before_or_longer_than_twice(attempts):
    before, after = doubled(SHORT, attempts, LONG), doubled(SHORT, attempts + 1, LONG)

    assert before <= after <= min(2 * before, LONG)


@pytest.mark.parametrize(
    ("waited", "pause"),
    [
        pytest.param(timedelta(0), SHORT, id="nothing waited yet"),
        pytest.param(timedelta(seconds=20), timedelta(seconds=20), id="as long again"),
        pytest.param(timedelta(days=1), LONG, id="the bound"),
        pytest.param(-timedelta(days=1), SHORT, id="the clock was put back"),
    ],
)
def test_a_pause_is_as_long_as_the_wait_before_it(waited, pause):
    assert as_long_again(waited, SHORT, LONG) == pause


@pytest.mark.parametrize(
    ("ahead", "lasts"),
    [
        pytest.param(timedelta(0), False, id="over, at its end"),
        pytest.param(SHORT, True, id="ahead"),
        pytest.param(LONG, True, id="by the longest pause"),
        pytest.param(LONG + SHORT, False, id="further: our clock was put back"),
        pytest.param(-SHORT, False, id="past"),
    ],
)
def test_a_pause_lasts_until_its_end_unless_that_lies_too_far_ahead(ahead, lasts):
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)

    assert lies_ahead(now + ahead, now, LONG) is lasts
