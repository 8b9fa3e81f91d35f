"""Faults in real processes, at reduced counts: several faults share one set of processes and one wait for leases.

`./dev faults` strikes with each alone and often, and writes docs/faults.md.
"""

from __future__ import annotations

import pytest

from tests.faults.trials import DAILY, run


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("trial", [pytest.param(each, id=each.name) for each in DAILY])
def test_nothing_is_lost_or_doubled_and_work_resumes_by_itself(trial, tmp_path):
    account = run(trial, tmp_path, seed=1)

    assert account.failures() == []
