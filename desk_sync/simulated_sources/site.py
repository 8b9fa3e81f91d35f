"""The simulated sources assembled from their parts: one book, three APIs with their limits, one set of quirks.

A request is checked in this order: the source is up; path and method; token; scope; the quirks of single calls; the
limits; then the API answers. Paths begin with the place of the API: /billing-host/billing/v1/customers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import ceil
from pathlib import Path
from typing import Any

from desk_sync.simulated_desk.beside import MakeBeside
from desk_sync.simulated_desk.oauth import AccountsServer
from desk_sync.simulated_desk.rest.api import RestRequest, RestResponse
from desk_sync.simulated_sources import billing, mail, refusal, store
from desk_sync.simulated_sources.billing import SimulatedBilling
from desk_sync.simulated_sources.book import SourceBook
from desk_sync.simulated_sources.limits import SourceLimits
from desk_sync.simulated_sources.mail import SimulatedMail
from desk_sync.simulated_sources.quirks import LONG_PAUSE, SourceQuirks, with_raw_numbers
from desk_sync.simulated_sources.refusal import SourceRefusal
from desk_sync.simulated_sources.store import SimulatedStore

PLACES: Mapping[str, str] = {"billing": "/billing-host", "store": "/store-host", "mail": "/mail-host"}
"""The first part of the paths of each API, on the port of the simulated Desk."""
BASES: Mapping[str, str] = {"billing": billing.BASE, "store": store.BASE, "mail": mail.BASE}
SCOPES = frozenset(
    {
        *(f"ZohoSubscriptions.{each}.READ" for each in ("settings", "customers", "subscriptions", "plans", "addons")),
        *store.SCOPES.values(),
        "ZohoMail.partner.organization.READ",
        "ZohoMail.organization.subscriptions.READ",
    }
)
"""The scopes that the token of the simulated accounts server has for the sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """The limits of each source, the quirks that are switched on, and the account file whose customers it has."""

    file: Path | None = None
    per_minute: int = 100
    per_day: int = 2500
    quirks: Sequence[str] = ()


