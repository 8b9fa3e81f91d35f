"""The demo's client of the simulated Desk: plain REST calls, and calls to the simulator's control interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests

from desk_sync.domain.account.subscription import Account

API = "/api/v1"
SETTINGS = ("desk_url", "accounts_url", "org_id", "webhook_id", "client_id", "client_secret", "refresh_token")
"""The facts of the simulated Desk that are settings of desk-sync, under the same names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClient:
    """A client of the simulated Desk's REST API and of its control interface."""

    facts: Mapping[str, str]
    session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self) -> None:
        """Fetch an access token and use it for all calls."""
        form = {
            "grant_type": "refresh_token",
            **{key: self.facts[key] for key in ("client_id", "client_secret", "refresh_token")},
        }
        answer = self.session.post(f"{self.facts['accounts_url']}/oauth/v2/token", data=form, timeout=10).json()
        self.session.headers["Authorization"] = f"Zoho-oauthtoken {answer['access_token']}"
        self.session.headers["orgId"] = self.facts["org_id"]

    def open_tickets(self, accounts: Sequence[Account]) -> dict[str, str]:
        """Open a ticket for each account; return the tickets' ids by account."""
        with ThreadPoolExecutor(4) as pool:
            return dict(zip((each.account_id for each in accounts), pool.map(self.open_ticket, accounts), strict=True))

    def open_ticket(self, account: Account) -> str:
        """Open a ticket about a defect, in the name of the account's partner; return its id."""
        ticket = {
            "departmentId": self.facts["department_id"],
            "contact": {"lastName": "Help desk", "email": f"help@{account.partner_domain or 'partner.example'}"},
            "email": f"help@{account.partner_domain or 'partner.example'}",
            "subject": "Records are not saved",
            "description": "<div>Since this morning, saving a record fails.</div>",
            "cf": {
                "cf_customer_primary_email_address": account.super_admin_email,
                "cf_type_of_support_request": "Technical Support",
                "cf_issue_type": "Defect",
            },
        }
        return str(self.call("POST", f"{API}/tickets", json=ticket)["id"])

    def read(self, ticket_id: str) -> Mapping[str, str | None]:
        """Return the ticket's custom fields, as Desk returns them."""
        answer: Mapping[str, str | None] = self.call("GET", f"{API}/tickets/{ticket_id}")["cf"]
        return answer

    def counters(self) -> dict[str, Any]:
        """Return the numbers of calls, credits and deliveries since the start."""
        return self.call("GET", "/_simulator/state")

    def nudge(self, ticket_ids: Iterable[str]) -> None:
        """Make Desk send each ticket again, with a field that was changed and changed back."""
        for ticket_id in ticket_ids:
            self.call("POST", f"/_simulator/tickets/{ticket_id}/nudge")

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Send one request and return the JSON object of the response. Raises requests.HTTPError."""
        response = self.session.request(method, self.facts["desk_url"] + path, timeout=30, **body)
        response.raise_for_status()
        answer: dict[str, Any] = orjson.loads(response.content or b"{}")
        return answer
