"""Everything that the admin decides, as one checked value. The mapping file is where it is written.

Names of services, units and plans are compared in plain form (`plain`), so that "Zoho CRM Plus",
"crm-plus" and "CRM Plus" are one name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from desk_sync.domain.escalation_policy import EscalationPolicy
from desk_sync.domain.identity import STRATEGIES, Kind
from desk_sync.domain.partner import PartnerPolicy, TaggedElsewhere, Writer
from desk_sync.domain.promise import CommitmentPolicy
from desk_sync.domain.regions import Described, Whose
from desk_sync.domain.subscription import Account, LicenceItem
from desk_sync.domain.teaching import TeachingPolicy
from desk_sync.domain.ticket import Field


@lru_cache(maxsize=8192)  # a few names make most of what a portal's accounts have
def plain(name: str) -> str:
    """A name as it is compared: NFKC, lower case, words parted by one blank, without a leading "Zoho"."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip().removeprefix("zoho ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """How many licences make an account large; `figure` itself counts if `inclusive`."""

    figure: int
    inclusive: bool = True

    def __post_init__(self) -> None:
        if self.figure < 1:
            raise ValueError(f"threshold {self.figure}: must be at least 1")

    def reached(self, licences: int) -> bool:
        return licences >= self.figure if self.inclusive else licences > self.figure

    def __str__(self) -> str:
        return f"{'>=' if self.inclusive else '>'} {self.figure}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A service that is metered otherwise (R46, R47). It counts 0, its user add-ons too.

    It is known by its name and aliases, or by items sold under another service whose name holds
    `item_word` and one of `item_words`. All in plain form.
    """

    name: str
    names: frozenset[str]
    item_word: str = ""
    item_words: frozenset[str] = frozenset()

    def covers_service(self, service: str) -> bool:
        return plain(service) in self.names

    def covers(self, item: LicenceItem) -> bool:
        words = set(plain(item.name).split())
        return self.covers_service(item.service) or (self.item_word in words and not words.isdisjoint(self.item_words))


class RegionBy(StrEnum):
    """Whose region gives the threshold (C17)."""

    CUSTOMER_COUNTRY = "customer_country"
    PARTNER_COUNTRY = "partner_country"
    DATA_CENTER = "data_center"


class Count(StrEnum):
    """What is compared with the threshold (C18): all services together, or the largest one alone."""

    SUM = "sum"
    LARGEST_SERVICE = "largest_service"


class Per(StrEnum):
    """What one account is (C18): a super admin, or all super admins on one verified domain."""

    SUPER_ADMIN = "super_admin"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicencePolicy:
    """How licences are counted and compared (R42–R48). All names and units in plain form.

    `services` gives the service that a name or alias stands for.
    """

    thresholds: Mapping[str, Threshold]
    region_of_country: Mapping[str, str]
    region_of_data_center: Mapping[str, str] = field(default_factory=dict)
    region_by: RegionBy = RegionBy.CUSTOMER_COUNTRY
    fallback_region: str | None = None
    count: Count = Count.SUM
    per: Per = Per.SUPER_ADMIN
    in_force: frozenset[str]
    unsettled: frozenset[str]
    ended: frozenset[str]
    unpaid_editions: frozenset[str]
    counted_units: frozenset[str]
    uncounted_units: frozenset[str]
    user_endings: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    services: Mapping[str, str]
    max_age: timedelta

    def exclusion(self, item: LicenceItem) -> Exclusion | None:
        return next((each for each in self.exclusions if each.covers(item)), None)

    def excluded_service(self, service: str) -> Exclusion | None:
        return next((each for each in self.exclusions if each.covers_service(service)), None)

    def stated_regions(self, account: Account) -> frozenset[str]:
        """The customer's regions that the account's own rows name, as far as the threshold table knows them."""
        if self.region_by is RegionBy.PARTNER_COUNTRY:
            return frozenset()
        return frozenset(account.regions) & self.thresholds.keys()

    def mapped_regions(self, account: Account, writer: Writer) -> frozenset[str]:
        """The regions that follow from countries or data centres; the mailbox's, where the account names no centre."""
        table: Mapping[str, str]
        keys: Iterable[str]
        table, keys = {
            RegionBy.CUSTOMER_COUNTRY: (self.region_of_country, account.countries),
            RegionBy.PARTNER_COUNTRY: (self.region_of_country, writer.countries),
            RegionBy.DATA_CENTER: (self.region_of_data_center, account.data_centers or writer.data_centers),
        }[self.region_by]
        return frozenset(table[key] for key in keys if key in table)


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
    severity_left_for_issues: frozenset[str] = frozenset()
    severity_left_for_requests: frozenset[str] = frozenset()
    severity_left_without_request: bool = False
    exclude_tickets_about_excluded_services: bool = True
    email_fill: EmailFill = EmailFill.ALWAYS
    untick: bool = True
    automation_agents: frozenset[str] = frozenset()
    write_limit: int = 10
    mode: Mode = Mode.WRITE
    department_modes: Mapping[str, Mode] = field(default_factory=dict)

    def mode_of(self, department_id: str) -> Mode:
        return self.department_modes.get(department_id, self.mode)

    def level(self, severity: str | None) -> int | None:
        """The level of a pick-list value; None for a value that the mapping does not name."""
        return next((level for level, name in self.severities.items() if name == severity), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the admin's decisions. `version` changes with every change of their meaning.

    `strategies` are the kinds of identifiers that lead to an account, in the order in which they are tried; `shown` are
    the fields that the portal has for what we tell of clocks.
    """

    version: str
    licences: LicencePolicy
    tickets: TicketPolicy
    commitment: CommitmentPolicy
    escalation: EscalationPolicy
    strategies: tuple[Kind, ...] = STRATEGIES
    partners: PartnerPolicy = field(default_factory=PartnerPolicy)
    shown: frozenset[Field] = frozenset()
    teaching: TeachingPolicy = field(default_factory=TeachingPolicy)

    @property
    def asks_who_writes(self) -> bool:
        """Whether anything depends on who the partner is: only then it costs a call."""
        by_partner = self.licences.region_by is RegionBy.PARTNER_COUNTRY
        by_partner |= Whose.PARTNER_COUNTRY in (self.commitment.regions.calendar_by, self.commitment.regions.ladder_by)
        by_partner |= self.escalation.questions is not None
        return by_partner or self.teaching.reply or self.partners.tagged_elsewhere is TaggedElsewhere.REVIEW

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

    def with_hours(self, told: Mapping[str, Described]) -> Policy:
        """The policy with what Desk said of the business hours that it takes from there."""
        regions = replace(self.commitment.regions, told=told)
        return replace(self, commitment=replace(self.commitment, regions=regions))
