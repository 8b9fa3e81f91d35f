"""The value types of the mapping file, each with the message for a wrong value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator
from pydantic import WithJsonSchema as Schema

from desk_sync.adapters.text.countries import COUNTRIES, MISTAKEN_CODES
from desk_sync.adapters.yaml.problems import mistake, shown
from desk_sync.adapters.zoho.hosts import DATA_CENTERS, allowed
from desk_sync.domain.account.licence_policy import Threshold, plain
from desk_sync.errors import ConfigurationError
from desk_sync.ports.portal import PLAIN_NAME

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
        raise mistake(f"{code} is not an ISO 3166-1 alpha-2 country code", meant)
    return code


def _threshold(text: object) -> Threshold:
    match = re.fullmatch(r"(>=?) *([1-9][0-9]*)", text) if isinstance(text, str) else None
    if not match:
        raise mistake(f'{shown(text)} is not a threshold such as ">= 60" or "> 60"')
    return Threshold(figure=int(match[2]), inclusive=match[1] == ">=")


def duration(text: object) -> timedelta:
    """Return the amount of time of a text such as 36h."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", text) if isinstance(text, str) else None
    if not match:
        raise mistake(f"{shown(text)} is not a duration such as 7d, 36h or 90m")
    return timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[match[2]]: int(match[1])})


def _date(written: object) -> date:
    with suppress(ValueError):
        day = date.fromisoformat(str(written))
        # date.fromisoformat also accepts other spellings, such as 2026-W52-4.
        if day.isoformat() == written:
            return day
    raise mistake(f"{shown(written)} is not a date such as 2026-12-24")


def _plain_word(name: str) -> str:
    if not PLAIN_NAME.fullmatch(name):
        raise mistake(f"{shown(name)} is not a plain name: use lower-case letters, digits, _ and -")
    return name


def _data_center(name: str) -> str:
    if name not in DATA_CENTERS:
        raise mistake(f"{shown(name)} is not one of Zoho's data centres: {', '.join(DATA_CENTERS)}")
    return name


def _host(url: str) -> str:
    try:
        return allowed(url)
    except ConfigurationError as error:
        raise mistake(str(error)) from None


def inverted(lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the mapping from each member to its key."""
    return {member: key for key, members in lists.items() for member in members}


def _plain_name(text: str) -> str:
    name = plain(text)
    if not name:
        raise mistake(f"{shown(text)} contains no letter or digit")
    return name


Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1), AfterValidator(_plain_name)]
ApiName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Id = Annotated[
    str,
    BeforeValidator(lambda written: str(written) if type(written) is int else written),
    Field(pattern="^[0-9]+$"),
    Schema({"type": ["string", "integer"], "pattern": "^[0-9]+$"}),
]
Country = Annotated[str, AfterValidator(_country), Schema({"enum": sorted(COUNTRIES)})]
ThresholdText = Annotated[
    Threshold, PlainValidator(_threshold), Schema({"type": "string", "pattern": "^>=? *[1-9][0-9]*$"})
]
Duration = Annotated[
    timedelta, PlainValidator(duration), Schema({"type": "string", "pattern": "^[1-9][0-9]{0,4}[dhm]$"})
]
Date = Annotated[date, PlainValidator(_date), Schema({"type": "string", "format": "date"})]
PlainWord = Annotated[
    str, AfterValidator(_plain_word), Schema({"type": "string", "pattern": f"^{PLAIN_NAME.pattern}$"})
]
DataCenter = Annotated[str, AfterValidator(_data_center), Schema({"enum": sorted(DATA_CENTERS)})]
Host = Annotated[str, AfterValidator(_host)]
Level: TypeAlias = Literal[1, 2, 3]


def _share(text: object) -> float:
    match = re.fullmatch(r"([0-9]|[1-9][0-9]|100)%", text) if isinstance(text, str) else None
    if not match:
        raise mistake(f"{shown(text)} is not a share such as 20%")
    return int(match[1]) / 100


Share = Annotated[float, PlainValidator(_share), Schema({"type": "string", "pattern": "^([0-9]|[1-9][0-9]|100)%$"})]
