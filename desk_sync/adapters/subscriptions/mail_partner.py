"""Zoho Mail's partner API: the partner's child organisations, each with super admin, domains and Mail licences.

It knows Mail only, but it is the one official answer that ties ZOID, super admin and domains together. It has no list:
a pull reads the organisations whose ZOIDs another source knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy

from desk_sync.adapters.subscriptions.lenient import Raw, quantity, rows, section, text
from desk_sync.adapters.subscriptions.paging import resumed
from desk_sync.adapters.subscriptions.zoho_api import ASKING, ZohoApi
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.errors import Absent, PermanentError
from desk_sync.ports.subscriptions import CheckpointStore, PulledAccounts, SourcePage

PAGE = 25
_PATH = "/api/organization"


class MailPartner:
    """The child organisations as a source. One organisation is one account; `zoids` are those that a pull reads."""

    kinds = frozenset({IdentifierKind.ZOID, IdentifierKind.DOMAIN})

    def __init__(self, api: ZohoApi, *, zoids: Callable[[], Sequence[str]] = tuple, data_center: str = "") -> None:
        self._api = api
        self._zoids = zoids
        self._data_centers = (data_center.upper(),) if data_center else ()

    def pull(self, checkpoints: CheckpointStore) -> PulledAccounts:
        zoids = sorted(set(self._zoids()))
        return PulledAccounts(accounts=resumed(checkpoints, lambda after: self._page(zoids, after)))

    def ask(self, identifier: Identifier) -> Sequence[Account]:
        asking = copy(self)
        asking._api = self._api.within(ASKING)
        if identifier.kind is IdentifierKind.ZOID:
            return list(asking._organisations([identifier.value]))
        query = {"mode": "getCustomerOrgDetails", "searchKey": identifier.value}
        found = asking._api.get(_PATH, **query).body
        return [asking._account(each) for each in _all(found)]

    def _page(self, zoids: Sequence[str], after: str) -> SourcePage:
        wanted = [zoid for zoid in zoids if zoid > after][:PAGE]
        more = bool(wanted) and wanted[-1] != zoids[-1]
        return SourcePage(accounts=tuple(self._organisations(wanted)), after=wanted[-1] if more else None)

    def _organisations(self, zoids: Sequence[str]) -> Iterator[Account]:
        """Those that are the partner's. Raises PermanentError where another one is shown."""
        for zoid in zoids:
            try:
                account = self._account(section(_object(self._api.get(f"{_PATH}/{zoid}").body), "data"))
            except Absent:
                continue
            if zoid not in account.zoids:
                raise PermanentError(f"Mail answered with something else than organisation {zoid}")
            yield account

    def _account(self, organisation: Raw) -> Account:
        zoid, address = (
            identifiers.number(text(organisation, "zoid")),
            identifiers.email(text(organisation, "superAdmin")),
        )
        if zoid is None or address is None:
            raise PermanentError("Mail named no organisation, or no super admin of it")
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
    """The verified domains in normal form, the primary one first; public mail domains are nobody's."""
    listed = organisation.get("domains")
    written = [text(organisation, "primaryDomainName"), *map(str, listed if isinstance(listed, list) else ())]
    known = dict.fromkeys(domain for each in written if (domain := identifiers.domain(each)))
    return [domain for domain in known if not identifiers.is_public_mail(domain)]


def _all(body: object) -> Sequence[Raw]:
    """The organisations of a search, which may be one or a list."""
    data = _object(body).get("data")
    return list(rows(data if isinstance(data, list) else [data] if data else []))


def _object(body: object) -> Raw:
    if not isinstance(body, dict) or str(section(body, "status").get("code")) != "200":
        raise PermanentError("Mail refused to tell of an organisation")
    return body
