"""Everything that the admin decides, as one checked value. The mapping file is where it is written.

Names of services, units and plans are compared in plain form (`plain`), so that "Zoho CRM Plus",
"crm-plus" and "CRM Plus" are one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from desk_sync.domain.account.identity import IdentifierKind, WeakEvidence
from desk_sync.domain.account.licence_policy import LicencePolicy, RegionBy
from desk_sync.domain.account.partner import PartnerPolicy, TaggedElsewhere
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.commitment.promise import CommitmentPolicy
from desk_sync.domain.commitment.regions import RegionBasis, SourcedCalendar
from desk_sync.domain.escalation.policy import EscalationPolicy
from desk_sync.domain.plan.education import EducationPolicy
from desk_sync.domain.plan.note_policy import NotePolicy
from desk_sync.domain.ticket.ticket import Field


class EmailFill(StrEnum):
    """When *Customer Primary Email Address* is filled with the super admin's address (C3, R53)."""

    ALWAYS = "always"
    WHEN_EMPTY = "when_empty"
    NEVER = "never"


class Mode(StrEnum):
    """How much a portal or department lets us do: only decide, also comment, also write fields."""

    SHADOW = "shadow"
    COMMENT = "comment"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPolicy:
    """What a decision does to a ticket. `severities` are Desk's pick-list values, 1 the most severe.

    Issue and request types are our words (`docs/rules.md`).
    """

    severities: Mapping[int, str]
    severity_left_for_issues: frozenset[str]
    severity_left_for_requests: frozenset[str]
    severity_left_without_request: bool
    exclude_tickets_about_excluded_services: bool
    email_fill: EmailFill
    untick: bool
    automation_agents: frozenset[str]
    write_limit: int
    mode: Mode
    department_modes: Mapping[str, Mode]

    def mode_of(self, department_id: str) -> Mode:
        return self.department_modes.get(department_id, self.mode)

    def speaks_in(self, department_id: str) -> bool:
        """Return True if something may be written on tickets of the department."""
        return self.mode_of(department_id) is not Mode.SHADOW

    def level(self, severity: str | None) -> int | None:
        """The level of a pick-list value; None for a value that the mapping does not name."""
        return next((level for level, name in self.severities.items() if name == severity), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the admin's decisions. `version` changes with every change of their meaning.

    `strategies` are the kinds of identifiers that lead to an account, in the order in which they are tried;
    `admitted` the kinds of weak evidence that act without a person. `shown` are the fields that the portal has for what
    we tell of clocks.
    """

    version: str
    licences: LicencePolicy
    tickets: TicketPolicy
    commitment: CommitmentPolicy
    escalation: EscalationPolicy
    strategies: tuple[IdentifierKind, ...]
    admitted: tuple[WeakEvidence, ...] = ()
    partners: PartnerPolicy
    shown: frozenset[Field]
    education: EducationPolicy
    notes: NotePolicy

    @property
    def asks_who_writes(self) -> bool:
        """Whether anything depends on who the partner is: only then it costs a call."""
        by_partner = self.licences.region_by is RegionBy.PARTNER_COUNTRY
        by_partner |= RegionBasis.PARTNER_COUNTRY in (
            self.commitment.regions.calendar_by,
            self.commitment.regions.ladder_by,
        )
        by_partner |= self.escalation.questions is not None
        return by_partner or self.education.reply or self.partners.tagged_elsewhere is TaggedElsewhere.REVIEW

    def asks_mailbox(self, account: Account) -> bool:
        """Whether the account's region follows from the mailbox that a ticket came to (R61): only then it costs a call.

        It does where regions go by data centre, and neither the account's rows name one nor a region.
        """
        by_center = self.licences.region_by is RegionBy.DATA_CENTER and bool(self.partners.mailboxes)
        return by_center and not account.data_centers and not self.licences.stated_regions(account)

    def knowing(self, agent_id: str) -> Policy:
        """The policy with one more agent among those who are no persons: our own."""
        agents = self.tickets.automation_agents | {agent_id}
        replies = replace(self.commitment.replies, automation_agents=agents)
        return replace(
            self,
            tickets=replace(self.tickets, automation_agents=agents),
            commitment=replace(self.commitment, replies=replies),
        )

    def in_shadow(self) -> Policy:
        """The policy with which nothing is written, in any department."""
        return replace(self, tickets=replace(self.tickets, mode=Mode.SHADOW, department_modes={}))

    def with_hours(self, desk_calendars: Mapping[str, SourcedCalendar]) -> Policy:
        """Return the policy with the business hours that were read from Desk, by name or id."""
        regions = replace(self.commitment.regions, desk_calendars=desk_calendars)
        return replace(self, commitment=replace(self.commitment, regions=regions))
