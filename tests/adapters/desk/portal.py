"""A portal for tests: its vocabulary, a token store in memory, a client, and a server that misbehaves on purpose."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from desk_sync.adapters.desk.calls import DeskCalls
from desk_sync.adapters.desk.client import DeskClient
from desk_sync.adapters.desk.vocabulary import AccountFields, DeskVocabulary
from desk_sync.adapters.zoho.auth import AccessTokens, OAuthCredentials
from desk_sync.ports.portal import AccessToken
from tests.support.fake_budget import FakeBudget

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DESK = "https://desk.zoho.eu"
ACCOUNTS = "https://accounts.zoho.eu"
API = f"{DESK}/api/v1"
TOKEN_URL = f"{ACCOUNTS}/oauth/v2/token"
ORG = "60001234567"
TICKET = "119514000017429001"
PAYLOADS = Path(__file__).parents[2] / "cases" / "payloads"

CLIENT_SECRET = "canary-client-secret"
REFRESH_TOKEN = "1000.canary-refresh-token"
ACCESS_TOKEN = "1000.canary-access-token"

VOCABULARY = DeskVocabulary(
    fields={
        "customer_primary_email": "cf_customer_primary_email_address",
        "large_user": "cf_priority_customer_large_user_account",
        "severity": "cf_severity",
        "request_type": "cf_request_type",
        "issue_type": "category",
    },
    issue_types={"defect": "defect", "feature request": "feature_request"},
    request_types={"technical support": "TECHNICAL_SUPPORT"},
    clock_states={},
    account_fields=AccountFields(
        country="country", state="state", tier=None, domains=("website",), contract_until=None, contracts=False
    ),
)


class FakeTokens:
    """The port `TokenStore` in memory; counts the elections that were won."""

    def __init__(self, token: AccessToken | None = None) -> None:
        self.token = token
        self.elected_until = datetime.min.replace(tzinfo=UTC)
        self.elections = 0
        self.code: str | None = None
        self._lock = threading.Lock()

    def read(self) -> AccessToken | None:
        return self.token

    def elect(self, *, now: datetime, until: datetime) -> bool:
        with self._lock:
            if now < self.elected_until:
                return False
            self.elected_until = until
            self.elections += 1
            return True

    def save(self, token: AccessToken) -> None:
        with self._lock:
            self.token, self.code = token, None
            self.elected_until = datetime.min.replace(tzinfo=UTC)

    def refuse(self, code: str) -> None:
        self.code = code

    def refusal(self) -> str | None:
        return self.code


def make_token(text: str = ACCESS_TOKEN, *, minutes: int = 60) -> AccessToken:
    return AccessToken(access_token=text, expires_at=NOW + timedelta(minutes=minutes))


def make_access(
    tokens: FakeTokens,
    *,
    accounts_url: str = ACCOUNTS,
    now: datetime = NOW,
    sleep: Callable[[float], Any] | None = None,
) -> AccessTokens:
    credentials = OAuthCredentials(
        client_id="1000.CLIENT",
        client_secret=CLIENT_SECRET,
        refresh_token=REFRESH_TOKEN,
        accounts_url=accounts_url,
    )
    return AccessTokens(credentials, tokens, now=lambda: now, sleep=sleep or (lambda _: None))


def make_client(
    *, url: str = DESK, tokens: FakeTokens | None = None, vocabulary: DeskVocabulary = VOCABULARY, **settings: Any
) -> DeskClient:
    """A client with a valid token, whose retries do not wait."""
    access = make_access(tokens or FakeTokens(make_token()))
    facts = {
        "our_words": vocabulary.our_words,
        "access": access,
        "budget": FakeBudget(),
        "now": lambda: NOW,
        "sleep": lambda _: None,
    }
    return DeskClient(DeskCalls(desk_url=url, org_id=ORG, **(facts | settings)), vocabulary)


def make_raw(**changes: Any) -> dict[str, Any]:
    """A ticket in Desk's JSON; `cf` adds to the custom fields."""
    raw: dict[str, Any] = json.loads((PAYLOADS / "rest_get_ticket.json").read_text())
    custom = raw["cf"] | changes.pop("cf", {})
    return raw | changes | {"cf": custom}


def read_payload(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text())


def http(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """One HTTP answer, to the byte."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


@contextmanager
def serving(*behaviours: Callable[[socket.socket], None]) -> Iterator[Served]:
    """A local server that handles each connection by the next behaviour; the last one is repeated."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served = Served(listener, behaviours)
        thread = threading.Thread(target=served.run, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            served.stop()
            thread.join(5)


class Served:
    def __init__(self, listener: socket.socket, behaviours: tuple[Callable[[socket.socket], None], ...]) -> None:
        self._listener = listener
        self._behaviours = behaviours
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self._open:
            connection.close()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._answer(connection)
            except OSError:
                return

    def _answer(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request and (received := connection.recv(65536)):
            request += received
        self.requests.append(request)
        behaviour = self._behaviours[min(len(self.requests), len(self._behaviours)) - 1]
        behaviour(connection)


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


def dripping(answer: bytes, *, every: float = 0.05) -> Callable[[socket.socket], None]:
    """Send one byte at a time, so that each resets a timeout that is per read."""

    def drip(connection: socket.socket) -> None:
        pause = threading.Event()
        for byte in answer:
            connection.sendall(bytes([byte]))
            pause.wait(every)

    return drip


def resetting(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
