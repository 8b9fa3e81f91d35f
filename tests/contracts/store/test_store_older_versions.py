"""Databases of older versions are upgraded and go on: nothing in public that was not due after the upgrade.

Each is looked at by this version against Desk as it was then; README.md beside them says what is in it. What follows is
compared with a run of this version alone, from the start.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.simulation.scenario import LoadedScenario
from tests.support.older import (
    SCHEMAS,
    UPGRADED_AT,
    after_upgrade,
    go_on,
    read_older,
    undisturbed,
    upgraded,
    write_scenario,
)

WITHOUT_LADDERS, WITHOUT_NOTICES = "0006", "0008"
AT_RISK_BY_THEN = ("2026-11-24T10:01:00Z", "Ticket 107: first reply at risk")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedScenario:
    return write_scenario(tmp_path_factory.mktemp("older"))


@pytest.fixture(scope="module")
def alone(loaded: LoadedScenario) -> dict[str, Any]:
    return undisturbed(loaded)


@pytest.fixture
def goes_on(loaded: LoadedScenario, tmp_path: Path) -> Any:
    """Upgrade the database of a schema, run the rest of the scenario, and return the report."""

    def run(schema: str) -> dict[str, Any]:
        with upgraded(loaded, read_older(schema), f"sqlite:///{tmp_path / 'older.sqlite3'}") as simulation:
            return go_on(loaded, simulation)

    return run


def later(document: dict[str, Any], part: str) -> dict[str, list[Any]]:
    """Return that part of each ticket's report as far as it is later than the upgrade."""
    return {key: after_upgrade(ticket[part]) for key, ticket in document["tickets"].items()}


def commented(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the comments after the upgrade, without what stops a ladder: an old one keeps the answers of its start.

    The note is left out: a ticket of an old version gets it at its first look after the upgrade.
    """
    return {
        key: [
            each | {"text": re.sub(r"The escalation stops when .*\n", "", each["text"])}
            for each in comments
            if each["kind"] not in (EffectKind.DECISION, EffectKind.REVIEW)
        ]
        for key, comments in later(document, "comments").items()
    }


def notified(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the notices after the upgrade in order, without the one on a clock that was at risk by then.

    A notice that waited has the words of the version that made it: only ticket and level are compared.
    """
    found = [(each["at"], each["to"], _briefly(each["about"])) for each in after_upgrade(document["notifications"])]
    return sorted(each for each in found if (each[0], each[2]) != AT_RISK_BY_THEN)


def _briefly(about: str) -> str:
    return re.sub(r"[,:] escalation level (\d).*", r", level \1", about)


def last(document: dict[str, Any], part: str) -> dict[str, Any]:
    return {key: ticket[part] for key, ticket in document["tickets"].items()}


def test_there_are_databases_of_five_schemas_and_each_is_small():
    assert len(SCHEMAS) >= 5
    assert all(file.stat().st_size <= 50_000 for file in Path(__file__).parents[2].glob("cases/databases/*.gz"))


@pytest.mark.parametrize("schema", [each for each in SCHEMAS if each != WITHOUT_LADDERS])
def test_after_the_upgrade_all_goes_on_as_without_it(schema, alone, goes_on):
    document = goes_on(schema)

    for part in ("escalations", "writes"):
        assert later(document, part) == later(alone, part)
    assert commented(document) == commented(alone)
    for part in ("fields", "status", "parked", "held_back"):
        assert last(document, part) == last(alone, part)
    # The first notice is about a level that was raised before: a version without notices made none for it.
    assert notified(document) == notified(alone)[schema == WITHOUT_NOTICES :]


def test_a_version_without_ladders_raises_what_falls_due_after_the_upgrade_and_nothing_else(alone, goes_on):
    document = goes_on(WITHOUT_LADDERS)

    first = {
        key: (each["because"], datetime.fromisoformat(each["at"]))
        for key, levels in later(document, "escalations").items()
        for each in levels[:1]
    }
    due = {
        key: {(clock["milestone"], datetime.fromisoformat(clock["due_at"])) for clock in clocks if clock["due_at"]}
        for key, clocks in last(document, "clocks").items()
    }
    assert first.keys() == {"breached", "unticked", "answered", "unnamed", "young", "held", "later"}
    assert all(at > UPGRADED_AT and (because, at) in due[key] for key, (because, at) in first.items())
    assert {key: first[key] for key in ("young", "held", "later")} == {
        key: (levels[0]["because"], datetime.fromisoformat(levels[0]["at"]))
        for key, levels in later(alone, "escalations").items()
        if key in ("young", "held", "later")
    }
    assert last(document, "fields") == last(alone, "fields")


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_persons_value_stands_and_the_event_that_waited_is_looked_at(schema, loaded, empty_url):
    with upgraded(loaded, read_older(schema), empty_url) as simulation:
        simulation.desk_sync.portal().drain.run()
        ticket = simulation.actors.tickets["unticked"]
        counts = simulation.desk_sync.portal().inbox.counts()

    assert ticket.cf["cf_priority_customer_large_user_account"] == "false"
    assert counts.stored == counts.processed
