"""Databases of a simulation that are saved, put back, or lost, and a token of another agent, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import text

from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.store.tables import metadata
from desk_sync.simulation.setup import SimulationSetup, copied
from desk_sync.wiring.process import DEFAULT

LATER = timedelta(minutes=1)


@dataclass(slots=True)
class SavedDatabases:
    """Copies of the simulation's database, by the instant at which they were made."""

    simulation: SimulationSetup

    def save(self) -> None:
        """Copy the database as it is now."""
        self.simulation.save_database()

    def put_back(self, saved_at: datetime) -> None:
        """Start the product again on the copy that was made at an instant."""
        self.simulation.start_on(copied(self.simulation.copies[saved_at]))

    def lose(self, *, data: bool = True) -> None:
        """Start the product again on an empty database; its subscription data are pulled at once, if at all."""
        self.simulation.start_on(open_engine("sqlite://"))
        if data:
            self.simulation.pull.run()

    def rename(self) -> None:
        """Give the portal's rows another name: so the product finds them after a rename in the mapping."""
        engine = copied(self.simulation.desk_sync.engine)
        with writing(engine) as connection:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            for table in metadata.tables.values():
                if "portal" in table.c:
                    connection.execute(table.update().where(table.c.portal == DEFAULT).values(portal="former"))
            connection.execute(text("UPDATE portals SET name = 'former' WHERE name = :name"), {"name": DEFAULT})
        self.simulation.start_on(engine)


def change_agent(simulation: SimulationSetup) -> None:
    """Let the token belong to another agent from now on, and start the product again."""
    portal = simulation.site.portal
    new = portal.add_agent("Second", "Sync", "second-sync@support.example")
    former, *others = portal.seed.agents[:-1]
    portal.seed = replace(portal.seed, agents=[new, *others, former])
    simulation.start_with_new_token()
