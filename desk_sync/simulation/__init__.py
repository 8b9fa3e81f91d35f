"""What would happen: the product and a simulated Desk in one process, in virtual time.

The same services as in production, put together by the same wiring; only the world round them is another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def simulate(file: Path) -> dict[str, Any]:
    """Play the scenario in the file; returns what came of it. Raises InputError, MappingError."""
    from desk_sync.simulation import report, scenario, setup
    from desk_sync.simulation.run import play

    story = scenario.read(file)
    with setup.stage(story) as on:
        play(story, on)
        return report.document(on)
