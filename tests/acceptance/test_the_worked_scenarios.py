"""The scenarios of tests/cases/scenarios, each run through the whole product: the report agrees with its outcome.

An outcome is a part of the report; its instants were worked out by hand. Lists must have the same length.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from desk_sync.adapters.yaml.tree import read_tree
from desk_sync.simulation import simulate

SCENARIOS = Path(__file__).parents[1] / "cases" / "scenarios"
OUTCOMES = sorted(SCENARIOS.glob("*.outcome.yaml"))


def differing(wanted, found, where=""):
    """Return the places in which `found` differs from `wanted`, each with both values."""
    match wanted, found:
        case dict(), dict():
            return [each for key in wanted for each in differing(wanted[key], found.get(key), f"{where}.{key}")]
        case list(), list() if len(wanted) == len(found):
            pairs = enumerate(zip(wanted, found, strict=True))
            return [each for place, pair in pairs for each in differing(*pair, f"{where}[{place}]")]
        case _:
            return [] if wanted == found else [f"{where.lstrip('.')}: {found!r} instead of {wanted!r}"]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda path: path.name.partition(".")[0])
def test_a_scenario_comes_to_its_outcome(outcome):
    wanted = read_tree(outcome.read_text()).value

    report = simulate(outcome.with_name(outcome.name.replace(".outcome", "")))

    assert differing(wanted, report) == []


def test_there_is_a_scenario_for_every_outcome():
    assert len(OUTCOMES) >= 20
    assert all(outcome.with_name(outcome.name.replace(".outcome", "")).is_file() for outcome in OUTCOMES)
