"""Escalations while workers die, at reduced counts; `./dev faults ladders` has a thousand, and more than 200 kills."""

from __future__ import annotations

import pytest

from tests.faults.ladders import DAILY, run


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_step_is_in_desk_once_and_every_notice_arrives_though_workers_die(tmp_path):
    ladder_table = run(DAILY, tmp_path, seed=1)

    assert ladder_table.failures() == []
