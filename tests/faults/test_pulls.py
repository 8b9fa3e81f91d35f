"""Two workers and a hand-made pull of one source, killed, suspended and answered by 503 at random places."""

from __future__ import annotations

import pytest

from tests.faults.pulls import FULL, run_all
from tests.support.counts import count


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_snapshot_that_becomes_current_is_whole_and_of_one_run():
    found = [started.result() for _, started in run_all([each.scaled(count(2, 200) / 200) for each in FULL])]

    assert [failure for each in found for failure in each.failures()] == []
    assert sum(each.snapshots for each in found) >= 2 * count(2, 200)
