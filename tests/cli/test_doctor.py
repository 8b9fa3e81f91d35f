"""`desk-sync doctor` and `desk-sync parked`, as an operator runs them."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.adapters.store.engine import INGEST_TIMEOUT
from desk_sync.domain.ticket.held_back import FieldRefusal, RefusalKind, hold_back
from desk_sync.domain.ticket.ticket import Field
from desk_sync.ports.held_back import HeldBackOnTicket
from desk_sync.services.watch.health import check_all
from desk_sync.settings import Settings
from desk_sync.simulated_desk.server import running
from desk_sync.wiring import checks
from desk_sync.wiring.environment import utc_now
from desk_sync.wiring.offline import read_accounts
from desk_sync.wiring.opening import open_database
from tests.contracts.store.steps import make_look
from tests.support import forked

SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
CHECKS = [
    "settings",
    "mapping",
    "libraries",
    "time zones",
    "database",
    "portals",
    "clock",
    "redis",
    "heartbeat",
    "work",
    "steps",
    "deliveries",
    "installations",
    "parked tickets",
    "held-back fields",
    "subscription data",
    "notices",
    "roles",
    "key set",
]


class Site:
    """A complete installation, and the commands on it."""

    def __init__(self, folder, facts, redis_url):
        database_url = f"sqlite:///{folder / 'desk.sqlite3'}"
        self.settings = {**facts, "database_url": database_url, "redis_url": redis_url}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DESK_SYNC_")}
        self.environment |= {f"DESK_SYNC_{name.upper()}": value for name, value in self.settings.items()}

    def run(self, *arguments, **environment):
        return forked.run(*arguments, environment=self.environment | environment)

    def open(self, **changes):
        """Open the product in this process, with these settings changed."""
        kept = {name: value for name, value in self.settings.items() if name in Settings.model_fields}
        return open_database(Settings(**kept | changes), timeout=INGEST_TIMEOUT)

    def check(self, **changes):
        with self.open(**changes) as desk_sync:
            return {check.name: check for check in check_all(checks.every(desk_sync))}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with EmbeddedBroker.start() as broker, running() as (simulation, url):
        facts = {**simulation.facts(url), "desk_url": url, "accounts_url": url}
        site = Site(tmp_path_factory.mktemp("site"), facts, broker.url)
        with site.open() as desk_sync:
            desk_sync.upgrade()
            desk_sync.sources.imports.run_file(read_accounts(ACCOUNTS))
        yield site


@pytest.fixture
def desk_sync(site):
    with site.open() as desk_sync:
        desk_sync.beat()
        yield desk_sync


def test_in_a_complete_installation_every_check_passes(site, desk_sync):
    done = site.run("doctor", "--online", "--json")
    document = json.loads(done.stdout)

    assert [each for each in document["checks"] if not each["ok"]] == []
    assert {*CHECKS, "credentials", "desk", "fields", "rules in Desk"} <= {each["name"] for each in document["checks"]}
    assert (document["ok"], done.returncode) == (True, 0)


def test_a_field_that_the_portal_does_not_have_is_named(site, desk_sync, tmp_path):
    misspelt = SHIPPED.read_text().replace("  severity: cf_severity ", "  severity: cf_severty ")
    (tmp_path / "mapping.yaml").write_text(misspelt)

    done = site.run("doctor", "--online", "--json", DESK_SYNC_MAPPING=str(tmp_path / "mapping.yaml"))

    [wrong] = [each for each in json.loads(done.stdout)["checks"] if not each["ok"]]
    assert wrong["name"] == "fields"
    assert wrong["what"].endswith("fields.severity: Desk has no field cf_severty (did you mean cf_severity?)")
    assert (wrong["hint"].split(" /")[0], done.returncode) == ("`desk-sync mappings check --live", 1)


def test_a_field_that_one_department_lacks_is_named_and_no_error(site, desk_sync):
    """The second department of the simulated portal lacks two: there they are neither read nor written."""
    document = json.loads(site.run("doctor", "--online", "--json").stdout)

    [fields] = [each for each in document["checks"] if each["name"] == "fields"]
    assert fields["ok"]
    assert 'cf_severity is missing on the layout "Operations" of the department "Partner Operations"' in fields["what"]


def test_without_online_desk_is_not_called(site, desk_sync):
    found = site.check()

    assert set(CHECKS) <= found.keys()
    assert "desk" not in found


@pytest.mark.parametrize(
    ("settings", "wrong", "reached", "message"),
    [
        pytest.param(
            {"redis_url": "redis://:canary@127.0.0.1:1/0"}, "redis", False, "Redis does not answer", id="no Redis"
        ),
        pytest.param({"client_secret": ""}, "settings", True, "DESK_SYNC_CLIENT_SECRET", id="a setting is missing"),
        pytest.param({"mapping": "/no/such/mapping"}, "mapping", True, "/no/such/mapping", id="no mapping"),
        pytest.param({"desk_url": "http://127.0.0.1:1"}, "key set", False, "127.0.0.1:1", id="no key host"),
        pytest.param(
            {"database_url": "postgresql://u:canary@127.0.0.1:1/x"},
            "database",
            False,
            "does not answer",
            id="no database",
        ),
        pytest.param({"database_url": "sqlite://"}, "database", True, "schema none", id="an empty database"),
    ],
)
def test_what_is_wrong_is_named_without_its_secrets(site, desk_sync, settings, wrong, reached, message):
    found = site.check(**settings)

    assert (found[wrong].ok, found[wrong].reached) == (False, reached)
    assert message in found[wrong].what
    assert "canary" not in repr(found)


def test_a_process_logs_at_its_start_what_is_right_and_what_is_wrong(site):
    with site.open(client_secret="") as desk_sync, capture_logs() as lines:
        checks.log_start(desk_sync)

    [line] = [line for line in lines if line["event"] == "startup.checked"]
    assert (line["log_level"], list(line["wrong"])) == ("warning", ["settings"])
    assert "SQLite" in line["database"]


def test_a_person_reads_a_table_and_hints(site, desk_sync):
    done = site.run("doctor", DESK_SYNC_REDIS_URL="redis://127.0.0.1:1/0")

    assert "WRONG" in done.stdout
    assert "hint: redis:" in done.stdout
    assert done.returncode == 4


def park(desk_sync, *ticket_ids):
    tickets = desk_sync.portal("default").tickets
    tickets.look_now(ticket_ids, now=utc_now())
    for lease in tickets.claim(now=utc_now(), until=utc_now(), limit=10):
        tickets.park(lease, now=utc_now(), error="no such field")


def hold_back_on(desk_sync, ticket_id, **held):
    """Look at a ticket on which these fields are held back."""
    tickets, now = desk_sync.portal("default").tickets, utc_now()
    tickets.look_now([ticket_id], now=now)
    [lease] = tickets.claim(now=now, until=now + timedelta(minutes=1), limit=1)
    tickets.begin_look(lease, now=now, until=lease.until)
    fields = {
        Field(name): hold_back(refusal, None, value="S9", found=None, now=now, mapping="p1")
        for name, refusal in held.items()
    }
    tickets.finish_look(lease, make_look(held_back=HeldBackOnTicket(department_id="2", fields=fields)))


def test_fields_that_are_held_back_are_listed_beside_parked_tickets_and_open_reviews(site, desk_sync):
    refusal = FieldRefusal(kind=RefusalKind.INVALID)
    hold_back_on(desk_sync, "9", severity=refusal)

    assert not site.check()["held-back fields"].ok
    for command in (("parked", "list"), ("subscriptions", "review")):
        [entry] = json.loads(site.run(*command, "--json").stdout)["held_back"]
        assert (entry["field"], entry["because"], entry["tickets"]) == ("severity", refusal.reason, ["9"])
        assert "severity" in site.run(*command).stdout

    hold_back_on(desk_sync, "9")
    assert site.check()["held-back fields"].ok


def test_a_person_moves_parked_tickets(site, desk_sync):
    park(desk_sync, "1", "2", "3")
    tickets = desk_sync.portal("default").tickets

    def parked():
        return [each.ticket_id for each in tickets.parked()]

    assert site.check()["parked tickets"].what == "3 tickets are parked"
    document = json.loads(site.run("parked", "list", "--json").stdout)
    assert [(each["ticket_id"], each["events"]) for each in document["parked"]] == [("1", 0), ("2", 0), ("3", 0)]

    assert "2: no such field" in site.run("parked", "drop", "2", "--dry-run").stdout
    assert site.run("parked", "retry").returncode == 2
    assert parked() == ["1", "2", "3"]

    assert "1 dropped" in site.run("parked", "drop", "2").stdout
    assert parked() == ["1", "3"]
    assert "2 put back" in site.run("parked", "retry", "--all").stdout
    assert parked() == []
    assert tickets.history("2").dropped_at is not None


def test_roles_that_no_notice_reaches_are_named(tmp_path):
    """As shipped every role is a placeholder: only comments in Desk reach it."""
    with open_database(Settings(database_url=f"sqlite:///{tmp_path / 'desk.sqlite3'}")) as app:
        found = checks.every(app)["roles"]()

    assert found.startswith("only comments in Desk reach dri.mea, escalation_desk, lead.anz, ")
