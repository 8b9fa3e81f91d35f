"""Wake-ups in a storm, at reduced counts; `./dev faults storm` runs eight workers and 1,000 wake-ups."""

from __future__ import annotations

import pytest

from tests.faults.storm import DAILY, run


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_alarm_is_made_once_though_workers_die_and_every_task_is_delivered_twice(tmp_path):
    aftermath = run(DAILY, tmp_path, seed=1)

    assert aftermath.failures() == []
