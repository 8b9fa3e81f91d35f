"""The adapter for each source of the mapping, by the kind of the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from desk_sync.adapters.mapping.sources import SourceKind, SourceSection
from desk_sync.adapters.subscriptions.account_file import FileSource
from desk_sync.adapters.subscriptions.billing import ORGANISATION_HEADER, BillingSource
from desk_sync.adapters.subscriptions.mail_partner import MailPartner
from desk_sync.adapters.subscriptions.partner_store import PartnerStore
from desk_sync.adapters.subscriptions.sql.foreign_database import open_foreign
from desk_sync.adapters.subscriptions.sql.sql_table import SqlTable
from desk_sync.adapters.subscriptions.zoho_api import CallAllowance, CallPace, ZohoApi
from desk_sync.adapters.zoho.auth import AccessTokens
from desk_sync.adapters.zoho.hosts import DATA_CENTERS
from desk_sync.errors import ConfigurationError
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import CallMeter, UnitStore

MakeAccess = Callable[[str], AccessTokens]
"""Returns the access tokens of the source, given the URL of the accounts server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMeans:
    """The resources of a source: its tokens and the URL of its database, which raise ConfigurationError if the
    environment does not set them, the units of its plans, the count of its calls, and the ZOIDs of another source.
    """

    access: MakeAccess
    database_url: Callable[[], str]
    units: UnitStore
    meter: CallMeter
    now: Now
    zoids: Callable[[str], Sequence[str]]


AnySource: TypeAlias = FileSource | BillingSource | PartnerStore | MailPartner | SqlTable
PULL_ONLY = (FileSource, PartnerStore)
"""The sources that cannot be asked for one account."""


def make(section: SourceSection, means: SourceMeans) -> AnySource:
    """Return the adapter. Raises ConfigurationError if credentials are missing, or the host of the API is not known."""
    return _MAKERS[section.kind](section, means)


def _file(section: SourceSection, means: SourceMeans) -> FileSource:
    return FileSource(Path(section.path or ""), means.now)


def _billing(section: SourceSection, means: SourceMeans) -> BillingSource:
    host = DATA_CENTERS[section.data_center or ""].apis
    api = _api(section, host, means, headers={ORGANISATION_HEADER: section.org_id or ""})
    return BillingSource(api, units=means.units, data_center=section.data_center or "")


def _partner_store(section: SourceSection, means: SourceMeans) -> PartnerStore:
    host = DATA_CENTERS[section.data_center or ""].store
    return PartnerStore(_api(section, host, means), data_center=section.data_center or "")


def _mail_partner(section: SourceSection, means: SourceMeans) -> MailPartner:
    host = DATA_CENTERS[section.data_center or ""].mail
    zoids = partial(means.zoids, section.zoids_of or "")
    api = _api(section, host, means)
    return MailPartner(api, zoids=zoids, data_center=section.data_center or "")


def _sql(section: SourceSection, means: SourceMeans) -> SqlTable:
    return SqlTable(open_foreign(means.database_url()), section.table or "", means.now)


def _api(section: SourceSection, host: str, means: SourceMeans, *, headers: Mapping[str, str] | None = None) -> ZohoApi:
    if not host and not section.url:
        raise ConfigurationError(f"the API's host in the data centre {section.data_center} is not known")
    accounts_url = section.accounts_url or f"https://{DATA_CENTERS[section.data_center or ''].accounts}"
    return ZohoApi(
        section.url or f"https://{host}",
        access=means.access(accounts_url),
        pace=CallPace(section.per_minute),
        now=means.now,
        headers=headers,
        allowance=_allowance(section, means.meter),
    )


def _allowance(section: SourceSection, meter: CallMeter) -> CallAllowance:
    if section.per_day is None:
        return CallAllowance()
    return CallAllowance(
        for_look_ups=partial(meter.spend, section.per_day), for_pulls=partial(meter.spend, section.pull_calls)
    )


_MAKERS: Mapping[SourceKind, Callable[[SourceSection, SourceMeans], AnySource]] = {
    SourceKind.FILE: _file,
    SourceKind.BILLING: _billing,
    SourceKind.PARTNER_STORE: _partner_store,
    SourceKind.MAIL_PARTNER: _mail_partner,
    SourceKind.SQL: _sql,
}
