"""A frozen ladder: its rungs, and whom it notifies compared with another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.escalation.ladder import LadderRung
from tests.support.ladders import RUNGS, START, ladder, raised

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "rungs",
    [
        pytest.param((), id="none"),
        pytest.param((LadderRung(2), LadderRung(1)), id="down"),
        pytest.param((LadderRung(1),) * 2, id="twice"),
    ],
)
def test_a_ladder_that_does_not_climb_is_refused(rungs):
    with pytest.raises(ValueError, match="a ladder climbs"):
        ladder(rungs=rungs)


def test_a_negative_wait_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        LadderRung(2, -HOUR)


@pytest.mark.parametrize(
    ("other", "steps", "covered"),
    [
        pytest.param(RUNGS, [], True, id="climbs as high"),
        pytest.param((LadderRung(1),), [], True, id="climbs higher"),
        pytest.param((LadderRung(3), LadderRung(4, HOUR)), [raised(2, START)], False, id="the other begins higher"),
        pytest.param(
            (LadderRung(3), LadderRung(4, HOUR)),
            [raised(3, START)],
            True,
            id="the other's first level was raised",
        ),
    ],
)
def test_a_ladder_covers_another_if_it_climbs_as_high_and_got_as_far(other, steps, covered):
    assert ladder().covers(ladder(rungs=other), steps) is covered


def test_a_ladder_of_one_level_does_not_cover_one_that_climbs_higher():
    assert not ladder(rungs=(LadderRung(1),)).covers(ladder(), [raised(1, START)])


def test_the_higher_levels_of_the_replaced_ladder_are_not_lost():
    assert [rung.level for rung in ladder(rungs=(LadderRung(3),)).extended_by(ladder()).rungs] == [3, 4]
