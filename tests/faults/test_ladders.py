"""Escalations while workers die, at reduced counts; `./dev faults ladders` has a thousand, and more than 200 kills."""

from __future__ import annotations

import pytest

from tests.faults.ladders import DAILY, run


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_step_stands_in_desk_once_and_every_notice_comes_though_workers_die(tmp_path):
    climbed = run(DAILY, tmp_path, seed=1)

    assert climbed.failures() == []
