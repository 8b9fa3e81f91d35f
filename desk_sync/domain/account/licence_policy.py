"""The admin's rules for counting licences and comparing them with a threshold (R42-R48).

Names of services, units and plans are compared in plain form (`plain`), so that "Zoho CRM Plus", "crm-plus" and
"CRM Plus" are one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from desk_sync.domain.account.freshness import FreshnessPolicy
from desk_sync.domain.account.partner import TicketWriter
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.normal_form import normal_form


@lru_cache(maxsize=8192)  # most items of a portal's accounts share a few names
def plain(name: str) -> str:
    """Return the plain form of a name: NFKC, case folded, words separated by one blank, without a leading "Zoho"."""
    folded = normal_form("NFKC", name).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip().removeprefix("zoho ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The number of licences from which an account is large; `figure` itself counts if `inclusive`."""

    figure: int
    inclusive: bool

    def __post_init__(self) -> None:
        if self.figure < 1:
            raise ValueError(f"threshold {self.figure}: must be at least 1")

    def reached(self, licences: int) -> bool:
        """Return True if an account with this many licences is large."""
        return licences >= self.figure if self.inclusive else licences > self.figure

    def __str__(self) -> str:
        return f"{'>=' if self.inclusive else '>'} {self.figure}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A service that is not measured in user licences (R46, R47). It counts 0, its user add-ons too.

    It is recognised by `names`, its name and aliases. An item that is sold under another service belongs to it if the
    item's name contains `item_word` and one of `item_words`. All in plain form.
    """

    name: str
    names: frozenset[str]
    item_word: str
    item_words: frozenset[str]

    def covers_service(self, service: str) -> bool:
        """Return True if this is a name of the excluded service."""
        return plain(service) in self.names

    def covers(self, item: LicenceItem) -> bool:
        """Return True if the item belongs to the excluded service, by its service or by the words of its name."""
        words = set(plain(item.name).split())
        return self.covers_service(item.service) or (self.item_word in words and not words.isdisjoint(self.item_words))


class RegionBy(StrEnum):
    """The fact from which the region of the threshold is derived (C17)."""

    CUSTOMER_COUNTRY = "customer_country"
    PARTNER_COUNTRY = "partner_country"
    DATA_CENTER = "data_center"


class CountBy(StrEnum):
    """The number that is compared with the threshold (C18): all services together, or the largest one alone."""

    SUM = "sum"
    LARGEST_SERVICE = "largest_service"


class AccountScope(StrEnum):
    """The extent of one account (C18): one super admin, or all super admins on one verified domain."""

    SUPER_ADMIN = "super_admin"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicencePolicy:
    """The rules for counting and comparing licences (R42–R48). All names and units are in plain form.

    `thresholds` is by region. A status in `unsettled`, or in none of the three sets, is for a person to decide.
    `services` maps each name and alias to its service. `freshness` says how long the data are valid.
    """

    thresholds: Mapping[str, Threshold]
    region_of_country: Mapping[str, str]
    region_of_data_center: Mapping[str, str]
    region_by: RegionBy
    fallback_region: str | None
    count: CountBy
    per: AccountScope
    in_force: frozenset[str]
    unsettled: frozenset[str]
    ended: frozenset[str]
    unpaid_editions: frozenset[str]
    counted_units: frozenset[str]
    uncounted_units: frozenset[str]
    user_endings: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    services: Mapping[str, str]
    freshness: FreshnessPolicy

    def exclusion(self, item: LicenceItem) -> Exclusion | None:
        """Return the exclusion that covers the item; None if it is not excluded."""
        return next((each for each in self.exclusions if each.covers(item)), None)

    def excluded_service(self, service: str) -> Exclusion | None:
        """Return the exclusion with this name; None if the service is not excluded."""
        return next((each for each in self.exclusions if each.covers_service(service)), None)

    def stated_regions(self, account: Account) -> frozenset[str]:
        """Return the regions in the account's own rows that have a threshold; none if the partner's region counts."""
        if self.region_by is RegionBy.PARTNER_COUNTRY:
            return frozenset()
        by_name = {plain(region): region for region in self.thresholds}
        return frozenset(by_name[plain(each)] for each in account.regions if plain(each) in by_name)

    def has_unknown_region(self, account: Account) -> bool:
        """Return True if a region in the account's own rows has no threshold; not if the partner's region counts."""
        known = {plain(region) for region in self.thresholds}
        return self.region_by is not RegionBy.PARTNER_COUNTRY and any(
            plain(each) not in known for each in account.regions
        )

    def mapped_regions(self, account: Account, writer: TicketWriter) -> frozenset[str]:
        """Return the regions of the countries or data centres; the mailbox's data centres if the account has none."""
        table: Mapping[str, str]
        keys: Iterable[str]
        table, keys = {
            RegionBy.CUSTOMER_COUNTRY: (self.region_of_country, account.countries),
            RegionBy.PARTNER_COUNTRY: (self.region_of_country, writer.countries),
            RegionBy.DATA_CENTER: (self.region_of_data_center, account.data_centers or writer.data_centers),
        }[self.region_by]
        return frozenset(table[key] for key in keys if key in table)
