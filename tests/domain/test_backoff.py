from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.backoff import as_long_again, doubled

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
