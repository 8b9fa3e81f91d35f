"""The shape of the mapping file, section by section, as `mappings/README.md` explains it.

Values are checked one by one here; what only two of them together can show is in `mapping_checks.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from desk_sync.adapters.mapping.clocks import Calendars, Clocks, Regions
from desk_sync.adapters.mapping.education import Teaching
from desk_sync.adapters.mapping.escalation import EscalationSection
from desk_sync.adapters.mapping.partners import Mailboxes, Partners
from desk_sync.adapters.mapping.types import (
    ApiName,
    Country,
    DataCenter,
    Duration,
    Host,
    Id,
    IssueType,
    Level,
    Name,
    PlainWord,
    RequestType,
    Share,
    Text,
    ThresholdText,
)
from desk_sync.adapters.yaml.problems import Section, mistake
from desk_sync.domain.account.identity import STRATEGIES, Kind
from desk_sync.domain.account.licence_policy import Count, Per, RegionBy
from desk_sync.domain.plan.policy import EmailFill, Mode


def _each_once(kinds: list[Kind]) -> list[Kind]:
    if twice := [kind for kind in STRATEGIES if kinds.count(kind) > 1]:
        raise mistake(f"{twice[0]} stands there twice")
    return kinds


class Fields(Section):
    customer_primary_email: ApiName
    large_user: ApiName
    severity: ApiName
    request_type: ApiName | None = None
    issue_type: ApiName | None = None
    product: ApiName | None = None
    service_org_id: ApiName | None = None
    acknowledgement_due: ApiName | None = None
    determination_due: ApiName | None = None
    resolution_due: ApiName | None = None
    update_due: ApiName | None = None
    clock_state: ApiName | None = None
    next_milestone: ApiName | None = None
    escalation_level: ApiName | None = None
    escalation_owner: ApiName | None = None
    escalation_request: ApiName | None = None
    taken_over: ApiName | None = None


class ClockStates(Section):
    on_track: Text = "On track"
    at_risk: Text = "At risk"
    breached: Text = "Breached"
    paused: Text = "Paused"
    met: Text = "Met"


class Values(Section):
    severity: Annotated[dict[Level, Text], Field(min_length=1)]
    issue_type: dict[Text, IssueType] = {}
    request_type: dict[RequestType, list[Text]] = {}
    clock_state: ClockStates = ClockStates()


class Status(Section):
    in_force: list[Name]
    unsettled: list[Name] = []
    ended: list[Name]


class Units(Section):
    counted: list[Name]
    uncounted: list[Name]
    user_endings: list[Name] = []


class ExcludedService(Section):
    aliases: list[Name] = []
    item_word: Name | None = None
    item_words: list[Name] = []


class Licences(Section):
    thresholds: Annotated[dict[Text, ThresholdText], Field(min_length=1)]
    region_by: Annotated[RegionBy, Field(strict=False)] = RegionBy.CUSTOMER_COUNTRY
    fallback_region: Text | None = None
    countries: dict[Text, list[Country]]
    data_centers: dict[Text, list[Text]] = {}
    count: Annotated[Count, Field(strict=False)] = Count.SUM
    per: Annotated[Per, Field(strict=False)] = Per.SUPER_ADMIN
    status: Status
    unpaid_editions: list[Name]
    units: Units
    excluded_services: dict[Text, ExcludedService]
    services: dict[Text, list[Name]]
    max_age: Duration


class SeverityLeftAlone(Section):
    issue_types: list[IssueType] = []
    request_types: list[RequestType] = []
    without_request_type: bool = False


class Identity(Section):
    strategies: Annotated[
        list[Annotated[Kind, Field(strict=False)]],
        Field(min_length=1, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ] = list(STRATEGIES)


_Mode = Annotated[Mode, Field(strict=False)]


class Tickets(Section):
    severity_left_alone: SeverityLeftAlone = SeverityLeftAlone()
    about_excluded_services: Literal["no_priority", "like_any_other"] = "no_priority"
    email_fill: Annotated[EmailFill, Field(strict=False)] = EmailFill.ALWAYS
    untick: bool = True
    automation_agents: list[Id] = []
    write_limit: Annotated[int, Field(ge=1)] = 10
    mode: _Mode = Mode.WRITE
    departments: dict[Id, _Mode] = {}


class Portal(Section):
    data_center: DataCenter
    org_id: Id
    webhook_id: Id
    desk_url: Host | None = None
    accounts_url: Host | None = None
    concurrency: Annotated[int, Field(ge=1, le=100)] | None = None
    credit_reserve: Annotated[int, Field(ge=0)] | None = None


class SourceKind(StrEnum):
    """Where subscription data come from."""

    FILE = "file"
    BILLING = "billing"
    PARTNER_STORE = "partner_store"
    MAIL_PARTNER = "mail_partner"
    SQL = "sql"


class Source(Section):
    """A source that is pulled. `path` belongs to a file, `table` to SQL; the other optional ones to Zoho's APIs.

    `live`: it may be asked for one account that no snapshot knows.
    """

    kind: Annotated[SourceKind, Field(strict=False)]
    every: Duration
    max_shrink: Share = 0.2
    path: Text | None = None
    table: Text | None = None
    zoids_of: PlainWord | None = None
    live: bool = False
    live_per_minute: Annotated[int, Field(ge=1)] = 5
    data_center: DataCenter | None = None
    org_id: Id | None = None
    per_minute: Annotated[int, Field(ge=1)] = 60
    url: Host | None = None
    accounts_url: Host | None = None


class MappingFile(Section):
    version: Literal[1]
    portals: Annotated[dict[PlainWord, Portal], Field(min_length=1)] | None = None
    desk_fields: Fields = Field(alias="fields")
    values: Values
    sources: dict[PlainWord, Source] = {}
    licences: Licences
    identity: Identity = Identity()
    partners: Partners = Partners()
    mailboxes: Mailboxes = {}
    teaching: Teaching = Teaching()
    tickets: Tickets = Tickets()
    regions: Regions
    calendars: Calendars
    clocks: Clocks
    escalation: EscalationSection
