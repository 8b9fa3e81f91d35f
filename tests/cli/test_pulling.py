"""Pulling a source from the command line: a file that another program renews."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from desk_sync import settings
from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.adapters.store.subscription_tables import snapshots
from desk_sync.adapters.subscriptions import sources
from desk_sync.adapters.subscriptions.billing import BillingSource
from desk_sync.adapters.subscriptions.mail_partner import MailPartner
from desk_sync.adapters.subscriptions.partner_store import PartnerStore
from desk_sync.adapters.zoho.auth import AccessTokens, OAuthCredentials
from desk_sync.cli import main
from desk_sync.ports.pulling.pulls import PullOutcome
from desk_sync.ports.subscriptions import PullProgress, SourceProblem
from desk_sync.wiring import opening
from desk_sync.wiring.opening import open_app
from tasks import pull
from tests.adapters.desk.portal import FakeTokens
from tests.support.fake_checkpoints import FakeMeter, FakeUnits
from tests.support.makers import NOW

CASES = Path(__file__).parents[1] / "cases" / "accounts"
SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"


@pytest.fixture
def mapping(tmp_path):
    """A mapping with a file, a Billing organisation, a store and mail partners as sources."""
    export = shutil.copy(CASES / "accounts.csv", tmp_path / "export.csv")
    described = f"""sources:
  nightly: {{kind: file, path: {export}, every: 1h}}
  billing: {{kind: billing, data_center: eu, org_id: 1, every: 12h}}
  store: {{kind: partner_store, data_center: eu, every: 6h}}
  mail: {{kind: mail_partner, data_center: eu, zoids_of: store, every: 1d}}
