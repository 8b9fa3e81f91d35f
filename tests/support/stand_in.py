"""The simulated sources on a port of this machine, and the product's own adapters that read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from desk_sync.adapters.subscriptions.billing import ORGANISATION_HEADER, BillingSource
from desk_sync.adapters.subscriptions.mail_partner import MailPartner
from desk_sync.adapters.subscriptions.partner_store import PartnerStore
from desk_sync.adapters.subscriptions.zoho_api import CallPace, ZohoApi
from desk_sync.adapters.zoho.auth import AccessTokens, OAuthCredentials
from desk_sync.simulated_desk.rest.api import RestRequest, RestResponse
from desk_sync.simulated_desk.server import running
from desk_sync.simulated_sources.book import BookedCustomer, read_customers
from desk_sync.simulated_sources.site import BASES, SourceSettings, SourceSite
from desk_sync.wiring.environment import utc_now
from tests.adapters.desk.portal import FakeTokens
from tests.support.fake_checkpoints import FakeUnits

SAMPLE = Path(__file__).parents[2] / "desk_sync" / "simulated_desk" / "sample" / "accounts.csv"
PLENTY = 10**6


class RecordingSite(SourceSite):
    """The sources, with every request that came."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.requests: list[RestRequest] = []

    def handle(self, request: RestRequest) -> RestResponse:
        self.requests.append(request)
        return super().handle(request)


@dataclass(slots=True)
class StandIn:
    """The running sources, the settings of their clients, and the pauses that clients were told to make."""

    site: RecordingSite
    facts: Mapping[str, str]
    pauses: list[float]
    access: AccessTokens
    _token: str = ""

    @property
    def token(self) -> str:
        """An access token of the simulated accounts server, for plain calls."""
        if not self._token:
            form = {key: self.facts[key] for key in CREDENTIALS} | {"grant_type": "refresh_token"}
            answer = requests.post(f"{self.facts['accounts_url']}/oauth/v2/token", data=form, timeout=10).json()
            self._token = answer["access_token"]
        return self._token

    def get(self, name: str, path: str, **query: str) -> requests.Response:
        """Return the plain answer of an API; `path` follows its base."""
        headers = {
            "Authorization": f"Zoho-oauthtoken {self.token}",
            "X-com-zoho-subscriptions-organizationid": self.facts["billing_org_id"],
        }
        url = f"{self.facts[f'{name}_url']}{BASES[name]}{path}"
        return requests.get(url, params=query, headers=headers, timeout=10)

    def api(self, name: str, **given: Any) -> ZohoApi:
        """Return a client that notes its pauses instead of waiting."""
        headers = {ORGANISATION_HEADER: self.facts["billing_org_id"]} if name == "billing" else None
        settings = {
            "access": self.access,
            "pace": CallPace(10**9),
            "now": utc_now,
            "sleep": self.pauses.append,
            "headers": headers,
        }
        return ZohoApi(self.facts[f"{name}_url"], **settings | given)

    def source(self, name: str, **given: Any) -> Any:
        """Return the product's adapter for one of the sources."""
        api = self.api(name, **given)
        zoids = [each.zoid for each in self.site.book.subscriptions]
        makers: Mapping[str, Callable[[], Any]] = {
            "billing": lambda: BillingSource(api, units=FakeUnits()),
            "store": lambda: PartnerStore(api),
            "mail": lambda: MailPartner(api, zoids=lambda: zoids),
        }
        return makers[name]()


@contextmanager
def stand_in(
    file: Path = SAMPLE, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), **settings: Any
) -> Iterator[StandIn]:
    """Run the sources with the customers of the file; by default they have no limits that a test reaches."""
    given = SourceSettings(file=file, **{"per_minute": PLENTY, "per_day": PLENTY} | settings)
    made: list[RecordingSite] = []

    def beside(_: object, accounts: Any) -> SourceSite:
        made.append(RecordingSite(now, accounts, given))
        return made[0]

    with running(beside=beside) as (desk, url):
        facts = desk.facts(url) | made[0].facts(url)
        credentials = OAuthCredentials(**{key: facts[key] for key in CREDENTIALS})
        yield StandIn(made[0], facts, [], AccessTokens(credentials, FakeTokens(), now=lambda: datetime.now(UTC)))


CREDENTIALS = ("client_id", "client_secret", "refresh_token", "accounts_url")


def of_size(customers: int, file: Path = SAMPLE) -> Sequence[BookedCustomer]:
    """Return so many customers, each like one of the file, with addresses and ids of their own."""
    patterns = [each for each in read_customers(file) if each.tagged]
    return [_copy(patterns[number % len(patterns)], number) for number in range(customers)]


def _copy(pattern: BookedCustomer, number: int) -> BookedCustomer:
    customer_id, domain = f"9037{number:014d}", f"company-{number}.example"
    own = {"customer_id": customer_id, "zoid": f"2007{number:07d}"}
    subscriptions = tuple(
        replace(each, subscription_id=f"9037{number:08d}{place:02d}", **own)
        for place, each in enumerate(pattern.subscriptions)
    )
    email = f"admin@{domain}"
    return replace(pattern, customer_id=customer_id, email=email, domain=domain, subscriptions=subscriptions)
