"""Simulation of a scenario: the product and a simulated Desk in one process, in virtual time.

The services and their wiring are those of production; only clock, transport and sources are replaced.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any


def simulate(file: Path, *, host_clock: timedelta | None = None) -> dict[str, Any]:
    """Run the scenario in the file; return the report as one document.

    `host_clock` is how far the product's clock is ahead of the simulated Desk's; None as in the file. Raises InputError
    and MappingError.
    """
    from desk_sync.simulation import report, scenario, setup
    from desk_sync.simulation.run import run_scenario

    loaded = scenario.read(file, host_clock=host_clock)
    with setup.set_up_simulation(loaded) as simulation:
        run_scenario(loaded, simulation)
        return report.document(simulation)


def check(file: Path, *, host_clock: timedelta | None = None) -> dict[str, Any]:
    """Run the scenario as `simulate` does; the report has the invariants that were `broken` too, the first one first.

    After the report the product looks at each ticket once more, to see that it writes nothing.
    """
    from desk_sync.simulation import report, scenario, setup
    from desk_sync.simulation.invariants.watch import ScenarioWatch
    from desk_sync.simulation.run import run_scenario

    loaded = scenario.read(file, host_clock=host_clock)
    with setup.set_up_simulation(loaded) as simulation:
        watch = ScenarioWatch(simulation)
        run_scenario(loaded, simulation, watch.look_made)
        document = report.document(simulation)
        watch.end()
        return document | {"broken": [str(each) for each in watch.broken]}
