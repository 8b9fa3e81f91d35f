"""Make a database as an older version leaves it, with the simulated Desk as it is at that time.

Run with the sources of that version before all others: PYTHONPATH=SOURCES python make.py OUT.json.gz
The version runs its own simulation of older.yaml up to +26h, with its own mapping. A change that a person makes at that
instant is stored as a delivery, and not looked at.
"""

from __future__ import annotations

import dataclasses
import gzip
import importlib
import json
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
STOP = timedelta(hours=26)
STAFF = {
    "    escalation_desk: []\n": "    escalation_desk: [ada]\n",
    "    team_lead.europe: []\n": "    team_lead.europe: [cai]\n",
    "  people: {}\n": "  people:\n    ada: {mail: [ada@desk.example]}\n    cai: {mail: [cai@desk.example]}\n",
}


def main(out: Path) -> None:
    try:
        package, run = importlib.import_module("desk_sync.simulation"), "simulate"
    except ModuleNotFoundError:
        package, run = importlib.import_module("desk_sync.rehearsal"), "rehearse"
    report = importlib.import_module(f"{package.__name__}.report")
    report.document = lambda made: dump(made, out)
    with tempfile.TemporaryDirectory() as folder:
        getattr(package, run)(scenario_in(Path(folder) / "databases", Path(package.__file__).parents[2]))


def scenario_in(folder: Path, sources: Path) -> Path:
    """Write the first part of the scenario, and the version's mapping, into the folder."""
    folder.mkdir()
    shutil.copytree(HERE.parent / "scenarios", folder.parent / "scenarios")
    mapping = (sources / "mappings" / "partner_support.yaml").read_text()
    for old, new in STAFF.items():
        mapping = mapping.replace(old, new)
    (folder / "staffed.yaml").write_text(mapping)
    yaml = YAML(typ="safe")
    scenario = yaml.load(HERE / "older.yaml")
    scenario["until"] = scenario["start"] + STOP
    for part in ("tickets", "steps"):
        scenario[part] = [each for each in scenario[part] if hours(each.get("at", "+0h")) < STOP]
    path = folder / "scenario.yaml"
    for name in ("start", "until"):
        scenario[name] = f"{scenario[name]:%FT%TZ}"
    yaml.dump(scenario, path)
    return path


def hours(text: str) -> timedelta:
    amount = int(text[1:-1])
    return timedelta(hours=amount) if text.endswith("h") else timedelta(minutes=amount)


def dump(made: Any, out: Path) -> dict[str, Any]:
    portal = made.site.portal
    actors = first_of(made, "actors", "people")
    changed = actors.tickets["unticked"].record["id"]
    portal.change_ticket(changed, {"cf": {"cf_zoho_product_name": "Zoho Mail"}}, by=portal.person["id"])
    first_of(made, "virtual_time", "agenda").run_due()
    state = {
        "keys": {key: ticket.record["id"] for key, ticket in actors.tickets.items()},
        "agents": first_of(portal, "seed", "furniture").agents,
        "contacts": portal.contacts,
        "accounts": portal.accounts,
        "contracts": portal.contracts,
        "tickets": [plain(each) for each in portal.tickets.values()],
    }
    document = {"schema": schema_of(made.desk_sync.engine), "tables": tables(made.desk_sync.engine), "desk": state}
    text = json.dumps(document, default=str, sort_keys=True, indent=0)
    out.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(out, out.stat().st_size, "bytes, schema", document["schema"])
    return {}


def first_of(thing: Any, *names: str) -> Any:
    """Return the attribute of the first of these names that the thing has."""
    return next(getattr(thing, name) for name in names if hasattr(thing, name))


def plain(ticket: Any) -> dict[str, Any]:
    names = {each.name for each in dataclasses.fields(ticket)} - {"layout", "versions"}
    return {name: getattr(ticket, name) for name in names} | {"department_id": ticket.layout.department_id}


def schema_of(engine: Any) -> str:
    with engine.connect() as connection:
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()


def tables(engine: Any) -> dict[str, list[dict[str, Any]]]:
    with engine.connect() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        return {
            name: [dict(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"').mappings()]  # noqa: S608
            for name in names
            if name != "alembic_version"
        }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
