"""What must hold in every scenario holds in random ones, too; their seeds are printed.

Each version of the code has seeds of its own, and always the same ones: what fails here fails again.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

import desk_sync
from desk_sync import simulation
from tests.support import random_scenarios
from tests.support.counts import count

BATCHES, AT_ONCE = 50, count(10, 400)
SOURCES = sorted(Path(desk_sync.__file__).parent.rglob("*.py"))
FIRST_SEED = int(sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:7], 16)


@pytest.mark.crowd
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_they_hold_in_random_scenarios(batch, tmp_path):
    first = FIRST_SEED + batch * AT_ONCE
    print(f"seeds {first} to {first + AT_ONCE - 1}")

    broken = {
        seed: found
        for seed in range(first, first + AT_ONCE)
        if (found := simulation.check(random_scenarios.write(tmp_path / str(seed), seed))["broken"])
    }

    assert broken == {}
