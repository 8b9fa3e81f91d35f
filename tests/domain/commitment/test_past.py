"""The folded part of a history."""

from __future__ import annotations

import pytest

from desk_sync.domain.commitment.past import FoldedPast
from tests.support.clock_scenes import MONDAY

PAST = FoldedPast(until=MONDAY, episode_at=MONDAY, rounds={"determination": 12})


@pytest.mark.parametrize(
    ("key", "finished"),
    [
        pytest.param("determination:12", True, id="its last round"),
        pytest.param("determination:13", False, id="the round after"),
        pytest.param("update:1", False, id="a milestone without ended rounds"),
        pytest.param("overrun", False, id="no clock"),
        pytest.param("cluster:account", False, id="no round"),
    ],
)
def test_the_rounds_that_ended_in_it_are_finished(key, finished):
    assert PAST.is_finished(key) is finished
