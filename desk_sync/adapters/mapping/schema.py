"""The schema of the mapping file, section by section; `mappings/README.md` explains the settings.

Single values are checked here, contradictions between values in `checks.py`, `clock_checks.py` and
`escalation_checks.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from desk_sync.adapters.mapping.clocks import CalendarsSection, ClocksSection, RegionsSection
from desk_sync.adapters.mapping.education import EducationSection
from desk_sync.adapters.mapping.escalation import EscalationSection
from desk_sync.adapters.mapping.licences import LicencesSection
from desk_sync.adapters.mapping.partners import Mailboxes, PartnersSection
from desk_sync.adapters.mapping.sources import SourceSection
from desk_sync.adapters.mapping.tickets import IdentitySection, TicketsSection
from desk_sync.adapters.mapping.types import (
    ApiName,
    DataCenter,
    Host,
    Id,
    IssueType,
    Level,
    PlainWord,
    RequestType,
    Text,
)
from desk_sync.adapters.yaml.problems import MappingSection


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
    explanation: ApiName | None = None
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


class PortalSection(MappingSection):
    data_center: DataCenter
    org_id: Id
    webhook_id: Id
    desk_url: Host | None = None
    accounts_url: Host | None = None
    concurrency: Annotated[int, Field(ge=1, le=100)] | None = None
    credit_reserve: Annotated[int, Field(ge=0)] | None = None


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
