"""A simulated Desk assembled from its parts: portal, accounts server, REST interface, webhooks, faults."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from desk_sync.simulated_desk.faults import FaultChance
from desk_sync.simulated_desk.oauth import AccountsServer
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.quirks import DeskQuirks
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.rest.api import SimulatedDesk
from desk_sync.simulated_desk.webhooks import WebhookSender, WebhookSigner, handshake

TOKEN_PATH = "/oauth/v2/token"  # noqa: S105 -- a path
KEYS_PATH = "/.well-known/jwks.json"
UNUSED_URL = "https://receiver.example/webhooks/desk/default"


class DeskSite:
    """A simulated Desk without a sender of deliveries. It has one webhook, which is disabled until it has a URL."""

    def __init__(
        self, *, now: Callable[[], datetime], quirks: DeskQuirks | None = None, deliver_to: str | None = None
    ) -> None:
        self.portal = SimulatedPortal(now=now, quirks=quirks)
        self.chance = FaultChance()
        self.accounts = AccountsServer(now=now, org_id=self.portal.org_id)
        self.desk = SimulatedDesk(self.portal, self.accounts, chance=self.chance, handshake=handshake)
        self.signer = WebhookSigner(
            now=now,
            org_id=self.portal.org_id,
            in_milliseconds=lambda: "token_times_in_milliseconds" in self.portal.quirks,
        )
        self.webhook_id: str = self.portal.add_webhook(_subscription(deliver_to))["id"]

    def facts(self, url: str) -> dict[str, str]:
        """Return the settings that a client needs to use it at this URL."""
        return {
            "desk_url": url,
            "accounts_url": url,
            "control_url": f"{url}/_simulator",
            "org_id": self.portal.org_id,
            "department_id": self.portal.department_id,
            "other_department_id": self.portal.seed.departments[1]["id"],
            "agent_id": self.portal.own_agent["id"],
            "person_id": self.portal.person["id"],
            "client_id": self.accounts.client_id,
            "client_secret": self.accounts.client_secret,
            "refresh_token": self.accounts.refresh_token,
            "webhook_id": self.webhook_id,
        }


class RunningDesk(DeskSite):
    """A simulated Desk whose deliveries are posted to the webhook's URL."""

    def __init__(
        self, *, now: Callable[[], datetime], quirks: DeskQuirks | None = None, deliver_to: str | None = None
    ) -> None:
        super().__init__(now=now, quirks=quirks, deliver_to=deliver_to)
        self.webhook_sender = WebhookSender(self.portal, self.signer, self.chance)


def _subscription(deliver_to: str | None) -> Record:
    subscriptions = {
        "Ticket_Add": None,
        "Ticket_Update": {"includePrevState": True},
        "Ticket_Thread_Add": None,
        "Ticket_Comment_Add": None,
        "Ticket_Delete": None,
    }
    return {"url": deliver_to or UNUSED_URL, "isEnabled": deliver_to is not None, "subscriptions": subscriptions}


def add_partners(portal: SimulatedPortal, file: Path) -> None:
    """Add an account and a contact, help@domain, for each partner that the account file names."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    partners = {
        row["partner_domain"].strip(): row.get("partner_name") or "" for row in rows if row.get("partner_domain")
    }
    for domain, name in partners.items():
        account = portal.add_account(name.strip() or domain, website=f"https://{domain}")
        portal.add_contact("Helpdesk", f"help@{domain}", account_id=account["id"])
