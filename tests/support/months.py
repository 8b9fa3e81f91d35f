"""Months of a portal in virtual time, with retention every night: tickets are opened, answered, closed, reopened."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import text

from desk_sync.adapters.store.engine import reading
from desk_sync.ports.retention import Deletion
from desk_sync.services.retention import RetentionAges
from desk_sync.simulation import scenario, setup
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.scenario import LoadedScenario
from desk_sync.simulation.setup import SimulationSetup
from desk_sync.simulation.steps import run_step
from desk_sync.wiring.process import DEFAULT

ACCOUNTS = Path(__file__).parents[1] / "cases" / "scenarios" / "accounts.csv"
START = "2026-03-02T09:00:00Z"
NIGHT = timedelta(hours=15, minutes=40)
DAY = timedelta(days=1)
TABLES = ("tickets", "deliveries", "decisions", "effects", "clocks", "messages", "notices")

# The lives of the tickets in turn, as minutes since the opening, or days since then.
ANSWERED = ("+30m, agent_reply: We look into it", "+100m, customer_reply: Still broken", "+150m, agent_reply: It works")
LIVES: Sequence[Sequence[str]] = (
    (*ANSWERED, "+200m, close: true"),
    ("+60m, agent_reply: We look into it", "+70m, set: {status: On Hold}, by: agent", "+400m, close: true"),
    ("+8h, agent_reply: We are late", "+9h, close: true"),
    (*ANSWERED, "+300m, close: true", "+3d, reopen: true", "+73h, agent_reply: Once more", "+74h, close: true"),
    (*ANSWERED, "+400m, close: true"),
)


@dataclass(slots=True)
class NightlySize:
    """The size of the database after a night's retention: bytes in use, and rows by table."""

    day: int
    used: int
    rows: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class LivedMonths:
    """The sizes by night, each ticket's comments and fields in Desk in the end, and how much was deleted."""

    nights: list[NightlySize]
    in_desk: dict[str, tuple[Sequence[str], Mapping[str, object]]]
    deleted: dict[Deletion, int]


def live(folder: Path, *, days: int, per_day: int, ages: RetentionAges) -> LivedMonths:
    """Return what became of the database in so many days."""
    shutil.copy(ACCOUNTS, folder)
    whole, nights = _read(folder, f"until: +{days}d", "accounts: accounts.csv"), list[NightlySize]()
    with setup.set_up_simulation(whole) as simulation:
        for day in range(days):
            at = whole.shape.start + day * DAY + NIGHT
            simulation.virtual_time.schedule(at, partial(_retain, simulation, ages, nights, day))
            _schedule(_read(folder, f"until: +{days + 9}d", *_scenario(day, per_day)), simulation)
        run_scenario(whole, simulation)
        portal = simulation.desk_sync.portal(DEFAULT)
        in_desk = {
            key: ([str(each["content"]) for each in ticket.comments], dict(ticket.cf))
            for key, ticket in simulation.site.portal.tickets.items()
        }
        return LivedMonths(nights=nights, in_desk=in_desk, deleted=dict(portal.metrics.deletions()))


def _retain(simulation: SimulationSetup, ages: RetentionAges, nights: list[NightlySize], day: int) -> None:
    portal = simulation.desk_sync.portal(DEFAULT)
    while replace(portal.retention, ages=ages).run():
        pass
    size = portal.metrics.database_size()
    with reading(simulation.desk_sync.engine) as connection:
        rows = {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in TABLES}  # noqa: S608
    nights.append(NightlySize(day=day, used=size.used - size.free, rows=rows))


def _read(folder: Path, *lines: str) -> LoadedScenario:
    """Return a part of the scenario; a file of all days would be longer than a scenario may be."""
    file = folder / "part.yaml"
    file.write_text("\n".join((f"start: {START}", *lines)))
    return scenario.read(file)


def _schedule(part: LoadedScenario, simulation: SimulationSetup) -> None:
    shape, virtual_time = part.shape, simulation.virtual_time
    for ticket in shape.tickets:
        virtual_time.schedule(shape.instant(ticket.at), partial(simulation.actors.open, ticket))
    for step in shape.steps:
        virtual_time.schedule(shape.instant(step.at), partial(run_step, step, simulation, part))


def _scenario(day: int, per_day: int) -> Iterator[str]:
    """Yield the lines of a day: its tickets, and all that happens to them."""
    yield "tickets:"
    opened = {number: day * 24 * 60 + number * 480 // per_day for number in range(per_day)}
    for number, at in opened.items():
        email = "admin@big.example" if number % 3 else f"who{day}-{number}@unknown.example"
        facts = f"severity: {1 + number % 3}, fields: {{customer_primary_email: {email}}}"
        yield f"  - {{key: t{day}-{number}, at: +{at}m, {facts}}}"
    yield "steps:"
    for number, at in opened.items():
        for step in LIVES[(day + number) % len(LIVES)]:
            after, what = step.split(", ", 1)
            yield f"  - {{at: +{at + _minutes(after)}m, ticket: t{day}-{number}, {what}}}"


def _minutes(after: str) -> int:
    return int(after[1:-1]) * {"m": 1, "h": 60, "d": 24 * 60}[after[-1]]
