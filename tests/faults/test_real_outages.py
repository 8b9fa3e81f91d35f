"""Outages of Desk in real processes: some of the cells; `./dev faults outages` runs all."""

from __future__ import annotations

import pytest

from tests.faults.outages import DAILY, run


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("trial", [pytest.param(each, id=f"{each.weather}, {each.deliveries}") for each in DAILY])
def test_after_an_outage_the_tickets_are_as_those_without_one(trial, tmp_path):
    outcome = run(trial, tmp_path, seed=1)

    assert outcome.failures() == []
