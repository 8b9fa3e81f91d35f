"""Deliveries as Desk sends them, through the receiver to a real store: only the key host is a stand-in."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import pytest
import requests

from desk_sync.adapters.desk.events import read_events
from desk_sync.adapters.desk.webhook_token import KeySet, WebhookToken
from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.group_commit import GroupCommit, GroupInbox
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.services.intake import Intake
from desk_sync.web import receiver
from desk_sync.web.doorbell import Doorbell
from tests.support.key_host import NOW, KeyHost, by_hand, public_pem, signed

ORG, WEBHOOK = "60001234567", "7"
PAYLOADS = Path(__file__).parents[1] / "cases" / "payloads"
TICKET = "119514000017429001"
token = partial(signed, iss=f"orgId:{ORG}", aud=f"webhookId:{WEBHOOK}")


class Site:
    """The receiver at an address, its store, and Desk's key host."""

    def __init__(self, url, inbox, key_host):
        self.url, self.inbox, self.key_host = url, inbox, key_host

    def post(self, body, with_token=None):
        headers = {"X-ZDesk-JWT": with_token} if with_token else {}
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(f"{self.url}/webhooks/desk/default", data=body, headers=headers, timeout=6).status_code

    @property
    def stored(self):
        return self.inbox.counts().stored


@pytest.fixture
def key_host():
    host = KeyHost()
    yield host
    host.close()


@pytest.fixture
def site(serve, tmp_path, key_host):
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    migrate(engine)
    inbox = SqlInbox(engine, "default")
    check = WebhookToken(keys=KeySet(key_host.url), org_id=ORG, webhook_id=WEBHOOK, now=lambda: NOW)
    read = partial(read_events, vocabulary=mapping_file.load("partner_support").vocabulary, org_id=ORG)
    with GroupCommit(engine) as committer:
        into = GroupInbox(committer, "default")
        door = Intake(verify=check.verify, is_known=check.is_known, read=read, inbox=into, now=lambda: NOW)
        yield Site(serve(receiver.app({"default": door}, {"default": Doorbell(lambda: None)})), inbox, key_host)
    engine.dispose()


@pytest.mark.parametrize(
    ("file", "stored"),
    [
        ("ticket_add.json", 1),
        ("ticket_update.json", 1),
        ("ticket_update_no_prevstate.json", 1),
        ("ticket_delete.json", 1),
        ("ticket_comment_add.json", 1),
        ("ticket_comment_update.json", 1),
        ("ticket_thread_add_in.json", 1),
        ("ticket_thread_add_out.json", 1),
        ("batch_two_events.json", 2),
        ("contact_update.json", 0),
        ("empty_array.json", 0),
    ],
)
def test_every_sample_is_accepted(site, file, stored):
    assert site.post((PAYLOADS / file).read_bytes(), token()) == 200
    assert site.stored == stored


def test_a_sample_that_comes_twice_is_stored_once(site):
    body = (PAYLOADS / "ticket_update.json").read_bytes()

    assert [site.post(body, token()) for _ in range(2)] == [200, 200]
    assert site.stored == 1


def test_fifty_events_in_one_delivery_are_all_stored(site):
    (event,) = json.loads((PAYLOADS / "ticket_update.json").read_bytes())
    many = [event | {"eventTime": str(int(event["eventTime"]) + number)} for number in range(50)]

    assert site.post(many, token()) == 200
    assert site.stored == 50


@pytest.mark.parametrize(
    ("header", "status"),
    [
        pytest.param(None, 401, id="no token"),
        pytest.param("garbage", 401, id="garbage"),
        pytest.param(by_hand({"alg": "none", "kid": "k1"}), 401, id="alg=none"),
        pytest.param(by_hand({"alg": "HS256", "kid": "k1"}, public_pem("k1")), 401, id="HS256 with the public key"),
        pytest.param(token(iss="orgId:2"), 401, id="another organisation"),
        pytest.param(token(aud="webhookId:8"), 401, id="another webhook"),
        pytest.param(token(exp=1), 401, id="expired"),
        pytest.param(token(iat=int(NOW.timestamp()) + 7200), 401, id="from the future"),
        pytest.param(token("k2"), 401, id="an unknown key"),
        pytest.param(token(iat=int(NOW.timestamp()) * 1000, exp=int(NOW.timestamp() + 300) * 1000), 200, id="in ms"),
    ],
)
def test_a_bad_token_is_refused_and_nothing_is_stored(site, header, status):
    assert site.post((PAYLOADS / "ticket_add.json").read_bytes(), header) == status
    assert site.stored == (status == 200)


@pytest.mark.parametrize("manner", ["hangs", "drips its body", "fails", "sends a page"])
def test_a_key_host_in_trouble_is_answered_503_within_two_seconds(site, manner):
    site.key_host.manner = manner
    began = time.monotonic()

    assert site.post((PAYLOADS / "ticket_add.json").read_bytes(), token()) == 503
    assert time.monotonic() - began < 2
    assert site.stored == 0


def test_a_key_that_is_known_serves_while_the_host_hangs(site):
    site.post((PAYLOADS / "ticket_add.json").read_bytes(), token())
    site.key_host.manner = "hangs"

    assert site.post((PAYLOADS / "ticket_update.json").read_bytes(), token()) == 200


@pytest.mark.parametrize(("body", "status"), [(b"", 200), (b"{}", 200), (b"not JSON", 400)])
def test_the_handshake_needs_no_token(site, body, status):
    assert site.post(body) == status
    assert site.stored == 0
