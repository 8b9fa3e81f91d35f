"""Hostile deliveries are answered in time, without an error of ours; a refused one is not stored."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from desk_sync.adapters.desk.events import HINTS, MOST_EVENTS, read_events
from desk_sync.adapters.desk.webhook_token import KeySet, WebhookToken
from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.group_commit import GroupCommit, GroupInbox
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.services.intake import Intake
from desk_sync.web import receiver
from desk_sync.web.doorbell import Doorbell
from tests.support.key_host import NOW, KeyHost, signed

ORG, WEBHOOK = "60001234567", "7"
SAMPLES = [
    event
    for file in sorted((Path(__file__).parents[1] / "cases" / "payloads").glob("ticket_*.json"))
    for event in json.loads(file.read_bytes())
]
TOKEN = signed(iss=f"orgId:{ORG}", aud=f"webhookId:{WEBHOOK}")
QUICKLY = 2.0
MEGABYTE = 1_000_000
hostile = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Site:
    """The receiver over a real server and a real store."""

    def __init__(self, url, inbox):
        self.address = urlsplit(url).netloc
        self.inbox = inbox

    def post(self, body, headers=None):
        """The status of the answer, which came in time."""
        connection = http.client.HTTPConnection(self.address, timeout=QUICKLY)
        began = time.monotonic()
        try:
            connection.request("POST", "/webhooks/desk/default", body, {"X-ZDesk-JWT": TOKEN} | (headers or {}))
            status = connection.getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            status = http.client.REQUEST_ENTITY_TOO_LARGE  # it stopped reading
        finally:
            connection.close()
        assert time.monotonic() - began < QUICKLY
        return status

    @property
    def stored(self):
        return self.inbox.counts().stored


@pytest.fixture(scope="module")
def site(serve_for_long, tmp_path_factory):
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'store.sqlite3'}")
    migrate(engine)
    key_host = KeyHost()
    check = WebhookToken(keys=KeySet(key_host.url), org_id=ORG, webhook_id=WEBHOOK, now=lambda: NOW)
    read = partial(read_events, vocabulary=mapping_file.load("partner_support").vocabulary, org_id=ORG)
    with GroupCommit(engine) as committer:
        into = GroupInbox(committer, "default")
        door = Intake(verify=check.verify, is_known=check.is_known, read=read, inbox=into, now=lambda: NOW)
        url = serve_for_long(receiver.app({"default": door}, {"default": Doorbell(lambda: None)}))
        yield Site(url, SqlInbox(engine, "default"))
    key_host.close()
    engine.dispose()


numbers = st.sampled_from(["1e999", "-1e999", "9" * 400, "-0", "0.1e-999", "9" * 5000, "1" + "0" * 19, "-9" * 2, "NaN"])
scraps = st.sampled_from(['"\\ud800"', '"\\u0000"', '"\\udc00x"', "[" * 2000 + "]" * 2000, '{"a":' * 600, "\x00", '""'])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def written(draw):
    """The JSON text of one of Desk's events, with some values replaced and some keys doubled."""
    event = dict(draw(st.sampled_from(SAMPLES)))
    payload = dict(event["payload"])
    for part, keys in ((event, [*event, "prevState"]), (payload, list(payload))):
        for key in draw(st.lists(st.sampled_from(keys), max_size=3)):
            part[key] = draw(anything)
    if isinstance(event.get("payload"), dict):
        event["payload"] = payload
    text = json.dumps(event | {"eventType": draw(st.sampled_from([*HINTS, "Contact_Add"]))})
    name = draw(st.sampled_from(["eventTime", "orgId", "payload", "eventType", "id"]))
    return draw(
        st.sampled_from(
            [text, text, f'{{"{name}": {draw(numbers | scraps)}, {text[1:]}', f'{text[:-1]}, "{name}": 7}}']
        )
    )


def judge(site, body, headers=None):
    """Check that Desk understands the answer, and that a refused delivery left nothing behind."""
    before = site.stored
    status = site.post(body, headers)
    assert status in (200, 400, 401, 413)
    assert status == 200 or site.stored == before
    return status


@hostile
@given(st.lists(written(), min_size=1, max_size=4))
def test_a_signed_delivery_of_anything_is_stored_or_refused(site, events):
    judge(site, f"[{','.join(events)}]".encode("utf-8", "surrogatepass"))


@hostile
@example(b"\xef\xbb\xbf[]")
@example("[]".encode("utf-16"))
@example(b"[" * 500_000)
@example(b"[" + b"0" * 500_000)
@example(b'[{"a":' * 1_000 + b"1" + b"}]" * 1_000)
@given(
    st.binary(max_size=200)
    | st.builds(lambda start, rest: start + rest, st.sampled_from([b"[", b"{", b'["']), st.binary())
)
def test_a_signed_body_that_is_no_delivery_is_answered(site, body):
    judge(site, body)


