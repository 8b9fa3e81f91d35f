"""The sections of the mapping file about the writing partner: `partners` and `mailboxes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic import WithJsonSchema as Schema

from desk_sync.adapters.desk.vocabulary import AccountFields
from desk_sync.adapters.mapping.types import ApiName, DataCenter, Duration, Text
from desk_sync.adapters.text import identifiers
from desk_sync.adapters.yaml.problems import MappingSection, mistake, shown
from desk_sync.domain.account.partner import PartnerOrigin, PartnerPolicy, TaggedElsewhere


def _each_once(origins: list[PartnerOrigin]) -> list[PartnerOrigin]:
    if twice := [origin for origin in PartnerOrigin if origins.count(origin) > 1]:
        raise mistake(f"{twice[0]} is listed twice")
    return origins


def _address(written: str) -> str:
    normal = identifiers.email(written)
    if normal is None:
        raise mistake(f"{shown(written)} is not an e-mail address")
    return normal


Address = Annotated[str, AfterValidator(_address), Schema({"type": "string", "format": "email"})]


class DeskAccount(MappingSection):
    country: ApiName | None = "country"
    state: ApiName | None = "state"
    tier: ApiName | None = None
    domains: list[ApiName] = ["website"]
    contract_until: ApiName | None = None


class PartnersSection(MappingSection):
    order: Annotated[
        list[Annotated[PartnerOrigin, Field(strict=False)]],
        Field(min_length=1, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ] = list(PartnerOrigin)
    account_fields: DeskAccount = DeskAccount()
    contracts: bool = False
    max_age: Duration | None = None
    file: Text | None = None
    tagged_elsewhere: Annotated[TaggedElsewhere, Field(strict=False)] = TaggedElsewhere.REVIEW


_MAX_AGE = timedelta(days=1)
Mailboxes = dict[Address, Annotated[list[DataCenter], Field(min_length=1)]]


def account_fields(section: PartnersSection) -> AccountFields:
    """Return the API names of the fields of a partner's account in Desk."""
    named = section.account_fields
    return AccountFields(
        country=named.country,
        state=named.state,
        tier=named.tier,
        domains=tuple(named.domains),
        contract_until=named.contract_until,
        contracts=section.contracts,
    )


def partner_policy(section: PartnersSection, mailboxes: Mapping[str, Sequence[str]]) -> PartnerPolicy:
    """Return the policy, with data centres in capitals, as in subscription data."""
    return PartnerPolicy(
        order=tuple(section.order),
        max_age=section.max_age or _MAX_AGE,
        tagged_elsewhere=section.tagged_elsewhere,
        mailboxes={address: frozenset(each.upper() for each in centers) for address, centers in mailboxes.items()},
    )
