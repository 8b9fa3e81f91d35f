"""Databases of a simulation that are saved, put back, or lost, and a token of another agent, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.store.tables import metadata
from desk_sync.simulation import setup as simulation_setup
from desk_sync.simulation.setup import SimulationSetup
from desk_sync.wiring.process import DEFAULT, DeskSync

LATER = timedelta(minutes=1)


@dataclass(slots=True)
class SavedDatabases:
    """Copies of the simulation's database, by the instant at which they were made."""

    simulation: SimulationSetup
    copies: dict[datetime, Engine] = field(default_factory=dict)

    def save(self) -> None:
        """Copy the database as it is now."""
        self.copies[self.simulation.virtual_time.now()] = _copied(self.simulation.desk_sync.engine)

    def put_back(self, saved_at: datetime) -> None:
        """Start the product again on the copy that was made at an instant."""
        self._start(_copied(self.copies[saved_at]))

    def lose(self, *, data: bool = True) -> None:
        """Start the product again on an empty database; its subscription data are pulled at once, if at all."""
        self._start(open_engine("sqlite://"))
        if data:
            self.simulation.pull.run()

    def rename(self) -> None:
        """Give the portal's rows another name: so the product finds them after a rename in the mapping."""
        engine = _copied(self.simulation.desk_sync.engine)
        with writing(engine) as connection:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            for table in metadata.tables.values():
                if "portal" in table.c:
                    connection.execute(table.update().where(table.c.portal == DEFAULT).values(portal="former"))
            connection.execute(text("UPDATE portals SET name = 'former' WHERE name = :name"), {"name": DEFAULT})
        self._start(engine)

    def _start(self, engine: Engine) -> None:
        simulation, old = self.simulation, self.simulation.desk_sync
        simulation.desk_sync = DeskSync(old.settings, engine, old.environment, old.given)
        simulation.desk_sync.upgrade()
        simulation.deliveries.door = simulation_setup._door(simulation.desk_sync)
        simulation.deliveries.lost_at = simulation.virtual_time.now()  # the sweeps go on from the copy's coverage


def change_agent(simulation: SimulationSetup) -> None:
    """Let the token belong to another agent from now on, and start the product again."""
    portal, old = simulation.site.portal, simulation.desk_sync
    new = portal.add_agent("Second", "Sync", "second-sync@support.example")
    former, *others = portal.seed.agents[:-1]
    portal.seed = replace(portal.seed, agents=[new, *others, former])
    simulation.desk_sync = DeskSync(old.settings, old.engine, old.environment, old.given)
    simulation.deliveries.door = simulation_setup._door(simulation.desk_sync)


def _copied(engine: Engine) -> Engine:
    copy = open_engine("sqlite://")
    source, target = engine.raw_connection(), copy.raw_connection()
    driver: Any = source.driver_connection
    driver.backup(target.driver_connection)
    source.close()
    target.close()
    return copy
