"""The deliveries of the simulated Desk: their content, their signature, the responses that count as acceptance."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
import requests

from desk_sync.simulated_desk import webhooks
from desk_sync.simulated_desk.faults import FaultInjector
from desk_sync.simulated_desk.running import RunningDesk
from desk_sync.simulated_desk.server import running
from desk_sync.simulated_desk.webhooks import WebhookSigner, envelope
from tests.simulated_desk.conftest import START, Client, wrong

UUID = "49ad222a-f812-41e7-9f0e-7f7ed2a4c1aa"


class Receiver:
    """A receiver of deliveries. It answers with the statuses in `answers` in turn, then always with the last one.

    It waits `delay` seconds before each response, and as long again before the end of the response.
    """

    def __init__(self) -> None:
        self.answers = [200]
        self.delay = 0.0
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                receiver.requests.append((self.command, dict(self.headers), body))
                time.sleep(receiver.delay)
                self.send_response(receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0])
                self.send_header("Content-Length", "0")
                self.flush_headers()
                time.sleep(receiver.delay)
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for method, _, body in self.requests if method == "POST" and body for event in json.loads(body)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


@pytest.fixture
def site(receiver: Receiver) -> Iterator[tuple[RunningDesk, str]]:
    with running(deliver_to=receiver.url) as (simulation, url):
        yield simulation, url


def open_ticket(simulation: RunningDesk) -> str:
    contact = simulation.portal.add_contact("Helpdesk", "help@partner.example")
    wanted = {"departmentId": simulation.portal.department_id, "contactId": contact["id"], "subject": "Login fails"}
    return simulation.portal.open_ticket(wanted, by=contact["id"]).ticket_id


def settled(simulation: RunningDesk) -> dict[str, int]:
    assert simulation.webhook_sender.wait_until_idle(10)
    return dict(simulation.webhook_sender.counts)


def subscription(**events: Any) -> dict[str, Any]:
    return {"isEnabled": True, "ignoreSourceId": None, "subscriptions": events}


def test_every_write_is_delivered_in_order_the_integrations_own_too(site: tuple[RunningDesk, str], receiver: Receiver):
    simulation, _ = site
    ticket_id = open_ticket(simulation)
    portal = simulation.portal
    for priority in ("High", "Medium", "Low"):
        portal.change_ticket(ticket_id, {"priority": priority}, by=portal.own_agent["id"])
    portal.add_comment(ticket_id, "Seen", public=False, by=portal.own_agent["id"])
    portal.customer_reply(ticket_id, "<p>Any news?</p>")
    portal.trash_ticket(ticket_id, by=portal.person["id"])

    assert settled(simulation) == {"sent": 7, "accepted": 7}
    assert [each["eventType"] for each in receiver.events] == [
        "Ticket_Add",
        *["Ticket_Update"] * 3,
        "Ticket_Comment_Add",
        "Ticket_Thread_Add",
        "Ticket_Delete",
    ]
    assert [each["payload"]["priority"] for each in receiver.events[1:4]] == ["High", "Medium", "Low"]


def test_a_delivery_is_signed_for_its_webhook_with_a_public_key(site: tuple[RunningDesk, str], receiver: Receiver):
    simulation, url = site
    open_ticket(simulation)
    settled(simulation)

    token = receiver.requests[0][1]["X-ZDesk-JWT"]
    (key,) = requests.get(f"{url}/.well-known/jwks.json", timeout=5).json()["keys"]
    audience = f"webhookId:{simulation.webhook_id}"
    claims = jwt.decode(token, jwt.PyJWK(key).key, algorithms=["RS256"], audience=audience)

    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    assert claims["iss"] == f"orgId:{simulation.portal.org_id}"


def test_after_a_rotation_the_new_key_signs_and_the_old_one_is_still_shown():
    signer = WebhookSigner(now=lambda: START, org_id="1")
    old = jwt.get_unverified_header(signer.token("2"))["kid"]
    new = signer.rotate()

    assert jwt.get_unverified_header(signer.token("2"))["kid"] == new
    assert [each["kid"] for each in signer.key_set()["keys"]] == [new, old]


@pytest.mark.parametrize(("in_milliseconds", "unit"), [(False, 1), (True, 1000)])
def test_the_times_of_a_token_are_seconds_or_milliseconds(in_milliseconds: bool, unit: int):
    token = WebhookSigner(now=lambda: START, org_id="1", in_milliseconds=lambda: in_milliseconds).token("2")
    claims = jwt.decode(token, options={"verify_signature": False})

    assert claims["iat"] == int(START.timestamp()) * unit
    assert claims["exp"] == (int(START.timestamp()) + 600) * unit


@pytest.mark.parametrize("status", [201, 202, 204, 302, 400, 500, 503])
def test_only_200_is_acceptance_and_nothing_is_sent_again(
    site: tuple[RunningDesk, str], receiver: Receiver, status: int
):
    receiver.answers = [status]
    open_ticket(site[0])

    assert settled(site[0]) == {"sent": 1, "failed": 1}
    assert len(receiver.requests) == 1


def test_410_ends_the_subscription(site: tuple[RunningDesk, str], receiver: Receiver):
    receiver.answers = [410, 200]
    open_ticket(site[0])
    settled(site[0])
    open_ticket(site[0])

    assert settled(site[0]) == {"sent": 1, "failed": 1}
    assert site[0].webhook_id not in site[0].portal.webhooks


def test_a_receiver_that_starts_later_gets_what_happens_later(site: tuple[RunningDesk, str], receiver: Receiver):
    simulation, _ = site
    simulation.portal.change_webhook(simulation.webhook_id, {"url": "http://127.0.0.1:9/hook"})
    open_ticket(simulation)
    assert settled(simulation) == {"sent": 1, "failed": 1}

    simulation.portal.change_webhook(simulation.webhook_id, {"url": receiver.url})
    open_ticket(simulation)
    assert settled(simulation)["accepted"] == 1


def test_deliveries_are_dropped_doubled_and_mixed_on_demand(site: tuple[RunningDesk, str], receiver: Receiver):
    simulation, _ = site
    simulation.chance.set(FaultInjector(seed=3, drop=0.3, duplicate=0.3, reorder=True))
    tickets = [open_ticket(simulation) for _ in range(40)]
    counts = settled(simulation)
    delivered = [each["payload"]["id"] for each in receiver.events]

    assert counts["dropped"] > 0
    assert counts["sent"] == counts["accepted"] == len(delivered) > len(set(delivered))
    assert len(set(delivered)) == len(tickets) - counts["dropped"]
    assert list(dict.fromkeys(delivered)) != [each for each in tickets if each in delivered]


def test_a_nudge_announces_a_status_that_changed_and_changed_back(client: Client):
    ticket_id = client.open_ticket()
    before = client.call("GET", f"/tickets/{ticket_id}").json()
    client.portal.nudge(ticket_id)
    event = client.events[-1]
    after = client.call("GET", f"/tickets/{ticket_id}").json()

    assert event.before is not None
    assert (event.before["status"], event.payload["status"]) == ("Waiting for Partner", "Open")
    assert {key for key in before if before[key] != after[key]} <= {"modifiedTime", "modifiedBy"}


def test_each_event_of_a_ticket_has_its_own_time_while_the_clock_does_not_advance(client: Client):
    ticket_id = client.open_ticket()
    for _ in range(3):
        client.portal.nudge(ticket_id)

    assert len({each.at_ms for each in client.events}) == 4


def test_the_previous_state_is_sent_only_on_request(client: Client):
    client.write(client.open_ticket(), priority="High")
    event = client.events[-1]
    plain, with_before = subscription(Ticket_Update=None), subscription(Ticket_Update={"includePrevState": True})

    assert "prevState" not in (envelope(plain, event, "1") or {})
    assert (envelope(with_before, event, "1") or {})["prevState"]["priority"] is None


@pytest.mark.parametrize(
    ("webhook", "delivered"),
    [
        pytest.param(subscription(Ticket_Update=None), True, id="subscribed"),
        pytest.param(subscription(Ticket_Add=None), False, id="another event"),
        pytest.param(subscription(Ticket_Update=None) | {"isEnabled": False}, False, id="switched off"),
        pytest.param(
            subscription(Ticket_Update={"departmentIds": ["700100000000002007"]}), False, id="another department"
        ),
        pytest.param(subscription(Ticket_Update={"fields": ["status"]}), False, id="none of these fields"),
        pytest.param(subscription(Ticket_Update={"fields": ["cf_severity"]}), True, id="one of these fields"),
        pytest.param(subscription(Ticket_Update=None) | {"ignoreSourceId": UUID}, False, id="caused by itself"),
        pytest.param(subscription(Ticket_Update=None) | {"ignoreSourceId": UUID[::-1]}, True, id="caused by another"),
    ],
)
def test_a_subscription_gets_the_events_of_its_filters(client: Client, webhook: dict[str, Any], delivered: bool):
    ticket_id = client.open_ticket()
    body = {"cf": {"cf_severity": "S1-Critical"}}
    client.call("PATCH", f"/tickets/{ticket_id}", body, headers={"sourceid": UUID})

    assert (envelope(webhook, client.events[-1], "1") is not None) is delivered


@pytest.mark.parametrize(
    ("subscriptions", "pointer"),
    [
        pytest.param({"Ticket_Delete": {}}, "/subscriptions/Ticket_Delete", id="must be null"),
        pytest.param({"Ticket_Escalated": None}, "/subscriptions/Ticket_Escalated", id="no such event"),
        pytest.param({"Ticket_Add": {"includePrevState": True}}, "/subscriptions/Ticket_Add", id="not its filter"),
        pytest.param({"Ticket_Update": {"fields": list("abcdef")}}, "/subscriptions/Ticket_Update", id="six fields"),
    ],
)
def test_a_filter_must_be_one_of_its_event(client: Client, subscriptions: dict[str, Any], pointer: str):
    body = {"url": "http://receiver.example/hook", "subscriptions": subscriptions}

    assert wrong(client.call("POST", "/webhooks", body)) == {pointer}


@pytest.mark.parametrize(
    ("answers", "status", "methods"),
    [
        pytest.param([200], 200, ["GET"], id="GET is enough"),
        pytest.param([405, 200], 200, ["GET", "POST"], id="POST without a body after it"),
        pytest.param([405, 405], 500, ["GET", "POST"], id="neither"),
    ],
)
def test_a_new_webhook_is_made_after_a_handshake(
    receiver: Receiver, answers: list[int], status: int, methods: list[str]
):
    receiver.answers = answers
    with running() as (simulation, url):
        token = simulation.accounts.answer(
            {
                "grant_type": "refresh_token",
                "client_id": simulation.accounts.client_id,
                "client_secret": simulation.accounts.client_secret,
                "refresh_token": simulation.accounts.refresh_token,
            }
        )["access_token"]
        answer = requests.post(
            f"{url}/api/v1/webhooks",
            json={"url": receiver.url, "subscriptions": {"Ticket_Delete": None}},
            headers={"Authorization": f"Zoho-oauthtoken {token}", "orgId": simulation.portal.org_id},
            timeout=10,
        )

    assert answer.status_code == status
    assert [(method, body) for method, _, body in receiver.requests] == [(each, b"") for each in methods]


@pytest.mark.parametrize("delay", [pytest.param(0.4, id="silent"), pytest.param(0.2, id="dripping")])
def test_a_receiver_that_takes_longer_than_the_deadline_has_failed(
    site: tuple[RunningDesk, str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch, delay: float
):
    monkeypatch.setattr(webhooks, "DEADLINE", 0.3)
    receiver.delay = delay
    open_ticket(site[0])

    assert settled(site[0]) == {"sent": 1, "failed": 1}
