"""A simulated Desk in this process, without sockets; only a test moves its clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from desk_sync.simulated_desk.oauth import AccountsServer
from desk_sync.simulated_desk.portal.event import DeskEvent
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.quirks import DeskQuirks
from desk_sync.simulated_desk.rest.api import RestRequest, RestResponse, SimulatedDesk

START = datetime(2026, 11, 23, 9, 30, 15, 250_000, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def move(self, **span: float) -> None:
        self.time += timedelta(**span)


class Client:
    """A client with a valid token; `call` sends JSON to a path below /api/v1."""

    def __init__(self, clock: Clock, quirks: DeskQuirks | None = None) -> None:
        self.portal = SimulatedPortal(now=clock, quirks=quirks)
        self.accounts = AccountsServer(now=clock, org_id=self.portal.org_id)
        self.desk = SimulatedDesk(self.portal, self.accounts)
        self.events: list[DeskEvent] = []
        self.portal.listeners.append(self.events.append)
        self.headers = {"authorization": f"Zoho-oauthtoken {self.token()}", "orgid": self.portal.org_id}

    def token(self) -> str:
        answer = self.refresh()
        return str(answer["access_token"])

    def refresh(self, **changes: str) -> dict[str, Any]:
        form = {
            "grant_type": "refresh_token",
            "client_id": self.accounts.client_id,
            "client_secret": self.accounts.client_secret,
            "refresh_token": self.accounts.refresh_token,
        }
        return self.accounts.answer(form | changes)

    def call(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str | None] | None = None
    ) -> RestResponse:
        path, _, query = path.partition("?")
        sent = {**self.headers, **({"content-type": "application/json"} if body is not None else {}), **(headers or {})}
        return self.desk.handle(
            RestRequest(
                method=method,
                path=f"/api/v1{path}",
                query=dict(parse_qsl(query, keep_blank_values=True)),
                headers={name: value for name, value in sent.items() if value is not None},
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )

    def open_ticket(self, *, department: int = 0, **values: Any) -> str:
        body = {
            "departmentId": self.portal.seed.departments[department]["id"],
            "contact": {"lastName": "Helpdesk", "email": "help@partner.example"},
            "subject": "Login fails",
        }
        answer = self.call("POST", "/tickets", body | values)
        assert answer.status == 200, answer.body
        ticket_id: str = answer.json()["id"]
        return ticket_id

    def write(self, ticket_id: str, **values: Any) -> RestResponse:
        return self.call("PATCH", f"/tickets/{ticket_id}", values)

    def write_cf(self, ticket_id: str, name: str, value: Any) -> RestResponse:
        return self.write(ticket_id, cf={name: value})


def wrong(answer: RestResponse) -> set[str]:
    """Return the fields that an INVALID_DATA response names."""
    assert (answer.status, answer.json()["errorCode"]) == (422, "INVALID_DATA"), answer.body
    return {each["fieldName"] for each in answer.json()["errors"]}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Client:
    return Client(clock)
