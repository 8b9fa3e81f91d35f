"""Simulation of a scenario: the product and a simulated Desk in one process, in virtual time.

The services and their wiring are those of production; only clock, transport and sources are replaced.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def simulate(file: Path) -> dict[str, Any]:
    """Run the scenario in the file; return the report as one document. Raises InputError, MappingError."""
    from desk_sync.simulation import report, scenario, setup
    from desk_sync.simulation.run import run_scenario

    loaded = scenario.read(file)
    with setup.set_up_simulation(loaded) as simulation:
        run_scenario(loaded, simulation)
        return report.document(simulation)
