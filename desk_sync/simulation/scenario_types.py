"""The types of the values in a scenario file: instants, spans, shares, names."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, PlainValidator

from desk_sync.adapters.text import identifiers
from desk_sync.adapters.yaml.problems import closest, mistake, shown
from desk_sync.simulated_desk.error import STATUS
from desk_sync.simulated_desk.portal.quirks import QUIRKS
from desk_sync.simulated_sources.quirks import SOURCE_QUIRKS

_SPAN = r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?"

_YEARS = range(1900, 2200)
"""The years of which a calendar knows the hours."""

ScenarioValue: TypeAlias = str | int | bool | None
"""The value of a field in a scenario."""


def _span(text: object) -> timedelta:
    match = re.fullmatch(_SPAN, text) if isinstance(text, str) and text else None
    if not match:
        raise mistake(f"{shown(text)} is not a length of time such as 30m or 2h30m")
    days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def clock_shift(text: object) -> timedelta:
    """Return the difference between two clocks in a text such as `-1s`. Raises ValueError."""
    if not isinstance(text, str) or text[:1] not in ("+", "-"):
        raise mistake(f"{shown(text)} is not a difference between two clocks such as -1s or +1d")
    return -_span(text[1:]) if text.startswith("-") else _span(text[1:])


def _when(text: object) -> datetime | timedelta:
    if isinstance(text, str) and text.startswith("+"):
        return _span(text[1:])
    with suppress(ValueError, OverflowError):
        instant = datetime.fromisoformat(str(text))
        if instant.tzinfo and instant.year in _YEARS:
            return instant.astimezone(UTC)
    raise mistake(
        f"{shown(text)} is neither an instant such as 2026-11-20T21:30:00Z nor a time since the start: +2h30m"
    )


def _instant(text: object) -> datetime:
    instant = _when(text)
    if isinstance(instant, timedelta):
        raise mistake(f"{shown(text)} is not an instant such as 2026-11-20T21:30:00Z")
    return instant


def _share(value: object) -> float:
    with suppress(ValueError):
        share = float(value) if isinstance(value, str | int) and not isinstance(value, bool) else -1.0
        if 0 <= share <= 1:
            return share
    raise mistake(f"{shown(value)} is not a share from 0 to 1, such as 0.2")


def _email(text: str) -> str:
    if identifiers.email(text) is None:
        raise mistake(f"{shown(text)} is not an e-mail address")
    return text


def _quirk(name: str) -> str:
    if name not in QUIRKS:
        raise mistake(f"there is no quirk {shown(name)}", closest(name, QUIRKS))
    return name


def _source_trouble(name: str) -> str:
    if name != "down" and name not in SOURCE_QUIRKS:
        raise mistake(f"{shown(name)} is neither down nor a quirk of the sources", closest(name, SOURCE_QUIRKS))
    return name


def _source_quirk(name: str) -> str:
    if name not in SOURCE_QUIRKS:
        raise mistake(f"there is no quirk {shown(name)} of the sources", closest(name, SOURCE_QUIRKS))
    return name


def _error_code(code: str) -> str:
    if code not in STATUS:
        raise mistake(f"{shown(code)} is not an error code of Desk", closest(code, STATUS))
    return code


def _day(text: object) -> date:
    with suppress(ValueError):
        return date.fromisoformat(str(text))
    raise mistake(f"{shown(text)} is not a date such as 2027-12-31")


Day = Annotated[date, PlainValidator(_day)]
Span = Annotated[timedelta, PlainValidator(_span)]
Shift = Annotated[timedelta, PlainValidator(clock_shift)]
Instant = Annotated[datetime, PlainValidator(_instant)]
When = Annotated[datetime | timedelta, PlainValidator(_when)]
Share = Annotated[float, PlainValidator(_share)]
Email = Annotated[str, AfterValidator(_email)]
Status = Annotated[int, Field(ge=400, le=599)]
ErrorCode = Annotated[str, AfterValidator(_error_code)]
QuirkName = Annotated[str, AfterValidator(_quirk)]
SourceQuirkName = Annotated[str, AfterValidator(_source_quirk)]
SourceTrouble = Annotated[str, AfterValidator(_source_trouble)]
ThreadState: TypeAlias = Literal["SUCCESS", "PENDING", "DRAFT", "FAILED"]
ChannelName: TypeAlias = Literal["Email", "Phone", "Web", "Chat", "Forums", "Feedback"]
AgentName: TypeAlias = Literal["agent", "colleague", "program"]
ActorName: TypeAlias = Literal["agent", "colleague", "partner", "program"]
