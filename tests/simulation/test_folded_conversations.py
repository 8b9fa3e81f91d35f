"""Folding the history of a conversation changes no decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk_sync.domain.commitment import folding
from desk_sync.simulation import simulate

CASES = Path(__file__).parents[1] / "cases" / "scenarios"
SCENARIOS = (
    "account-found-late",
    "closed-from-hold",
    "conversation",
    "in-the-bin",
    "ladder-over-the-weekend",
    "ladder-stopped",
    "met-late",
    "on-hold-and-back",
    "reopened",
    "rounds",
    "severity-changed",
    "updates",
    "worked-examples",
)
"""Those in which several things happen on a ticket."""
CLOCKS = "The clocks, as of "
SAME = ("status", "assignee", "decision", "writes", "escalations", "fields", "parked", "held_back")


def decided(document: dict) -> dict:
    """Return what was decided: everything but the clocks, and their list in the note; what is late stands before it."""
    return {
        "notifications": document["notifications"],
        "tickets": {
            key: [ticket[name] for name in SAME]
            + [{**each, "text": each["text"].partition(CLOCKS)[0]} for each in ticket["comments"]]
            for key, ticket in document["tickets"].items()
        },
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_ends_in_the_same_way_if_its_histories_are_folded_at_once(name, monkeypatch):
    whole = decided(simulate(CASES / f"{name}.yaml"))
    monkeypatch.setattr(folding, "LONGEST", 2)
    monkeypatch.setattr(folding, "KEPT", 1)

    assert decided(simulate(CASES / f"{name}.yaml")) == whole
