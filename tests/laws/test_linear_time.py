"""Nothing that comes from outside takes more than linear time to read: twice the input, about twice the time."""

from __future__ import annotations

import pytest

from tests.laws.cost import MOST, growth, seconds
from tests.laws.patterns import used_patterns
from tests.laws.readers import HOSTILE

PATTERNS = used_patterns()
# A linear pattern takes less for so many characters, and a quadratic one more.
LENGTH, LONG = 4_000, 0.002
LARGEST = 1_000_000
SLOWEST = 1.0


def test_there_are_at_least_a_hundred_hostile_inputs_and_patterns():
    assert len(set(HOSTILE)) == len(HOSTILE) >= 100
    assert len(PATTERNS) >= 100


@pytest.mark.parametrize("used", PATTERNS, ids=str)
def test_a_pattern_is_linear_without_any_cut(used):
    slow = [
        (act, one)
        for one in used.hostile()
        for act in used.acts()
        if seconds(lambda: act(used.text(*one, LENGTH))) > LONG  # noqa: B023 - called at once
    ]

    grown = {
        one: growth(lambda n: act(used.text(*one, n)), first=LENGTH // 2, last=4 * LENGTH)  # noqa: B023
        for act, one in slow
    }

    assert {one: times for one, times in grown.items() if times > MOST} == {}


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_a_reader_takes_twice_the_time_for_twice_the_input(hostile):
    assert growth(hostile.read) <= MOST


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_no_reading_takes_a_second(hostile):
    assert min(seconds(lambda: hostile.read(LARGEST)) for _ in range(2)) < SLOWEST
