"""Event subscriptions: who is told of an event, in which words, signed how, and what counts as told.

`envelope` and `Signer` are functions of their arguments; `Courier` has a thread for each subscription, which sends in
the order of the events. Only 200 within five seconds is acceptance; nothing is sent twice; 410 ends the subscription.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from desk_sync.simulated_desk.faults import FaultChance
from desk_sync.simulated_desk.portal import DeskEvent, SimulatedPortal
from desk_sync.simulated_desk.seed import Record

DEADLINE = 5.0
LIFETIME = timedelta(minutes=10)
HEADER = "X-ZDesk-JWT"
KEYS_SHOWN = 2
REMEMBERED = 10_000


def envelope(webhook: Record, event: DeskEvent, org_id: str) -> Record | None:
    """What the subscription is told of the event, or None if it has not asked, or has asked not to be told."""
    subscriptions = webhook["subscriptions"]
    if not webhook["isEnabled"] or event.type not in subscriptions:
        return None
    wanted = subscriptions[event.type] or {}
    if _ignored(webhook, event) or not all(fits(wanted, event) for fits in FILTERS):
        return None
    before = {"prevState": event.before} if event.before is not None and wanted.get("includePrevState") else {}
    told = {"payload": event.payload, **before, "eventTime": str(event.at_ms), "eventType": event.type}
    return told | {"orgId": org_id}


def _ignored(webhook: Record, event: DeskEvent) -> bool:
    return bool(webhook["ignoreSourceId"]) and webhook["ignoreSourceId"] == event.source_id


def _in_department(wanted: Record, event: DeskEvent) -> bool:
    departments = {*wanted.get("departmentIds", ()), *filter(None, [wanted.get("departmentId")])}
    return not departments or event.department_id in departments


def _in_direction(wanted: Record, event: DeskEvent) -> bool:
    return wanted.get("direction") in (None, event.direction)


def _in_fields(wanted: Record, event: DeskEvent) -> bool:
    """Whether one of the fields that were asked for has changed; without such a list every change counts."""
    names = wanted.get("fields")
    if not names or event.before is None:
        return True
    before, after = ({**each, **each["cf"]} for each in (event.before, event.payload))
    return any(before.get(name) != after.get(name) for name in names)


FILTERS = (_in_department, _in_direction, _in_fields)


class WebhookSigner:
    """Signs for one organisation, and shows the newest keys, so that tokens outlive one rotation."""

    def __init__(self, *, now: Callable[[], datetime], org_id: str, in_milliseconds: bool = False) -> None:
        self._now = now
        self._org_id = org_id
        self._unit = 1000 if in_milliseconds else 1
        self._keys: list[tuple[str, rsa.RSAPrivateKey]] = []
        self.rotate()

    def rotate(self) -> str:
        """Sign with a new key from now on; returns its kid."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._keys = [(uuid4().hex, key), *self._keys][:KEYS_SHOWN]
        return self._keys[0][0]

    def token(self, webhook_id: str) -> str:
        kid, key = self._keys[0]
        issued = self._now()
        claims = {
            "iss": f"orgId:{self._org_id}",
            "aud": f"webhookId:{webhook_id}",
            "iat": int(issued.timestamp()) * self._unit,
            "exp": int((issued + LIFETIME).timestamp()) * self._unit,
        }
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public keys, as /.well-known/jwks.json shows them."""
        return {"keys": [_public(kid, key.public_key().public_numbers()) for kid, key in self._keys]}


def _public(kid: str, numbers: rsa.RSAPublicNumbers) -> dict[str, str]:
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": _number(numbers.n), "e": _number(numbers.e)}


def _number(value: int) -> str:
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def greet(url: str) -> bool:
    """The handshake: whether the URL answers 200 to a GET, or failing that to a POST without a body."""
    return _greeted("GET", url) or _greeted("POST", url)


def _greeted(method: str, url: str) -> bool:
    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, timeout=DEADLINE, allow_redirects=False).status_code == 200
    except requests.RequestException:
        return False


class WebhookSender:
    """Carries the events of a portal to its subscriptions, in the background.

    `counts` tells what became of all of them, `carried` of each of the last ones.
    """

    def __init__(self, portal: SimulatedPortal, signer: WebhookSigner, chance: FaultChance) -> None:
        self._portal = portal
        self._signer = signer
        self._chance = chance
        self._changed = threading.Condition()
        self._waiting: dict[str, list[Record]] = {}
        self._under_way = 0
        self._closed = False
        self.counts: Counter[str] = Counter()
        self.carried: deque[tuple[Record, list[str]]] = deque(maxlen=REMEMBERED)
        portal.listeners.append(self.take)

    def take(self, event: DeskEvent) -> None:
        """Queue an event for every subscription that asks for it."""
        for webhook_id, webhook in list(self._portal.webhooks.items()):
            told = envelope(webhook, event, self._portal.org_id)
            if told is not None:
                self._queue(webhook_id, told)

    def idle(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        with self._changed:
            return not self._under_way and not any(self._waiting.values())

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether everything was carried within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way and not any(self._waiting.values()), seconds)

    def close(self) -> None:
        """Send nothing more; what is under way may end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _queue(self, webhook_id: str, told: Record) -> None:
        with self._changed:
            if webhook_id not in self._waiting:
                self._waiting[webhook_id] = []
                threading.Thread(target=self._carry, args=(webhook_id,), daemon=True).start()
            self._waiting[webhook_id].append(told)
            self._changed.notify_all()

    def _carry(self, webhook_id: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (told := self._next(webhook_id)) is not None:
                copies = self._chance.copies()
                results = [self._send(session, webhook_id, told) for _ in range(copies)] or ["dropped"]
                self._settle(told, results)

    def _next(self, webhook_id: str) -> Record | None:
        """The next delivery, waiting for one if need be; None when there will be no more."""
        with self._changed:
            queue = self._waiting[webhook_id]
            self._changed.wait_for(lambda: self._closed or queue)
            if self._closed:
                return None
            self._under_way += 1
            return queue.pop(self._chance.next_of(len(queue)))

    def _settle(self, told: Record, results: list[str]) -> None:
        with self._changed:
            self._under_way -= 1
            self.carried.append((told, results))
            self.counts.update(results)
            self.counts["sent"] += sum(result != "dropped" for result in results)
            self._changed.notify_all()

    def _send(self, session: requests.Session, webhook_id: str, told: Record) -> str:
        webhook = self._portal.webhooks.get(webhook_id)
        if webhook is None:
            return "dropped"
        try:
            status = self._post(session, webhook, told)
        except requests.RequestException:
            return "failed"
        if status == 410:
            with self._portal.lock:
                self._portal.remove_webhook(webhook_id)
        return "accepted" if status == 200 else "failed"

    def _post(self, session: requests.Session, webhook: Record, told: Record) -> int:
        headers = {"Content-Type": "application/json", HEADER: self._signer.token(webhook["id"])}
        body: Any = json.dumps([told], ensure_ascii=False).encode()
        began = monotonic()
        answer = session.post(webhook["url"], data=body, headers=headers, timeout=DEADLINE, allow_redirects=False)
        # The timeout is one of each read, so an answer that drips passes it.
        return answer.status_code if monotonic() - began < DEADLINE else 0