@dataclass(slots=True)
class SourceSite:
    """The simulated sources. `outages` is the number of outages that last now; `calls` counts calls by API and path."""

    now: Callable[[], datetime]
    accounts: AccountsServer
    settings: SourceSettings = SourceSettings()
    book: SourceBook = field(default_factory=SourceBook)
    outages: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    quirks: SourceQuirks = field(init=False)
    limits: dict[str, SourceLimits] = field(init=False)
    _numbers: Counter[str] = field(default_factory=Counter)
    _blocked_until: datetime | None = None
    _billing: SimulatedBilling = field(init=False)
    _store: SimulatedStore = field(init=False)
    _mail: SimulatedMail = field(init=False)

    def __post_init__(self) -> None:
        if self.settings.file:
            self.book.load(self.settings.file)
        self.quirks = SourceQuirks(list(self.settings.quirks))
        per_minute, per_day = self.settings.per_minute, self.settings.per_day
        self.limits = {name: SourceLimits(now=self.now, per_minute=per_minute, per_day=per_day) for name in PLACES}
        self.accounts.scopes |= SCOPES
        self._billing = SimulatedBilling(book=self.book, quirks=self.quirks, org_id=self.accounts.org_id)
        self._store = SimulatedStore(book=self.book, quirks=self.quirks)
        self._mail = SimulatedMail(book=self.book, quirks=self.quirks)

    def facts(self, url: str) -> dict[str, str]:
        """Return the settings that a client needs to use the sources at this URL."""
        return {f"{name}_url": f"{url}{place}" for name, place in PLACES.items()} | {
            "billing_org_id": self.accounts.org_id
        }

    @property
    def places(self) -> Sequence[str]:
        return list(PLACES.values())

    @contextmanager
    def slot(self, request: RestRequest) -> Iterator[RestResponse | None]:
        """Hold a place among the calls in process; yield the refusal if there is none."""
        api = self._api(request)
        with ExitStack() as stack:
            try:
                stack.enter_context(self.limits[api].call())
                refused = None
            except SourceRefusal as error:
                refused = self._refused(api, error)
            yield refused

    def handle(self, request: RestRequest) -> RestResponse:
        """Return the response to a request at one of the paths."""
        api = self._api(request)
        path = request.path.removeprefix(PLACES[api])
        self.calls[f"{api} {request.method} {path}"] += 1
        self._numbers[api] += 1
        try:
            self._check(api, request, path)
            body, headers = self._answer(api, request, path.removeprefix(BASES[api]))
        except SourceRefusal as refused:
            return self._refused(api, refused)
        body = self.quirks.body(self._numbers[api], body)
        content = "text/html" if body.startswith(b"<") else "application/json;charset=UTF-8"
        return RestResponse(status=200, headers={"Content-Type": content, **headers}, body=body)

    def _api(self, request: RestRequest) -> str:
        return next(name for name, place in PLACES.items() if request.path.startswith(f"{place}/"))

    def _check(self, api: str, request: RestRequest, path: str) -> None:
        """Raise the refusal of a request that its API does not come to answer."""
        now = self.now()
        if self.outages:
            raise refusal.out_of_order()
        if not path.startswith(BASES[api]):
            raise refusal.no_such_url()
        parts: Mapping[str, Any] = {"billing": self._billing, "store": self._store, "mail": self._mail}
        scope = parts[api].scope(path.removeprefix(BASES[api]))
        if request.method != "GET":
            raise refusal.not_allowed()
        grant = self.accounts.grant(request.headers.get("authorization"))
        if grant is None:
            raise refusal.unauthorized()
        if not grant.covers((frozenset({scope}),)):
            raise refusal.out_of_scope()
        if self._blocked_until and now < self._blocked_until:
            raise refusal.blocked(self._blocked_until - now)
        self.quirks.check(self._numbers[api], now)
        self.limits[api].spend()

    def _answer(self, api: str, request: RestRequest, path: str) -> tuple[bytes, Mapping[str, str]]:
        if api == "billing":
            return _encoded(self._billing.answer(path, request.query, request.headers)), {}
        if api == "store":
            rows, headers = self._store.answer(path, request.query)
            return _encoded(rows), headers
        return _encoded(self._mail.answer(path, request.query)), {}

    def _refused(self, api: str, refused: SourceRefusal) -> RestResponse:
        if refused.page:
            body = f"<html><body><h1>{refused.text}</h1></body></html>".encode()
            return RestResponse(status=refused.status, headers={"Content-Type": "text/html"}, body=body)
        if refused.status == 401 and "tokens_end_early" in self.quirks:
            self.accounts.revoke_all()
        body = _encoded(_FORMS.get(api, _numbered)(refused))
        headers = {"Content-Type": "application/json;charset=UTF-8", **self._retry_after(refused)}
        return RestResponse(status=refused.status, headers=headers, body=body)

    def _retry_after(self, refused: SourceRefusal) -> Mapping[str, str]:
        """Return the header Retry-After in the form of the quirks; a part of a second is a whole one."""
        pause = refused.retry_after
        if pause is None or "retry_after_missing" in self.quirks:
            return {}
        now = self.now().astimezone(UTC)
        if "retry_after_long" in self.quirks and (self._blocked_until is None or self._blocked_until <= now):
            self._blocked_until, pause = now + LONG_PAUSE, LONG_PAUSE
        seconds = ceil(pause.total_seconds())
        if "retry_after_as_date" in self.quirks:
            return {"Retry-After": format_datetime(now + timedelta(seconds=seconds + 1), usegmt=True)}
        return {"Retry-After": str(seconds)}


def beside(settings: SourceSettings) -> MakeBeside:
    """Return the sources with these settings as APIs beside the simulated Desk."""
    return lambda now, accounts: SourceSite(now, accounts, settings)


def _numbered(refused: SourceRefusal) -> Mapping[str, object]:
    return {"code": refused.code, "message": refused.text}


def _with_status(refused: SourceRefusal) -> Mapping[str, object]:
    """Return the body of a refusal in the form of Mail."""
    return {"status": {"code": refused.status, "description": refused.text}, "data": {"errorCode": str(refused.code)}}


_FORMS = {"mail": _with_status}


def _encoded(body: Any) -> bytes:
    return with_raw_numbers(json.dumps(body, ensure_ascii=False).encode())
