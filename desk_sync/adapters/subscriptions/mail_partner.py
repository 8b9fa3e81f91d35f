"""Zoho Mail's partner API: the partner's child organisations, each with super admin, domains and Mail licences.

It covers Mail only, but it is the only official API that connects ZOID, super admin and domains. It offers no list: a
pull reads the organisations whose ZOIDs another source has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import TypeAlias

from desk_sync.adapters.subscriptions.item_lines import StatedNumber, stated_number, unreadable
from desk_sync.adapters.subscriptions.lenient import Raw, rows, section, text
from desk_sync.adapters.subscriptions.paging import PagePart, accounts_of, resumed
from desk_sync.adapters.subscriptions.zoho_answer import RecordFault, own_words
from desk_sync.adapters.subscriptions.zoho_api import LOOKUP_TIMEOUT, ZohoApi
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.errors import Absent, PermanentError
from desk_sync.ports.subscriptions import CheckpointStore, PulledAccounts, SourcePage, SourceProblem

PAGE = 25
_PATH = "/api/organization"
_Organisation: TypeAlias = tuple[Account, Sequence[SourceProblem]]


class MailPartner:
    """The child organisations as a source. Each organisation is one account; a pull reads those of `zoids`."""

    kinds = frozenset({IdentifierKind.ZOID, IdentifierKind.DOMAIN})

    def __init__(self, api: ZohoApi, *, zoids: Callable[[], Sequence[str]] = tuple, data_center: str = "") -> None:
        self._api = api
        self._zoids = zoids
        self._data_centers = (data_center.upper(),) if data_center else ()

    def pull(self, checkpoints: CheckpointStore) -> PulledAccounts:
        working = copy(self)
        working._api = self._api.working(checkpoints.work)
        zoids = sorted(set(self._zoids()))
        problems: list[SourceProblem] = []
        part = PagePart()

        def read(after: str) -> SourcePage:
            part.check()
            checkpoints.expect(customers=len(zoids), calls=sum(zoid > after for zoid in zoids))
            return working._page(zoids, after, part)

        return PulledAccounts(accounts=accounts_of(resumed(checkpoints, read), problems), problems=problems)

    def ask(self, identifier: Identifier) -> Sequence[Account]:
        bounded = copy(self)
        bounded._api = self._api.within(LOOKUP_TIMEOUT)
        if identifier.kind is IdentifierKind.ZOID:
            return [account for account, _ in bounded._organisations([identifier.value])]
        query = {"mode": "getCustomerOrgDetails", "searchKey": identifier.value}
        found = bounded._api.get(_PATH, **query).body
        accounts: dict[str, Account] = {}
        for organisation in _all(found):
            account, _ = bounded._account(organisation)
            if accounts.setdefault(account.account_id, account) != account:
                raise PermanentError(f"Mail has organisation {account.zoids[0]} twice, with different data")
        return list(accounts.values())

    def _page(self, zoids: Sequence[str], after: str, part: PagePart) -> SourcePage:
        """Return the next organisations."""
        waiting = [zoid for zoid in zoids if zoid > after][:PAGE]
        zoids_of_page, found = part.read(waiting, lambda zoid: self._organisations([zoid]))
        more = bool(zoids_of_page) and zoids_of_page[-1] != zoids[-1]
        return SourcePage(
            accounts=tuple(account for account, _ in found),
            problems=tuple(problem for _, problems in found for problem in problems),
            after=zoids_of_page[-1] if more else None,
        )

    def _organisations(self, zoids: Sequence[str]) -> Iterator[_Organisation]:
        """Yield the partner's organisations among `zoids`. Raises PermanentError if Mail returns another one.

        One that Mail cannot return costs itself only: it may have any number of licences.
        """
        for zoid in zoids:
            try:
                account, problems = self._account(section(_object(self._api.get(f"{_PATH}/{zoid}").body), "data"))
            except Absent:
                continue
            except RecordFault as error:
                yield _unreadable(zoid, str(error))
                continue
            if zoid not in account.zoids:
                raise PermanentError(f"Mail returned another organisation instead of {zoid}")
            yield account, problems

    def _account(self, organisation: Raw) -> _Organisation:
        """Return the organisation and its problems; without a valid address of a super admin its ZOID finds it."""
        zoid = identifiers.number(text(organisation, "zoid"))
        if zoid is None:
            raise PermanentError("Mail returned an organisation without a valid ZOID")
        number = stated_number(organisation, "licenseCount")
        own, *others = _domains(organisation) or [None]
        account = Account(
            account_id=f"mail-{zoid}",
            super_admin_email=identifiers.email(text(organisation, "superAdmin")) or "",
            items=(_licences(organisation, zoid, number),),
            data_centers=self._data_centers,
            domain=own,
            other_domains=tuple(each for each in others if each),
            zoids=(zoid,),
        )
        return account, number.problems(account.account_id, f"mail-{zoid}", "licenseCount")


def _unreadable(zoid: str, message: str) -> _Organisation:
    name = f"mail-{zoid}"
    account = Account(account_id=name, super_admin_email="", items=(unreadable(name, message),), zoids=(zoid,))
    return account, (SourceProblem(account=name, subscription=name, field="organisation", message=message),)


def _licences(organisation: Raw, zoid: str, number: StatedNumber) -> LicenceItem:
    """Return the licences of Mail. Not said if paid: a person decides."""
    plan, kind = text(organisation, "basePlan"), text(organisation, "planType")
    return LicenceItem(
        subscription_id=f"mail-{zoid}",
        service="Mail",
        name=number.named(plan or "Mail"),
        quantity=number.number,
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
        raise PermanentError(f"Mail refused a request for an organisation{_status_words(body)}")
    return body


def _status_words(body: object) -> str:
    """Return Mail's own code and description, which are in `status`."""
    status = section(body, "status") if isinstance(body, dict) else {}
    return own_words({"code": status.get("code"), "message": status.get("description")})
