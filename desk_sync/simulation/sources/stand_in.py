"""A simulated source of a scenario, read by the product's own adapter in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from requests.adapters import BaseAdapter

from desk_sync.adapters.store.portals import SqlTokens
from desk_sync.adapters.store.source_calls import SqlUnits
from desk_sync.adapters.subscriptions.billing import ORGANISATION_HEADER, BillingSource
from desk_sync.adapters.subscriptions.mail_partner import MailPartner
from desk_sync.adapters.subscriptions.partner_store import PartnerStore
from desk_sync.adapters.subscriptions.zoho_api import CallPace, ZohoApi
from desk_sync.adapters.zoho.auth import AccessTokens, OAuthCredentials
from desk_sync.ports.subscriptions import FILE, AccountSource, PulledAccounts
from desk_sync.simulated_sources.site import PLACES, SourceSite
from desk_sync.simulation.sources.account_file import ScenarioSource
from desk_sync.simulation.virtual_time import HostClock
from desk_sync.wiring.process import DeskSync

HOST = "https://www.zohoapis.eu"
ACCOUNTS = "https://accounts.zoho.eu"
"""Hosts to which tokens may be sent; the transport answers for both in this process."""
PER_MINUTE = 60
"""The calls that the product makes in a minute, as the mapping's default."""


@dataclass(slots=True, kw_only=True)
class StandInSource:
    """A simulated source of this kind. The product's waiting passes in virtual time."""

    kind: str
    site: SourceSite
    transport: BaseAdapter
    host: HostClock
    _files: ScenarioSource = field(default_factory=ScenarioSource)

    def load(self, file: Path | None) -> None:
        """Replace the customers by those of the file, or by none. Raises InputError."""
        if file:
            self.site.book.load(file)
        else:
            self.site.book.fill(())

    def read(self, file: Path) -> PulledAccounts:
        """Return the content of an account file. Raises InputError."""
        return self._files.read(file)

    def begin(self, trouble: str) -> None:
        """Begin an outage (`down`) or a quirk. Raises ValueError for an unknown name."""
        if trouble == "down":
            self.site.outages += 1
        else:
            self.site.quirks.begin(trouble)

    def end(self, trouble: str) -> None:
        if trouble == "down":
            self.site.outages -= 1
        else:
            self.site.quirks.end(trouble)

    def document(self) -> Mapping[str, Any]:
        """Return the calls that the source was asked for, those refused included, and those it counted on each day."""
        by_day = self.site.limits[self.kind].by_day
        return {
            "kind": self.kind,
            "calls": self.site.calls.total(),
            "by_day": {f"{day:%F}": calls for day, calls in sorted(by_day.items())},
        }

    def source_for(self, desk_sync: DeskSync) -> AccountSource:
        """Return the adapter with which this product reads the source."""
        makers: Mapping[str, Callable[[ZohoApi], AccountSource]] = {
            "billing": lambda api: BillingSource(api, units=SqlUnits(desk_sync.engine, FILE, self.host.now)),
            "store": PartnerStore,
            "mail": lambda api: MailPartner(api, zoids=self._zoids),
        }
        return makers[self.kind](self._api(desk_sync))

    def _api(self, desk_sync: DeskSync) -> ZohoApi:
        virtual_time, accounts = self.host.virtual_time, self.site.accounts
        credentials = OAuthCredentials(
            client_id=accounts.client_id,
            client_secret=accounts.client_secret,
            refresh_token=accounts.refresh_token,
            accounts_url=ACCOUNTS,
        )
        return _InProcessApi(
            f"{HOST}{PLACES[self.kind]}",
            transport=self.transport,
            access=AccessTokens(
                credentials,
                SqlTokens(desk_sync.engine, f"source:{self.kind}"),
                now=self.host.now,
                sleep=virtual_time.sleep,
                transport=self.transport,
            ),
            pace=CallPace(PER_MINUTE, clock=virtual_time.monotonic, sleep=virtual_time.sleep),
            now=self.host.now,
            sleep=virtual_time.sleep,
            headers={ORGANISATION_HEADER: accounts.org_id} if self.kind == "billing" else None,
        )

    def _zoids(self) -> Sequence[str]:
        return [each.zoid for each in self.site.book.subscriptions if each.zoid]


class _InProcessApi(ZohoApi):
    """A client whose requests never leave this process."""

    def __init__(self, base_url: str, *, transport: BaseAdapter, **settings: Any) -> None:
        super().__init__(base_url, **settings)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, transport)
