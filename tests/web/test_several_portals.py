"""Two portals in one installation, each with a simulated Desk of its own: nothing of one is accepted for the other.

Both number their tickets and webhooks alike, and both send to one receiver.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.adapters.store.portals import SqlTokens
from desk_sync.errors import ConfigurationError
from desk_sync.simulated_desk.portal import seed
from desk_sync.simulated_desk.running import RunningDesk
from desk_sync.simulated_desk.server import running
from desk_sync.web import receiver
from desk_sync.web.doorbell import Doorbell
from desk_sync.wiring.opening import open_receiver
from desk_sync.wiring.process import DeskSync

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "cases" / "payloads" / "ticket_update.json"
ORGANISATIONS = {"east": "60001234567", "west-1": "60007654321"}
LARGE = "admin@nile-valley-clinics.example"


@dataclass
class Installation:
    """The receiver with two portals, as the wiring makes it from a mapping and the environment."""

    url: str
    app: DeskSync
    desks: Mapping[str, RunningDesk]

    def post(self, portal: str, *, signed_by: str, event_of: str) -> int:
        (event,) = json.loads(SAMPLE.read_bytes())
        delivery = [event | {"orgId": ORGANISATIONS[event_of]}]
        desk = self.desks[signed_by]
        headers = {"X-ZDesk-JWT": desk.signer.token(desk.webhook_id)}
        return requests.post(
            f"{self.url}/webhooks/desk/{portal}", json=delivery, headers=headers, timeout=6
        ).status_code

    def stored(self) -> dict[str, int]:
        return {portal: self.app.portal(portal).inbox.counts().stored for portal in ORGANISATIONS}

    def open_ticket(self, portal: str) -> str:
        """Open a ticket in Desk; returns its id after its webhook was delivered."""
        desk = self.desks[portal]
        ticket = desk.portal.open_ticket(
            {
                "departmentId": desk.portal.department_id,
                "subject": "A question",
                "contact": {"lastName": "Partner", "email": "help@partner.example"},
                "cf": {"cf_customer_primary_email_address": LARGE},
            },
            by=desk.portal.person["id"],
        )
        assert desk.webhook_sender.wait_until_idle(5)
        return ticket.ticket_id


@pytest.fixture
def installation(serve, tmp_path, monkeypatch) -> Iterator[Installation]:
    with ExitStack() as stack:
        desks, sections = {}, []
        for portal, org_id in ORGANISATIONS.items():
            monkeypatch.setattr(seed, "ORG_ID", org_id)
            simulation, url = stack.enter_context(running())
            desks[portal] = simulation
            facts = simulation.facts(url)
            places = ("org_id", "webhook_id", "desk_url", "accounts_url")
            section = ", ".join(f'{name}: "{facts[name]}"' for name in places)
            sections.append(f"  {portal}: {{data_center: eu, {section}}}\n")
            for name in ("client_id", "client_secret", "refresh_token"):
                monkeypatch.setenv(f"DESK_SYNC_{portal.replace('-', '_')}_{name}".upper(), facts[name])
        mapping = tmp_path / "mapping.yaml"
        shipped = (ROOT / "mappings" / "partner_support.yaml").read_text(encoding="utf-8")
        mapping.write_text(f"{shipped}\nportals:\n{''.join(sections)}", encoding="utf-8")
        monkeypatch.setenv("DESK_SYNC_MAPPING", str(mapping))
        monkeypatch.setenv("DESK_SYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'store.sqlite3'}")
        monkeypatch.setenv("DESK_SYNC_REDIS_URL", stack.enter_context(EmbeddedBroker.start()).url)
        app = stack.enter_context(open_receiver())
        app.upgrade()
        doors = {portal: app.portal(portal).intake() for portal in app.portal_names}
        url = serve(receiver.app(doors, {portal: Doorbell(lambda: None) for portal in doors}))
        for portal, desk in desks.items():
            desk.portal.webhooks[desk.webhook_id] |= {"url": f"{url}/webhooks/desk/{portal}", "isEnabled": True}
        yield Installation(url, app, desks)


@pytest.mark.parametrize(
    ("signed_by", "event_of", "status"),
    [
        pytest.param("east", "east", 200, id="its own"),
        pytest.param("west-1", "east", 401, id="signed by the other"),
        pytest.param("west-1", "west-1", 401, id="the other's altogether"),
        pytest.param("east", "west-1", 400, id="an event of the other, under its own token"),
    ],
)
def test_a_portals_door_opens_for_its_own_deliveries_only(installation, signed_by, event_of, status):
    assert installation.post("east", signed_by=signed_by, event_of=event_of) == status
    assert installation.stored() == {"east": int(status == 200), "west-1": 0}


def test_a_token_that_one_door_knows_is_refused_by_the_other(installation):
    assert installation.post("east", signed_by="east", event_of="east") == 200

    assert installation.post("west-1", signed_by="east", event_of="west-1") == 401


def test_tickets_of_the_same_number_are_kept_apart(installation):
    app, ticket = installation.app, installation.open_ticket("east")
    app.portal("west-1").drain.run()

    assert app.portal("west-1").tickets.history(ticket) is None
    assert app.portal("east").tickets.history(ticket).looked_at is None

    app.portal("east").drain.run()
    assert app.portal("east").tickets.history(ticket).looked_at is not None


def test_each_portal_is_called_at_its_own_desk_with_its_own_token(installation):
    app = installation.app
    tickets = {portal: installation.open_ticket(portal) for portal in ORGANISATIONS}
    assert len(set(tickets.values())) == 1

    for portal in ORGANISATIONS:
        app.portal(portal).drain.run()

    reads = {portal: desk.desk.calls["GET /tickets/{id}"] for portal, desk in installation.desks.items()}
    assert reads == {"east": 1, "west-1": 1}
    tokens = {SqlTokens(app.engine, portal).read().access_token for portal in ORGANISATIONS}
    assert len(tokens) == 2


def test_a_portal_must_be_named_where_there_are_several(installation):
    app = installation.app

    assert app.portal("west-1").name == "west-1"
    with pytest.raises(ConfigurationError, match="several") as refused:
        app.portal(None)
    assert refused.value.hint == "--portal east|west-1"
    with pytest.raises(ConfigurationError, match="no portal north"):
        app.portal("north")


def test_a_portal_without_its_secrets_says_which_are_missing(installation, monkeypatch, tmp_path):
    monkeypatch.delenv("DESK_SYNC_WEST_1_CLIENT_ID")
    monkeypatch.delenv("DESK_SYNC_WEST_1_CLIENT_SECRET")
    secret = tmp_path / "secret"
    secret.write_text("in a file\n")
    monkeypatch.setenv("DESK_SYNC_WEST_1_CLIENT_SECRET_FILE", str(secret))

    with pytest.raises(ConfigurationError, match=r"^not set: DESK_SYNC_WEST_1_CLIENT_ID$"):
        assert installation.app.portal("west-1").desk
