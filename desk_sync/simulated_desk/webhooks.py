"""Event subscriptions: the content of a delivery, its signature, and its sending.

`envelope` and `WebhookSigner` depend on their arguments only; `WebhookSender` has a thread for each subscription, which
sends in the order of the events. Only 200 within five seconds is acceptance; nothing is sent again after a failure; 410
ends the subscription.
"""

from __future__ import annotations

import base64
import threading
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from desk_sync.simulated_desk.faults import FaultChance
from desk_sync.simulated_desk.portal.event import DeskEvent
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.seed import Record

DEADLINE = 5.0
LIFETIME = timedelta(minutes=10)
HEADER = "X-ZDesk-JWT"
PUBLISHED_KEYS = 2
MOST_FINISHED = 10_000


def envelope(webhook: Record, event: DeskEvent, org_id: str) -> Record | None:
    """Return the delivery of the event to a subscription, or None if the subscription leaves it out."""
    subscriptions = webhook["subscriptions"]
    if not webhook["isEnabled"] or event.type not in subscriptions:
        return None
    filters = subscriptions[event.type] or {}
    if _ignored(webhook, event) or not all(matches(filters, event) for matches in FILTERS):
        return None
    before = {"prevState": event.before} if event.before is not None and filters.get("includePrevState") else {}
    content = {"payload": event.payload, **before, "eventTime": str(event.at_ms), "eventType": event.type}
    return content | {"orgId": org_id}


def _ignored(webhook: Record, event: DeskEvent) -> bool:
    return bool(webhook["ignoreSourceId"]) and webhook["ignoreSourceId"] == event.source_id


def _in_department(filters: Record, event: DeskEvent) -> bool:
    departments = {*filters.get("departmentIds", ()), *filter(None, [filters.get("departmentId")])}
    return not departments or event.department_id in departments


def _in_direction(filters: Record, event: DeskEvent) -> bool:
    return filters.get("direction") in (None, event.direction)


def _in_fields(filters: Record, event: DeskEvent) -> bool:
    """Return True if one of the listed fields has changed; without a list every change counts."""
    names = filters.get("fields")
    if not names or event.before is None:
        return True
    before, after = ({**each, **each["cf"]} for each in (event.before, event.payload))
    return any(before.get(name) != after.get(name) for name in names)


FILTERS = (_in_department, _in_direction, _in_fields)


class WebhookSigner:
    """Sign for one organisation. The key set has the newest two keys, so tokens stay valid after one rotation."""

    def __init__(
        self, *, now: Callable[[], datetime], org_id: str, in_milliseconds: Callable[[], bool] = lambda: False
    ) -> None:
        self._now = now
        self._org_id = org_id
        self._in_milliseconds = in_milliseconds
        self._keys: list[tuple[str, rsa.RSAPrivateKey]] = []
        self.rotate()

    def rotate(self) -> str:
        """Sign with a new key from now on; return its kid."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._keys = [(uuid4().hex, key), *self._keys][:PUBLISHED_KEYS]
        return self._keys[0][0]

    def token(self, webhook_id: str) -> str:
        kid, key = self._keys[0]
        issued, unit = self._now(), 1000 if self._in_milliseconds() else 1
        claims = {
            "iss": f"orgId:{self._org_id}",
            "aud": f"webhookId:{webhook_id}",
            "iat": int(issued.timestamp()) * unit,
            "exp": int((issued + LIFETIME).timestamp()) * unit,
        }
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys in the form of /.well-known/jwks.json."""
        return {"keys": [_public(kid, key.public_key().public_numbers()) for kid, key in self._keys]}


def _public(kid: str, numbers: rsa.RSAPublicNumbers) -> dict[str, str]:
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": _number(numbers.n), "e": _number(numbers.e)}


def _number(value: int) -> str:
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def handshake(url: str) -> bool:
    """Return True if the URL answers 200 to a GET, or else to a POST without a body."""
    return _answers_200("GET", url) or _answers_200("POST", url)


def _answers_200(method: str, url: str) -> bool:
    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, timeout=DEADLINE, allow_redirects=False).status_code == 200
    except requests.RequestException:
        return False


class WebhookSender:
    """Send the events of a portal to its subscriptions, in the background.

    `counts` has the number of deliveries by result, `finished` the last deliveries with the result of each copy.
    """

    def __init__(self, portal: SimulatedPortal, signer: WebhookSigner, chance: FaultChance) -> None:
        self._portal = portal
        self._signer = signer
        self._chance = chance
        self._changed = threading.Condition()
        self._waiting: dict[str, list[Record]] = {}
        self._sending = 0
        self._closed = False
        self.counts: Counter[str] = Counter()
        self.finished: deque[tuple[Record, list[str]]] = deque(maxlen=MOST_FINISHED)
        portal.listeners.append(self.take)

    def take(self, event: DeskEvent) -> None:
        """Queue an event for every subscription that includes it."""
        for webhook_id, webhook in list(self._portal.webhooks.items()):
            content = envelope(webhook, event, self._portal.org_id)
            if content is not None:
                self._queue(webhook_id, content)

    def idle(self) -> bool:
        """Return True if no delivery waits and none is being sent."""
        with self._changed:
            return not self._sending and not any(self._waiting.values())

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait at most so many seconds; return True if every delivery was sent by then."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._sending and not any(self._waiting.values()), seconds)

    def close(self) -> None:
        """Stop sending; a delivery that is being sent may finish."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _queue(self, webhook_id: str, content: Record) -> None:
        with self._changed:
            if webhook_id not in self._waiting:
                self._waiting[webhook_id] = []
                threading.Thread(target=self._send_all, args=(webhook_id,), daemon=True).start()
            self._waiting[webhook_id].append(content)
            self._changed.notify_all()

    def _send_all(self, webhook_id: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (content := self._next(webhook_id)) is not None:
                copies = self._chance.copies()
                results = [self._send(session, webhook_id, content) for _ in range(copies)] or ["dropped"]
                self._record(content, results)

    def _next(self, webhook_id: str) -> Record | None:
        """Wait for the next delivery and return it; None once the sender is closed."""
        with self._changed:
            queue = self._waiting[webhook_id]
            self._changed.wait_for(lambda: self._closed or queue)
            if self._closed:
                return None
            self._sending += 1
            return queue.pop(self._chance.next_of(len(queue)))

    def _record(self, content: Record, results: list[str]) -> None:
        with self._changed:
            self._sending -= 1
            self.finished.append((content, results))
            self.counts.update(results)
            self.counts["sent"] += sum(result != "dropped" for result in results)
            self._changed.notify_all()

    def _send(self, session: requests.Session, webhook_id: str, content: Record) -> str:
        webhook = self._portal.webhooks.get(webhook_id)
        if webhook is None:
            return "dropped"
        try:
            status = self._post(session, webhook, content)
        except requests.RequestException:
            return "failed"
        if status == 410:
            with self._portal.lock:
                self._portal.remove_webhook(webhook_id)
        return "accepted" if status == 200 else "failed"

    def _post(self, session: requests.Session, webhook: Record, content: Record) -> int:
        headers = {"Content-Type": "application/json", HEADER: self._signer.token(webhook["id"])}
        body = self._portal.quirks.encode([content])
        began = monotonic()
        answer = session.post(webhook["url"], data=body, headers=headers, timeout=DEADLINE, allow_redirects=False)
        # The timeout limits each single read: a response that arrives byte by byte never exceeds it.
        return answer.status_code if monotonic() - began < DEADLINE else 0
