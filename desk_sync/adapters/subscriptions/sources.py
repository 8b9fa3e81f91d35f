"""From a source as the mapping describes it to the adapter that reads it: a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from desk_sync.adapters.mapping.schema import SourceKind
from desk_sync.adapters.mapping.schema import SourceSection as Described
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.subscriptions.account_file import FileSource
from desk_sync.adapters.subscriptions.billing import ORGANISATION_HEADER, BillingSource
from desk_sync.adapters.subscriptions.mail_partner import MailPartner
from desk_sync.adapters.subscriptions.partner_store import PartnerStore
from desk_sync.adapters.subscriptions.sql_table import SqlTable
from desk_sync.adapters.subscriptions.zoho_api import CallPace, ZohoApi
from desk_sync.adapters.zoho.auth import AccessTokens
from desk_sync.adapters.zoho.hosts import DATA_CENTERS
from desk_sync.errors import ConfigurationError
from desk_sync.ports.subscriptions import UnitStore

MakeAccess = Callable[[str], AccessTokens]
"""Given the accounts server, the token of the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMeans:
    """What a source is given: its token and its database, which raise ConfigurationError where the environment does
    not name them; what its plans' units are; and the ZOIDs that another source knows.
    """

    access: MakeAccess
    database_url: Callable[[], str]
    units: UnitStore
    zoids: Callable[[str], Sequence[str]]


Made: TypeAlias = FileSource | BillingSource | PartnerStore | MailPartner | SqlTable
SILENT = (FileSource, PartnerStore)
"""Those that cannot be asked for one account."""


def make(described: Described, means: SourceMeans) -> Made:
    """Raises ConfigurationError for a data centre whose API we do not know, and for credentials that are not set."""
    return _MAKERS[described.kind](described, means)


def _file(described: Described, _: SourceMeans) -> FileSource:
    return FileSource(Path(described.path or ""))


def _billing(described: Described, means: SourceMeans) -> BillingSource:
    host = DATA_CENTERS[described.data_center or ""].apis
    api = _api(described, host, means.access, headers={ORGANISATION_HEADER: described.org_id or ""})
    return BillingSource(api, units=means.units, data_center=described.data_center or "")


def _partner_store(described: Described, means: SourceMeans) -> PartnerStore:
    host = DATA_CENTERS[described.data_center or ""].store
    return PartnerStore(_api(described, host, means.access), data_center=described.data_center or "")


def _mail_partner(described: Described, means: SourceMeans) -> MailPartner:
    host = DATA_CENTERS[described.data_center or ""].mail
    zoids = partial(means.zoids, described.zoids_of or "")
    api = _api(described, host, means.access)
    return MailPartner(api, zoids=zoids, data_center=described.data_center or "")


def _sql(described: Described, means: SourceMeans) -> SqlTable:
    return SqlTable(open_engine(means.database_url()), described.table or "")


def _api(described: Described, host: str, access: MakeAccess, *, headers: Mapping[str, str] | None = None) -> ZohoApi:
    if not host and not described.url:
        raise ConfigurationError(f"we do not know the API's host in the data centre {described.data_center}")
    accounts_url = described.accounts_url or f"https://{DATA_CENTERS[described.data_center or ''].accounts}"
    pace = CallPace(described.per_minute)
    return ZohoApi(described.url or f"https://{host}", access=access(accounts_url), pace=pace, headers=headers)


_MAKERS: Mapping[SourceKind, Callable[[Described, SourceMeans], Made]] = {
    SourceKind.FILE: _file,
    SourceKind.BILLING: _billing,
    SourceKind.PARTNER_STORE: _partner_store,
    SourceKind.MAIL_PARTNER: _mail_partner,
    SourceKind.SQL: _sql,
}
