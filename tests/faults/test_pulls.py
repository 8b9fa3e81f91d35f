"""Two workers and a hand-made pull of one source, killed, suspended and answered by 503 at random places."""

from __future__ import annotations

import shutil

import pytest

from desk_sync.adapters.store.upgrade import upgrade
from tests.faults.pull_processes import CUSTOMERS, LICENCES, sizes_that_became_current, trial
from tests.support.counts import count
from tests.support.zoho_host import serving

TRIALS = count(2, 200)
WHOLE = {f"{number:03}": LICENCES for number in range(CUSTOMERS)}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), tmp_path / 'store.sqlite3')}"
    postgres = request.getfixturevalue("postgres")
    url = postgres.url(postgres.new_database())
    upgrade(url)
    return url


@pytest.mark.crowd
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_snapshot_that_becomes_current_is_whole_and_of_one_run(url):
    strikes = []
    with serving() as host:
        for seed in range(TRIALS):
            outcome = trial(url, host, seed)
            strikes += outcome.strikes
            assert outcome.found == WHOLE, f"seed {seed}"
            assert outcome.runs == frozenset(), f"seed {seed}"

    assert sizes_that_became_current(url) == {(CUSTOMERS, CUSTOMERS * LICENCES)}
    assert strikes
