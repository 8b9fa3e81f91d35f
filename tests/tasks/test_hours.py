"""The worker's tasks for calendars from Desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.settings import Settings
from desk_sync.simulated_desk.server import running
from desk_sync.wiring import opening
from desk_sync.wiring.opening import open_database
from tasks import hours

SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
TAKEN = "Office hours"


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """The product of a worker, with a mapping that takes a calendar from Desk."""
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(SHIPPED.read_text().replace("INDIA: {zone: Asia/Kolkata}", "INDIA: {desk: Office hours}"))
    with EmbeddedBroker.start() as broker, running() as (simulation, url):
        facts = {**simulation.facts(url), "desk_url": url, "accounts_url": url, "mapping": str(mapping)}
        known = {name: value for name, value in facts.items() if name in Settings.model_fields}
        database = f"sqlite:///{tmp_path / 'desk.sqlite3'}"
        with open_database(Settings(**known, database_url=database, redis_url=broker.url)) as desk_sync:
            desk_sync.upgrade()
            monkeypatch.setattr(opening, "worker_app", lambda: desk_sync)
            yield desk_sync


def test_a_refresh_stores_the_calendar_and_reads_it_once(worker):
    assert worker.portal().stored_hours() == {TAKEN: None}

    hours.refresh(portal="default")
    first = worker.portal().stored_hours()[TAKEN]
    hours.refresh(portal="default")

    assert (first.calendar is None, first.problem) == (False, None)
    assert worker.portal().stored_hours()[TAKEN] == first


def test_a_ring_for_all_reaches_every_portal_and_expires(worker, monkeypatch):
    rings = []
    monkeypatch.setattr(hours.refresh, "apply_async", lambda **options: rings.append(options))

    hours.refresh_all()

    assert rings == [{"kwargs": {"portal": "default"}, "retry": False, "expires": 600}]
