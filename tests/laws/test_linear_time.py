"""Nothing that comes from outside takes more than linear time to read: twice the input, about twice the time."""

from __future__ import annotations

from functools import partial

import pytest

from tests.laws.cost import MOST, growth, seconds
from tests.laws.patterns import used_patterns
from tests.laws.readers import HOSTILE

PATTERNS = used_patterns()
# A linear pattern takes less for so many characters, and a quadratic one more.
LENGTH, LONG = 4_000, 0.002
LARGEST = 1_000_000
SLOWEST = 1.0
ATTEMPTS = 4
"""A busy machine can spoil a measurement; a quadratic reader fails at each."""


def test_there_are_at_least_a_hundred_hostile_inputs_and_patterns():
    assert len(set(HOSTILE)) == len(HOSTILE) >= 100
    assert len(PATTERNS) >= 100


@pytest.mark.parametrize("used", PATTERNS, ids=str)
def test_a_pattern_is_linear_without_any_cut(used):
    """Only inputs that take long can be quadratic, so only those are doubled."""
    calls = [
        (one, lambda length, act=act, one=one: act(used.text(*one, length)))
        for one in used.hostile()
        for act in used.acts()
    ]
    slow = [(one, call) for one, call in calls if seconds(partial(call, LENGTH)) > LONG]

    grown = {one: growth(call, first=LENGTH // 2, last=4 * LENGTH) for one, call in slow}

    assert {one: times for one, times in grown.items() if times > MOST} == {}


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_a_reader_takes_twice_the_time_for_twice_the_input(hostile):
    assert any(growth(hostile.read) <= MOST for _ in range(ATTEMPTS))


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_no_reading_takes_a_second(hostile):
    assert any(seconds(lambda: hostile.read(LARGEST)) < SLOWEST for _ in range(ATTEMPTS))