"""
    file = tmp_path / "mapping.yaml"
    file.write_text(SHIPPED.read_text().replace("licences:\n", described + "licences:\n", 1))
    return file


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, mapping):
    """Run a command in this process; return its exit status and its output."""
    monkeypatch.setenv("DESK_SYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    monkeypatch.setenv("DESK_SYNC_MAPPING", str(mapping))

    def command(*arguments):
        monkeypatch.setattr("sys.argv", ["desk-sync", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr().out

    command("db", "upgrade")
    return command


def status(run):
    return {each["source"]: each for each in json.loads(run("subscriptions", "status", "--json")[1])["sources"]}


def test_a_source_is_pulled_by_hand_and_its_status_is_shown(run):
    code, output = run("subscriptions", "pull", "nightly")
    assert (code, output.startswith("pulled; ")) == (0, True)

    found = status(run)

    assert list(found) == ["nightly", "billing", "store", "mail", "file"]
    assert found["nightly"]["imported_at"]
    assert not found["billing"]["imported_at"]


def test_half_an_export_is_refused_and_the_status_shows_the_error(run, tmp_path):
    run("subscriptions", "pull", "nightly")
    before = status(run)["nightly"]["imported_at"]
    export = tmp_path / "export.csv"
    lines = export.read_text().splitlines(keepends=True)
    export.write_text("".join(lines[: len(lines) // 2]))

    code, _ = run("subscriptions", "pull", "nightly")

    found = status(run)["nightly"]
    assert code
    assert (found["imported_at"], "are missing" in found["error"]) == (before, True)
    assert "are missing" in run("subscriptions", "status")[1]


def test_a_source_that_is_not_in_the_mapping_is_a_configuration_error(run):
    assert run("subscriptions", "pull", "nobody")[0] == 3


@pytest.mark.parametrize(("name", "kind"), [("billing", BillingSource), ("store", PartnerStore), ("mail", MailPartner)])
def test_each_kind_has_its_adapter_and_its_own_credentials(mapping, monkeypatch, name, kind):
    for secret in settings.OAUTH:
        monkeypatch.setenv(f"DESK_SYNC_SOURCE_{name}_{secret}".upper(), "x")

    def access(accounts_url):
        assert accounts_url == "https://accounts.zoho.eu"
        credentials = OAuthCredentials(**settings.oauth_of(f"source_{name}"), accounts_url=accounts_url)
        return AccessTokens(credentials, FakeTokens(), now=lambda: NOW)

    means = sources.SourceMeans(
        access=access,
        database_url=lambda: "",
        units=FakeUnits(),
        meter=FakeMeter(),
        now=lambda: NOW,
        zoids=lambda _: (),
    )

    assert isinstance(sources.make(mapping_file.load(mapping).sources[name], means), kind)


def test_without_a_worker_one_ring_waits_for_each_source(run, mapping):
    twice = "from tasks.pull import pull_due, rings_waiting; pull_due(); pull_due(); print(rings_waiting())"
    with EmbeddedBroker.start() as broker:
        environment = os.environ | {"DESK_SYNC_REDIS_URL": broker.url}
        waiting = subprocess.check_output([sys.executable, "-c", twice], env=environment)

    assert int(waiting) == len(mapping_file.load(mapping).sources) - 1, (
        "mail comes after the store, whose ZOIDs it reads"
    )


def test_a_ring_for_pulls_finishes_an_import_that_died(run, monkeypatch):
    run("subscriptions", "pull", "nightly")
    with open_app() as desk_sync:
        with desk_sync.engine.begin() as connection:
            connection.execute(snapshots.update().values(marking_until=NOW))
        monkeypatch.setattr(opening, "worker_app", lambda: desk_sync)
        monkeypatch.setattr(pull, "rings_waiting", lambda: 1)

        pull.pull_due()

        with desk_sync.engine.connect() as connection:
            assert connection.scalars(select(snapshots.c.marking_until)).all() == [None]


def test_a_database_that_is_not_set_is_a_configuration_error(run, mapping):
    text = mapping.read_text().replace("  store: {", "  house: {kind: sql, table: x, every: 1h}\n  store: {")
    mapping.write_text(text)

    assert run("subscriptions", "pull", "house")[0] == 3


def test_a_source_that_has_shrunk_is_taken_with_force(run, tmp_path):
    run("subscriptions", "pull", "nightly")
    export = tmp_path / "export.csv"
    lines = export.read_text().splitlines(keepends=True)
    export.write_text("".join(lines[: len(lines) // 2]))
    assert run("subscriptions", "pull", "nightly")[0] == 1

    code, output = run("subscriptions", "pull", "nightly", "--force")

    assert (code, output.startswith("pulled; ")) == (0, True)
    assert status(run)["nightly"]["error"] is None


def test_the_date_of_the_data_stands_beside_their_age(run):
    run("subscriptions", "pull", "nightly")

    assert status(run)["nightly"]["as_of"] == "2026-11-20"
    assert "2026-11-20" in run("subscriptions", "status")[1]


def test_what_could_not_be_read_and_how_far_a_run_is_are_shown(run):
    problem = SourceProblem(account="7", subscription="S1", field="plan.quantity", message="1.125 is no number")
    with open_app() as desk_sync:
        pulls, now = desk_sync.sources.pulls, desk_sync.environment.now()
        turn = pulls.acquire("billing", now=now, until=now, every=None)
        pulls.succeeded(turn, PullOutcome(problems=[problem] * 101), now=now, due_at=now)
        until = now + timedelta(minutes=15)
        turn = pulls.acquire("billing", now=now, until=until, every=None, holder="process 7")
        pulls.hold(turn, now=now, until=until, progress=PullProgress(pages=2, calls=3, accounts=50))
        pulls.acquire("store", now=now, until=until, every=None, holder="process 8")

    shown = run("subscriptions", "status")[1]

    assert "billing: account 7 subscription S1: plan.quantity: 1.125 is no number" in shown
    assert "billing: … and 1 more that could not be read" in shown
    assert "50 accounts on 2 pages, 3 calls" in shown
    assert "store: pulled by process 8" in shown
    assert status(run)["billing"]["flawed"] == 101
