"""The section `sources` of the mapping file, and the settings that each kind of source needs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from desk_sync.adapters.mapping.types import (
    DataCenter,
    Duration,
    Host,
    Id,
    PlainWord,
    Share,
    Text,
)
from desk_sync.adapters.yaml.problems import MappingSection


class SourceKind(StrEnum):
    """The kind of a source of subscription data."""

    FILE = "file"
    BILLING = "billing"
    PARTNER_STORE = "partner_store"
    MAIL_PARTNER = "mail_partner"
    SQL = "sql"


class SourceSection(MappingSection):
    """A source that is pulled. `path` is for a file, `table` for SQL; the other optional settings are for Zoho's APIs.

    `max_flawed`: the share of accounts that may be unreadable. `per_day`: the calls that are allowed in 24 hours.

    `max_age` and `max_data_age`: how long its data are valid, if not as `licences` says.

    `live`: the source may be queried for one account that no snapshot contains.
    """

    kind: Annotated[SourceKind, Field(strict=False)]
    every: Duration
    max_shrink: Share = 0.2
    max_flawed: Share = 0.1
    max_age: Duration | None = None
    max_data_age: Duration | None = None
    path: Text | None = None
    table: Text | None = None
    zoids_of: PlainWord | None = None
    live: bool = False
    live_per_minute: Annotated[int, Field(ge=1)] = 5
    data_center: DataCenter | None = None
    org_id: Id | None = None
    per_minute: Annotated[int, Field(ge=1)] = 60
    per_day: Annotated[int, Field(ge=1)] | None = None
    reserve: Share = 0.1
    url: Host | None = None
    accounts_url: Host | None = None

    @property
    def pull_calls(self) -> int:
        """The calls of a day that pulls may use; look-ups of single accounts have the `reserve` for themselves."""
        return max(1, round((self.per_day or 0) * (1 - self.reserve)))


REQUIRED: Mapping[str, tuple[str, ...]] = {
    SourceKind.FILE: ("path",),
    SourceKind.BILLING: ("data_center", "org_id"),
    SourceKind.PARTNER_STORE: ("data_center",),
    SourceKind.MAIL_PARTNER: ("data_center", "zoids_of"),
    SourceKind.SQL: ("table",),
}
"""The settings that a kind of source needs."""

PULL_ONLY = (SourceKind.FILE, SourceKind.PARTNER_STORE)
"""The kinds that cannot be queried for one account."""
