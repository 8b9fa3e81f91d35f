"""The folded part of a history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.commitment.past import FoldedPast, OpenCycle, stamp
from tests.support.clock_scenes import HOUR, MONDAY

PAST = FoldedPast(
    until=MONDAY + 90 * HOUR,
    episode_at=MONDAY + 30 * HOUR,
    determination=OpenCycle(started_at=MONDAY + 60 * HOUR, by="a message"),
    rounds={"determination": 12, "acknowledgement": 1},
)


def name(milestone: str, hours: int, *, due: bool = False) -> str:
    """Return the name of a clock whose cycle began so many hours after Monday; `due`: the key of its breach."""
    started_at = MONDAY + hours * HOUR
    return ":".join((milestone, stamp(started_at), *([stamp(MONDAY + 99 * HOUR)] if due else [])))


@pytest.mark.parametrize(
    ("key", "finished"),
    [
        pytest.param("determination:12", True, id="its last round"),
        pytest.param("determination:13", False, id="the round after"),
        pytest.param("update:1", False, id="a milestone without ended rounds"),
        pytest.param(name("determination", 59), True, id="a round before the open one"),
        pytest.param(name("determination", 59, due=True), True, id="the breach of a round before the open one"),
        pytest.param(name("determination", 60), False, id="the open round"),
        pytest.param(name("determination", 60, due=True), False, id="the breach of the open round"),
        pytest.param(name("update", 89), True, id="an update before the end of this part, with none open"),
        pytest.param(name("update", 90), False, id="an update since then"),
        pytest.param(name("resolution", 29), True, id="the resolution before a reopening"),
        pytest.param(name("resolution", 30, due=True), False, id="the resolution"),
        pytest.param(name("acknowledgement", 30), False, id="an acknowledgement that is open"),
        pytest.param("overrun", False, id="no clock"),
        pytest.param("cluster:account", False, id="no round"),
    ],
)
def test_the_rounds_that_ended_in_it_are_finished(key, finished):
    assert PAST.is_finished(key) is finished


def test_an_acknowledgement_is_finished_once_a_person_has_answered():
    assert replace(PAST, acknowledged=True).is_finished(name("acknowledgement", 30))
