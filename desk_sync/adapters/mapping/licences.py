"""The section `licences` of the mapping file, and the policy that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from desk_sync.adapters.mapping.sources import SourceSection
from desk_sync.adapters.mapping.types import (
    Country,
    Duration,
    Name,
    Text,
    ThresholdText,
    inverted,
)
from desk_sync.adapters.yaml.problems import MappingSection
from desk_sync.domain.account.freshness import FreshnessPolicy, FreshnessRule
from desk_sync.domain.account.licence_policy import AccountScope, CountBy, Exclusion, LicencePolicy, RegionBy, plain


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
    max_data_age: Duration | None = None


def licence_policy(section: LicencesSection, sources: Mapping[str, SourceSection]) -> LicencePolicy:
    return LicencePolicy(
        thresholds=section.thresholds,
        region_of_country=inverted(section.countries),
        region_of_data_center=inverted(section.data_centers),
        region_by=section.region_by,
        fallback_region=section.fallback_region,
        count=section.count,
        per=section.per,
        in_force=frozenset(section.status.in_force),
        unsettled=frozenset(section.status.unsettled),
        ended=frozenset(section.status.ended),
        unpaid_editions=frozenset(section.unpaid_editions),
        counted_units=frozenset(section.units.counted),
        uncounted_units=frozenset(section.units.uncounted),
        user_endings=tuple(sorted(section.units.user_endings)),
        exclusions=tuple(_exclusion(name, each) for name, each in sorted(section.excluded_services.items())),
        services={
            name: plain(named) for named, aliases in section.services.items() for name in (plain(named), *aliases)
        },
        freshness=_freshness(section, sources),
    )


def _freshness(section: LicencesSection, sources: Mapping[str, SourceSection]) -> FreshnessPolicy:
    usual = FreshnessRule(max_age=section.max_age, max_data_age=section.max_data_age)
    own = {
        name: FreshnessRule(max_age=each.max_age or usual.max_age, max_data_age=each.max_data_age or usual.max_data_age)
        for name, each in sources.items()
    }
    return FreshnessPolicy(usual=usual, sources={name: rule for name, rule in own.items() if rule != usual})


def _exclusion(name: str, service: ExcludedService) -> Exclusion:
    return Exclusion(
        name=name,
        names=frozenset((plain(name), *service.aliases)),
        item_word=service.item_word or "",
        item_words=frozenset(service.item_words),
    )
