"""People edit while processes die, at reduced counts; `./dev faults edits` makes 2,000 edits during 200 kills."""

from __future__ import annotations

import pytest

from tests.faults.edits import DAILY, run


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_last_edit_of_a_person_stands_though_processes_die(tmp_path):
    aftermath = run(DAILY, tmp_path, seed=1)

    assert aftermath.failures() == []
