"""Databases that older versions left, each with the simulated Desk of that time, and their use by this version.

tests/cases/databases/README.md says how they were made.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Boolean, Date, DateTime, Engine, MetaData, func, inspect, select
from sqlalchemy.types import JSON

from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.store.upgrade import _config, migrate
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.ticket import DeskTicket
from desk_sync.simulation import report, scenario
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.scenario import LoadedScenario
from desk_sync.simulation.setup import SimulationSetup, _door, set_up_simulation
from desk_sync.wiring.process import DeskSync
from tests.cases.databases.make import STAFF

CASES = Path(__file__).parents[1] / "cases"
DATABASES = CASES / "databases"
SCHEMAS = sorted(file.name.partition(".")[0] for file in DATABASES.glob("*.json.gz"))
UPGRADED_AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderDatabase:
    """The rows of a database by table, and the simulated Desk as it was."""

    schema: str
    tables: dict[str, list[dict[str, Any]]]
    desk: dict[str, Any]


def read_older(schema: str) -> OlderDatabase:
    return OlderDatabase(**json.loads(gzip.decompress((DATABASES / f"{schema}.json.gz").read_bytes())))


def fill(url: str, older: OlderDatabase) -> None:
    """Make a database of the older schema, with its rows."""
    engine = open_engine(url)
    create_schema(engine, older.schema)
    insert_rows(engine, older.tables)
    engine.dispose()


def create_schema(engine: Engine, schema: str) -> None:
    config = _config()
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, schema)


def insert_rows(engine: Engine, tables: dict[str, list[dict[str, Any]]]) -> None:
    metadata = MetaData()
    metadata.reflect(engine, only=list(tables))
    with writing(engine) as connection:
        for table in metadata.sorted_tables:
            types = {column["name"]: column["type"] for column in inspect(connection).get_columns(table.name)}
            for row in tables[table.name]:
                connection.execute(table.insert().values({name: typed(types[name], row[name]) for name in row}))
            if engine.dialect.name == "postgresql" and table.autoincrement_column is not None:
                name = table.autoincrement_column.name
                sequence = func.pg_get_serial_sequence(table.name, name)
                connection.execute(select(func.setval(sequence, func.max(table.c[name]))))


def typed(kind: Any, value: Any) -> Any:
    """Return a value as the driver of either database takes it."""
    if value is None:
        return None
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(f"{value}+00:00")
    if isinstance(kind, JSON):
        return json.loads(value)
    return bool(value) if isinstance(kind, Boolean) else value


def write_scenario(folder: Path) -> LoadedScenario:
    """Write the scenario of all databases, with the mapping of this version and people who hold its roles."""
    shutil.copytree(CASES / "scenarios", folder / "scenarios", dirs_exist_ok=True)
    (folder / "databases").mkdir(exist_ok=True)
    mapping = SHIPPED.read_text()
    for old, new in STAFF.items():
        mapping = mapping.replace(old, new)
    (folder / "databases" / "staffed.yaml").write_text(mapping)
    return scenario.read(Path(shutil.copy(DATABASES / "older.yaml", folder / "databases")))


def undisturbed(loaded: LoadedScenario) -> dict[str, Any]:
    """Return the report on the whole scenario, run by this version alone."""
    with set_up_simulation(loaded) as simulation:
        run_scenario(loaded, simulation)
        return report.document(simulation)


@contextmanager
def upgraded(loaded: LoadedScenario, older: OlderDatabase, url: str) -> Iterator[SimulationSetup]:
    """Upgrade the database at UPGRADED_AT, and set up this version's product with it, and Desk as it is by then."""
    fill(url, older)
    engine = open_engine(url)
    migrate(engine, now=UPGRADED_AT)
    with set_up_simulation(loaded) as simulation:
        simulation.virtual_time.move_to(UPGRADED_AT)
        _restore(simulation, older.desk)
        old = simulation.desk_sync
        simulation.desk_sync = DeskSync(old.settings, engine, old.environment, old.mapping)
        simulation.deliveries.door = _door(simulation.desk_sync)
        yield simulation
    engine.dispose()


def go_on(loaded: LoadedScenario, simulation: SimulationSetup) -> dict[str, Any]:
    """Run the rest of the scenario, and return the report."""
    shape = loaded.shape
    rest = {
        part: [each for each in getattr(shape, part) if shape.instant(each.at) > UPGRADED_AT]
        for part in ("tickets", "steps")
    }
    run_scenario(replace(loaded, shape=shape.model_copy(update=rest)), simulation)
    return report.document(simulation)


def _restore(simulation: SimulationSetup, desk: dict[str, Any]) -> None:
    portal = simulation.site.portal
    known = [each["id"] for each in desk["agents"][:4]]
    assert [each["id"] for each in portal.seed.agents[:4]] == known, "the agents of a portal have other ids"
    for name in ("contacts", "accounts", "contracts"):
        getattr(portal, name).update(desk[name])
    for stored in desk["tickets"]:
        portal.tickets[stored["record"]["id"]] = _ticket(portal, stored)
        next(portal._ticket_numbers)
    while int(portal.new_id()) <= max(map(int, portal.tickets)) + 100_000:
        pass
    actors = simulation.actors
    actors.tickets.update({key: portal.tickets[ticket_id] for key, ticket_id in desk["keys"].items()})
    actors._contacts.update({each["email"]: each for each in portal.contacts.values()})
    actors._accounts.update({each["website"].removeprefix("https://"): each for each in portal.accounts.values()})


def _ticket(portal: SimulatedPortal, stored: dict[str, Any]) -> DeskTicket:
    values = {name: value for name, value in stored.items() if name != "department_id"}
    values["stages"] = [(status, datetime.fromisoformat(at)) for status, at in stored["stages"]]
    return DeskTicket(**values, layout=portal.layout_of(stored["department_id"]))


def after_upgrade(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries of a report that are later than the upgrade."""
    return [each for each in entries if datetime.fromisoformat(each["at"]) > UPGRADED_AT]
