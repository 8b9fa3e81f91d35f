"""Zoho Mail's partner API: the partner's child organisations, each with super admin, domains and Mail licences.

It covers Mail only, but it is the only official API that connects ZOID, super admin and domains. It offers no list: a
pull reads the organisations whose ZOIDs another source has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy

from desk_sync.adapters.subscriptions.lenient import Raw, quantity, rows, section, text
from desk_sync.adapters.subscriptions.paging import resumed
from desk_sync.adapters.subscriptions.zoho_api import LOOKUP_TIMEOUT, ZohoApi
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.errors import Absent, PermanentError
from desk_sync.ports.subscriptions import CheckpointStore, PulledAccounts, SourcePage

PAGE = 25
_PATH = "/api/organization"


class MailPartner:
    """The child organisations as a source. Each organisation is one account; a pull reads those of `zoids`."""

    kinds = frozenset({IdentifierKind.ZOID, IdentifierKind.DOMAIN})

    def __init__(self, api: ZohoApi, *, zoids: Callable[[], Sequence[str]] = tuple, data_center: str = "") -> None:
        self._api = api
        self._zoids = zoids
        self._data_centers = (data_center.upper(),) if data_center else ()

    def pull(self, checkpoints: CheckpointStore) -> PulledAccounts:
        zoids = sorted(set(self._zoids()))
        return PulledAccounts(accounts=resumed(checkpoints, lambda after: self._page(zoids, after)))

    def ask(self, identifier: Identifier) -> Sequence[Account]:
        bounded = copy(self)
        bounded._api = self._api.within(LOOKUP_TIMEOUT)
        if identifier.kind is IdentifierKind.ZOID:
            return list(bounded._organisations([identifier.value]))
        query = {"mode": "getCustomerOrgDetails", "searchKey": identifier.value}
        found = bounded._api.get(_PATH, **query).body
        return [bounded._account(each) for each in _all(found)]

    def _page(self, zoids: Sequence[str], after: str) -> SourcePage:
        zoids_of_page = [zoid for zoid in zoids if zoid > after][:PAGE]
        more = bool(zoids_of_page) and zoids_of_page[-1] != zoids[-1]
        return SourcePage(accounts=tuple(self._organisations(zoids_of_page)), after=zoids_of_page[-1] if more else None)

    def _organisations(self, zoids: Sequence[str]) -> Iterator[Account]:
        """Yield the partner's organisations among `zoids`. Raises PermanentError if Mail returns another one."""
        for zoid in zoids:
            try:
                account = self._account(section(_object(self._api.get(f"{_PATH}/{zoid}").body), "data"))
            except Absent:
                continue
            if zoid not in account.zoids:
                raise PermanentError(f"Mail returned another organisation instead of {zoid}")
            yield account

    def _account(self, organisation: Raw) -> Account:
        zoid, address = (
            identifiers.number(text(organisation, "zoid")),
            identifiers.email(text(organisation, "superAdmin")),
        )
        if zoid is None or address is None:
            raise PermanentError("Mail returned an organisation without a valid ZOID or super admin")
        own, *others = _domains(organisation) or [None]
        return Account(
            account_id=f"mail-{zoid}",
            super_admin_email=address,
            items=(_licences(organisation, zoid),),
            data_centers=self._data_centers,
            domain=own,
            other_domains=tuple(each for each in others if each),
            zoids=(zoid,),
        )


def _licences(organisation: Raw, zoid: str) -> LicenceItem:
    plan, kind = text(organisation, "basePlan"), text(organisation, "planType")
    return LicenceItem(
        subscription_id=f"mail-{zoid}",
        service="Mail",
        name=plan or "Mail",
        quantity=quantity(organisation, "licenseCount"),
        unit="users",
        status="live",
        edition=f"{plan} {kind}".strip(),
        paid=kind.lower() == "paid",
    )


def _domains(organisation: Raw) -> list[str | None]:
    """Return the verified domains in normal form, the primary one first, without public mail domains."""
    listed = organisation.get("domains")
    written = [text(organisation, "primaryDomainName"), *map(str, listed if isinstance(listed, list) else ())]
    known = dict.fromkeys(domain for each in written if (domain := identifiers.domain(each)))
    return [domain for domain in known if not identifiers.is_public_mail(domain)]


def _all(body: object) -> Sequence[Raw]:
    """Return the organisations of a search, whose answer is one object or a list."""
    data = _object(body).get("data")
    return list(rows(data if isinstance(data, list) else [data] if data else []))


def _object(body: object) -> Raw:
    if not isinstance(body, dict) or str(section(body, "status").get("code")) != "200":
        raise PermanentError("Mail refused a request for an organisation")
    return body
