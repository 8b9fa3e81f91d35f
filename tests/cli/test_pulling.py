"""Pulling a source from the command line: a file that another program renews."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
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
from desk_sync.services.watch.health import check
from desk_sync.wiring import checks, opening
from desk_sync.wiring.opening import open_app
from tasks import pull
from tests.adapters.desk.portal import FakeTokens
from tests.support.fake_checkpoints import FakeMeter, FakeUnits
from tests.support.makers import NOW

CASES = Path(__file__).parents[1] / "cases" / "accounts"
LARGE = "it.admin@coolabah-mining.example"
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


def look_up(run):
    return json.loads(run("subscriptions", "lookup", LARGE, "--json")[1])


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

    with open_app() as desk_sync:
        days = (desk_sync.environment.now().date() - date(2026, 11, 20)).days
    found, shown = status(run)["nightly"], run("subscriptions", "status")[1]

    assert (found["as_of"], found["as_of_age_days"], found["stale"]) == ("2026-11-20", days, False)
    assert found["age_s"] < 600
    assert (found["accounts"], found["accounts_before"], found["empty"]) == (42, None, False)
    assert "42 accounts, " in shown
    assert f"read just now, data of 2026-11-20 ({days} days old), valid until" in shown


def test_the_day_of_the_data_makes_them_stale_if_the_mapping_says_so(run, mapping):
    run("subscriptions", "pull", "nightly")
    assert look_up(run)["decision"] == "PRIORITY"

    mapping.write_text(mapping.read_text().replace("every: 1h}", "every: 1h, max_data_age: 1h}", 1))

    assert status(run)["nightly"]["stale"]
    answer = look_up(run)
    assert (answer["decision"], answer["stale"], answer["as_of"]) == ("UNKNOWN", True, "2026-11-20")
    assert "out of date since 2026-11-20 01:00Z" in run("subscriptions", "lookup", LARGE)[1]
    with open_app() as desk_sync:
        data = check("data", checks.every(desk_sync)["subscription data"])
    assert (data.ok, data.what.startswith("nightly: 42 accounts")) == (False, True)


def test_the_doctor_tells_the_state_of_each_source(run):
    run("subscriptions", "pull", "nightly")

    with open_app() as desk_sync:
        found = checks.sources(desk_sync)
        pulls = check("sources", checks.every(desk_sync)["sources"])

    assert pulls.what.startswith("1 of 4 have been pulled; billing: never pulled; store: never pulled")
    assert [(each["source"], each["never_pulled"]) for each in found] == [
        ("nightly", False),
        ("billing", True),
        ("store", True),
        ("mail", True),
        ("file", False),
    ]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        pytest.param(None, (False, ":1:1: cannot be read: No such file or directory"), id="no such file"),
        pytest.param("First,gmail.com\n", (False, ":2:2: domains: "), id="a bad row"),
        pytest.param("First,first.example\n", (True, "1 partners"), id="in order"),
    ],
)
def test_the_doctor_checks_the_partner_file(run, mapping, tmp_path, rows, found):
    file = tmp_path / "partners.csv"
    if rows:
        file.write_text(f"partner_name,domains\n{rows}")
    with open_app() as desk_sync:
        assert check("partner file", checks.every(desk_sync)["partner file"]).what == "the mapping names none"

    mapping.write_text(mapping.read_text().replace("partners:\n", f"partners:\n  file: {file}\n", 1))

    with open_app() as desk_sync:
        done = check("partner file", checks.every(desk_sync)["partner file"])
    assert (done.ok, found[1] in done.what) == (found[0], True)


def test_the_doctor_tells_of_no_source_if_the_database_cannot_be_read(run):
    with open_app() as desk_sync:
        with desk_sync.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE snapshots")

        assert checks.sources(desk_sync) == []


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
    assert "store: under way since" in shown
    assert "by process 8: it has just begun" in shown
    found = status(run)
    assert found["billing"]["flawed"] == 101
    assert found["store"]["under_way_since"]
    assert (found["store"]["never_pulled"], found["billing"]["never_pulled"]) == (True, False)
