"""The schema of the mapping file, section by section; `mappings/README.md` explains the settings.

Single values are checked here, contradictions between values in `checks.py`, `clock_checks.py` and
`escalation_checks.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from desk_sync.adapters.mapping.clocks import CalendarsSection, ClocksSection, RegionsSection
from desk_sync.adapters.mapping.education import EducationSection
from desk_sync.adapters.mapping.escalation import EscalationSection
from desk_sync.adapters.mapping.partners import Mailboxes, PartnersSection
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
from desk_sync.adapters.yaml.problems import MappingSection, mistake
from desk_sync.domain.account.identity import STRATEGIES, IdentifierKind
from desk_sync.domain.account.licence_policy import AccountScope, CountBy, RegionBy
from desk_sync.domain.plan.policy import EmailFill, Mode


def _each_once(kinds: list[IdentifierKind]) -> list[IdentifierKind]:
    if twice := [kind for kind in STRATEGIES if kinds.count(kind) > 1]:
        raise mistake(f"{twice[0]} is listed twice")
    return kinds


class FieldsSection(MappingSection):
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


class ClockStates(MappingSection):
    on_track: Text = "On track"
    at_risk: Text = "At risk"
    breached: Text = "Breached"
    paused: Text = "Paused"
    met: Text = "Met"


class ValuesSection(MappingSection):
    severity: Annotated[dict[Level, Text], Field(min_length=1)]
    issue_type: dict[Text, IssueType] = {}
    request_type: dict[RequestType, list[Text]] = {}
    clock_state: ClockStates = ClockStates()


class StatusSection(MappingSection):
    in_force: list[Name]
    unsettled: list[Name] = []
    ended: list[Name]


class UnitsSection(MappingSection):
    counted: list[Name]
    uncounted: list[Name]
    user_endings: list[Name] = []


class ExcludedService(MappingSection):
    aliases: list[Name] = []
    item_word: Name | None = None
    item_words: list[Name] = []


class LicencesSection(MappingSection):
    thresholds: Annotated[dict[Text, ThresholdText], Field(min_length=1)]
    region_by: Annotated[RegionBy, Field(strict=False)] = RegionBy.CUSTOMER_COUNTRY
    fallback_region: Text | None = None
    countries: dict[Text, list[Country]]
    data_centers: dict[Text, list[Text]] = {}
    count: Annotated[CountBy, Field(strict=False)] = CountBy.SUM
    per: Annotated[AccountScope, Field(strict=False)] = AccountScope.SUPER_ADMIN
    status: StatusSection
    unpaid_editions: list[Name]
    units: UnitsSection
    excluded_services: dict[Text, ExcludedService]
    services: dict[Text, list[Name]]
    max_age: Duration


class SeverityLeftAlone(MappingSection):
    issue_types: list[IssueType] = []
    request_types: list[RequestType] = []
    without_request_type: bool = False


class IdentitySection(MappingSection):
    strategies: Annotated[
        list[Annotated[IdentifierKind, Field(strict=False)]],
        Field(min_length=1, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ] = list(STRATEGIES)


_Mode = Annotated[Mode, Field(strict=False)]


class TicketsSection(MappingSection):
    severity_left_alone: SeverityLeftAlone = SeverityLeftAlone()
    about_excluded_services: Literal["no_priority", "like_any_other"] = "no_priority"
    email_fill: Annotated[EmailFill, Field(strict=False)] = EmailFill.ALWAYS
    untick: bool = True
    automation_agents: list[Id] = []
    write_limit: Annotated[int, Field(ge=1)] = 10
    mode: _Mode = Mode.WRITE
    departments: dict[Id, _Mode] = {}


class PortalSection(MappingSection):
    data_center: DataCenter
    org_id: Id
    webhook_id: Id
    desk_url: Host | None = None
    accounts_url: Host | None = None
    concurrency: Annotated[int, Field(ge=1, le=100)] | None = None
    credit_reserve: Annotated[int, Field(ge=0)] | None = None


class SourceKind(StrEnum):
    """The kind of a source of subscription data."""

    FILE = "file"
    BILLING = "billing"
    PARTNER_STORE = "partner_store"
    MAIL_PARTNER = "mail_partner"
    SQL = "sql"


class SourceSection(MappingSection):
    """A source that is pulled. `path` is for a file, `table` for SQL; the other optional settings are for Zoho's APIs.

    `live`: the source may be queried for one account that no snapshot contains.
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


class MappingFile(MappingSection):
    version: Literal[1]
    portals: Annotated[dict[PlainWord, PortalSection], Field(min_length=1)] | None = None
    desk_fields: FieldsSection = Field(alias="fields")
    values: ValuesSection
    sources: dict[PlainWord, SourceSection] = {}
    licences: LicencesSection
    identity: IdentitySection = IdentitySection()
    partners: PartnersSection = PartnersSection()
    mailboxes: Mailboxes = {}
    education: EducationSection = EducationSection()
    tickets: TicketsSection = TicketsSection()
    regions: RegionsSection
    calendars: CalendarsSection
    clocks: ClocksSection
    escalation: EscalationSection
