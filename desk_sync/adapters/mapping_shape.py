"""The shape of the mapping file, section by section, as `mappings/README.md` explains it.

Values are checked one by one here; what only two of them together can show is in `mapping_checks.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic import WithJsonSchema as Schema
from pydantic_core import PydanticCustomError

from desk_sync.adapters.countries import COUNTRIES, MISTAKEN_CODES
from desk_sync.adapters.desk.hosts import DATA_CENTERS, allowed
from desk_sync.domain.identity import STRATEGIES, Kind
from desk_sync.domain.policy import Count, EmailFill, Mode, Per, RegionBy, Threshold, plain
from desk_sync.errors import ConfigurationError

IssueType: TypeAlias = Literal["outage", "login", "defect", "howto", "feature_request", "limitation", "security"]
RequestType: TypeAlias = Literal[
    "TECHNICAL_SUPPORT",
    "PAYMENTS_RENEWAL",
    "TRIAL_EXTENSION",
    "STORE_RELATED",
    "UPGRADES",
    "INVOICE_CHANGES",
    "COMMISSION_PAYMENT",
    "PRODUCT_MANAGEMENT_RELATED",
    "SALES_DISCUSSIONS",
]


def _country(code: str) -> str:
    if code not in COUNTRIES:
        meant = MISTAKEN_CODES.get(code) or (code.upper() if code.upper() in COUNTRIES else None)
        raise _mistake(f"{code} is not an ISO 3166-1 alpha-2 country code", meant)
    return code


def _threshold(text: object) -> Threshold:
    match = re.fullmatch(r"(>=?) *([1-9][0-9]*)", text) if isinstance(text, str) else None
    if not match:
        raise _mistake(f'{shown(text)} is not a threshold such as ">= 60" or "> 60"')
    return Threshold(figure=int(match[2]), inclusive=match[1] == ">=")


def _duration(text: object) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", text) if isinstance(text, str) else None
    if not match:
        raise _mistake(f"{shown(text)} is not a duration such as 7d, 36h or 90m")
    return timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[match[2]]: int(match[1])})


def _portal_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise _mistake(f"{shown(name)} is no name of a portal: small letters, digits, _ and - make one")
    return name


def _data_center(name: str) -> str:
    if name not in DATA_CENTERS:
        raise _mistake(f"{shown(name)} is none of Zoho's data centres: {', '.join(DATA_CENTERS)}")
    return name


def _host(url: str) -> str:
    try:
        return allowed(url)
    except ConfigurationError as error:
        raise _mistake(str(error)) from None


def _each_once(kinds: list[Kind]) -> list[Kind]:
    if twice := [kind for kind in STRATEGIES if kinds.count(kind) > 1]:
        raise _mistake(f"{twice[0]} stands there twice")
    return kinds


def shown(value: object) -> str:
    """A value as a message names it."""
    return f'"{value}"' if isinstance(value, str) else _SHOWN.get(type(value), str(value).lower())


_SHOWN: Mapping[type, str] = {type(None): "nothing", dict: "keys with values", list: "a list"}


def _plain_name(text: str) -> str:
    name = plain(text)
    if not name:
        raise _mistake(f"{shown(text)} holds no letter or digit")
    return name


def _mistake(message: str, meant: str | None = None) -> PydanticCustomError:
    # Braces in a message would be read as placeholders.
    return PydanticCustomError("mistake", "{message}", {"message": message, "meant": meant})


_Text = Annotated[str, Field(min_length=1)]
_Name = Annotated[str, Field(min_length=1), AfterValidator(_plain_name)]
_ApiName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
_Id = Annotated[
    str,
    BeforeValidator(lambda written: str(written) if type(written) is int else written),
    Field(pattern="^[0-9]+$"),
    Schema({"type": ["string", "integer"], "pattern": "^[0-9]+$"}),
]
_Country = Annotated[str, AfterValidator(_country), Schema({"enum": sorted(COUNTRIES)})]
_Threshold = Annotated[
    Threshold, PlainValidator(_threshold), Schema({"type": "string", "pattern": "^>=? *[1-9][0-9]*$"})
]
_Duration = Annotated[
    timedelta, PlainValidator(_duration), Schema({"type": "string", "pattern": "^[1-9][0-9]{0,4}[dhm]$"})
]
_PortalName = Annotated[str, AfterValidator(_portal_name), Schema({"type": "string", "pattern": "^[a-z0-9_-]+$"})]
_DataCenter = Annotated[str, AfterValidator(_data_center), Schema({"enum": sorted(DATA_CENTERS)})]
_Host = Annotated[str, AfterValidator(_host)]
_Level: TypeAlias = Literal[1, 2, 3]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Fields(Section):
    customer_primary_email: _ApiName
    large_user: _ApiName
    severity: _ApiName
    request_type: _ApiName | None = None
    issue_type: _ApiName | None = None
    product: _ApiName | None = None
    service_org_id: _ApiName | None = None


class Values(Section):
    severity: Annotated[dict[_Level, _Text], Field(min_length=1)]
    issue_type: dict[_Text, IssueType] = {}
    request_type: dict[RequestType, list[_Text]] = {}


class Status(Section):
    in_force: list[_Name]
    unsettled: list[_Name] = []
    ended: list[_Name]


class Units(Section):
    counted: list[_Name]
    uncounted: list[_Name]
    user_endings: list[_Name] = []


class ExcludedService(Section):
    aliases: list[_Name] = []
    item_word: _Name | None = None
    item_words: list[_Name] = []


class Licences(Section):
    thresholds: Annotated[dict[_Text, _Threshold], Field(min_length=1)]
    region_by: Annotated[RegionBy, Field(strict=False)] = RegionBy.CUSTOMER_COUNTRY
    fallback_region: _Text | None = None
    countries: dict[_Text, list[_Country]]
    data_centers: dict[_Text, list[_Text]] = {}
    count: Annotated[Count, Field(strict=False)] = Count.SUM
    per: Annotated[Per, Field(strict=False)] = Per.SUPER_ADMIN
    status: Status
    unpaid_editions: list[_Name]
    units: Units
    excluded_services: dict[_Text, ExcludedService]
    services: dict[_Text, list[_Name]]
    max_age: _Duration


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
    automation_agents: list[_Id] = []
    write_limit: Annotated[int, Field(ge=1)] = 10
    mode: _Mode = Mode.WRITE
    departments: dict[_Id, _Mode] = {}


class Portal(Section):
    data_center: _DataCenter
    org_id: _Id
    webhook_id: _Id
    desk_url: _Host | None = None
    accounts_url: _Host | None = None


def _share(text: object) -> float:
    match = re.fullmatch(r"([0-9]|[1-9][0-9]|100)%", text) if isinstance(text, str) else None
    if not match:
        raise _mistake(f"{shown(text)} is not a share such as 20%")
    return int(match[1]) / 100


_Share = Annotated[float, PlainValidator(_share), Schema({"type": "string", "pattern": "^([0-9]|[1-9][0-9]|100)%$"})]


class SourceKind(StrEnum):
    """Where subscription data come from."""

    FILE = "file"
    BILLING = "billing"
    PARTNER_STORE = "partner_store"
    SQL = "sql"


class Source(Section):
    """A source that is pulled. `path` belongs to a file, `table` to SQL; the other optional ones to Zoho's APIs."""

    kind: Annotated[SourceKind, Field(strict=False)]
    every: _Duration
    max_shrink: _Share = 0.2
    path: _Text | None = None
    table: _Text | None = None
    data_center: _DataCenter | None = None
    org_id: _Id | None = None
    per_minute: Annotated[int, Field(ge=1)] = 60
    url: _Host | None = None
    accounts_url: _Host | None = None


class MappingFile(Section):
    version: Literal[1]
    portals: Annotated[dict[_PortalName, Portal], Field(min_length=1)] | None = None
    desk_fields: Fields = Field(alias="fields")
    values: Values
    sources: dict[_PortalName, Source] = {}
    licences: Licences
    identity: Identity = Identity()
    tickets: Tickets = Tickets()
