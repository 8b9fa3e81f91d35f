"""The worker's door to calendars from Desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk_sync import wiring
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.settings import Settings
from desk_sync.simulated_desk.server import running
from tasks import hours

SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
TAKEN = 'default: "Office hours"'


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """The product as a worker has it, with a mapping that takes a calendar from Desk."""
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(SHIPPED.read_text().replace("INDIA: {zone: Asia/Kolkata}", "INDIA: {desk: Office hours}"))
    with EmbeddedBroker.start() as broker, running() as (simulation, url):
        facts = {**simulation.facts(url), "desk_url": url, "accounts_url": url, "mapping": str(mapping)}
        known = {name: value for name, value in facts.items() if name in Settings.model_fields}
        database = f"sqlite:///{tmp_path / 'desk.sqlite3'}"
        with wiring.open_app(Settings(**known, database_url=database, redis_url=broker.url)) as desk_sync:
            desk_sync.upgrade()
            monkeypatch.setattr(wiring, "worker_app", lambda: desk_sync)
            yield desk_sync


def test_a_refresh_keeps_what_desk_says_and_asks_once(worker):
    assert worker.hours_from_desk() == {TAKEN: None}

    hours.refresh(portal="default")
    first = worker.hours_from_desk()[TAKEN]
    hours.refresh(portal="default")

    assert (first.calendar is None, first.problem) == (False, None)
    assert worker.hours_from_desk()[TAKEN] == first


def test_a_ring_for_all_reaches_every_portal_and_does_not_outlive_its_use(worker, monkeypatch):
    rings = []
    monkeypatch.setattr(hours.refresh, "apply_async", lambda **options: rings.append(options))

    hours.refresh_all()

    assert rings == [{"kwargs": {"portal": "default"}, "retry": False, "expires": 600}]