names = st.sampled_from(
    [
        "X-ZDesk-JWT",
        "Content-Type",
        "Content-Encoding",
        "Expect",
        "Accept",
        "Cookie",
        "Host",
        "X-Forwarded-For",
        "orgId",
    ]
) | st.from_regex(r"[A-Za-z-]{1,20}", fullmatch=True)
values = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=200) | st.just(
    "a" * 8000
)


@hostile
@given(st.dictionaries(names, values, max_size=6).filter(lambda headers: "x-zdesk-jwt" in {*map(str.lower, headers)}))
def test_a_delivery_without_desks_token_stores_nothing(site, headers):
    before = site.stored
    body = json.dumps([SAMPLES[0]]).encode()

    status = site.post(body, {name: value.encode("latin-1") for name, value in headers.items()})

    assert status in (400, 401, 431)
    assert site.stored == before


# The form of a delivery, for a tool that generates requests which fit it, or violate it in one place.
EVENT = {
    "type": "object",
    "required": ["payload", "eventTime", "eventType", "orgId"],
    "properties": {
        "eventTime": {"type": "string", "pattern": "^[0-9]{13}$"},
        "eventType": {"enum": [*HINTS, "Contact_Add"]},
        "orgId": {"enum": [ORG]},
        "payload": {"type": "object", "properties": {"id": {"type": "string", "pattern": "^[1-9][0-9]{5,17}$"}}},
        "prevState": {"type": ["object", "null"]},
    },
}
PROMISE = {
    "openapi": "3.1.0",
    "info": {"title": "Desk's side of a webhook", "version": "1"},
    "paths": {
        "/webhooks/desk/{portal}": {
            "post": {
                "parameters": [
                    {"name": "portal", "in": "path", "required": True, "schema": {"enum": ["default"]}},
                    {"name": "X-ZDesk-JWT", "in": "header", "schema": {"type": "string"}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"type": "array", "items": EVENT}}}},
                "responses": {"200": {"description": "stored"}},
            }
        }
    },
}
DELIVERY = schemathesis.openapi.from_dict(PROMISE)["/webhooks/desk/{portal}"]["POST"]


@pytest.mark.parametrize(("mode", "seen"), [(GenerationMode.POSITIVE, {200, 401}), (GenerationMode.NEGATIVE, {404})])
def test_requests_made_from_the_promise_are_stored_or_refused(site, mode, seen):
    answers = Counter()

    @settings(hostile, max_examples=50)
    @given(DELIVERY.as_strategy(generation_mode=mode), st.booleans())
    def send(case, signed_by_desk):
        before = site.stored
        headers = {"X-ZDesk-JWT": TOKEN} if signed_by_desk else {}
        answer = case.call(base_url=f"http://{site.address}", headers=headers, timeout=QUICKLY)
        assert answer.status_code in (200, 400, 401, 404, 405, 413)
        assert answer.status_code == 200 or site.stored == before
        answers[answer.status_code] += 1

    send()
    assert answers.keys() >= seen


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b" " * 10 * MEGABYTE, id="of announced length"),
        pytest.param((b" " * 10_000 for _ in range(1_000)), id="of unknown length"),
        pytest.param(b"[" + b"1," * 5 * MEGABYTE + b"1]", id="of JSON"),
    ],
)
def test_ten_megabytes_are_not_read_to_the_end(site, body):
    assert judge(site, body) == 413


@pytest.mark.alone
@pytest.mark.parametrize(
    ("count", "status"),
    [
        pytest.param(MOST_EVENTS, 200, id="as many as there may be"),
        pytest.param(MOST_EVENTS + 1, 400, id="one more"),
        pytest.param(45_000, 400, id="as many as fit into a body"),
    ],
)
def test_a_delivery_of_very_many_events_holds_up_no_other(site, count, status):
    event = {"eventType": "Ticket_Delete", "orgId": ORG, "payload": {"id": "1"}}
    body = [event | {"eventTime": str(10**12 + number)} for number in range(count)]

    assert judge(site, json.dumps(body).encode()) == status


@pytest.mark.alone
def test_slow_bodies_hold_up_no_other_delivery(site):
    """A hundred bodies that drip are cut off; meanwhile other deliveries are answered as usual."""

    def drip():
        for octet in b"[1,2,3,4,5,6,7,8,9,0":
            yield bytes([octet])
            time.sleep(0.2)

    def slow():
        connection = http.client.HTTPConnection(site.address, timeout=6)
        try:
            connection.request("POST", "/webhooks/desk/default", drip(), {"X-ZDesk-JWT": TOKEN})
            return connection.getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            return http.client.REQUEST_TIMEOUT
        finally:
            connection.close()

    with ThreadPoolExecutor(100) as pool:
        dripping = [pool.submit(slow) for _ in range(100)]
        time.sleep(0.5)
        began = time.monotonic()
        assert site.post(json.dumps([SAMPLES[0]]).encode()) == 200
        assert time.monotonic() - began < 0.5
        assert {each.result() for each in dripping} == {408}
