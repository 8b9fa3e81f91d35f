"""Questions about business time in a file, and their answers: the document of `desk-sync calendar`.

Durations are seconds; instants are ISO 8601 with an offset, in answers UTC. Unknown keys are ignored, so a file of
worked cases with its answers is a valid file of questions.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from desk_sync.adapters.text.json_text import JsonMistake, read_json_text
from desk_sync.adapters.yaml.problems import shown
from desk_sync.domain.commitment.calendar import (
    BusinessCalendar,
    HolidayMode,
    WeeklyHours,
    cadence,
    thresholds,
    time_zone,
)
from desk_sync.errors import InputError, Problem

LONGEST_FILE = 2_000_000
"""Characters; a question has about 500."""


def read(path: str | Path) -> CalendarQuestions:
    """Return the questions of the file. Raises InputError with every mistake."""
    try:
        return CalendarQuestions.model_validate(read_json_text(_content(Path(path))))
    except ValidationError as error:
        problems = [_problem(detail) for detail in error.errors(include_url=False)]
    except JsonMistake as error:
        problems = [Problem(message=str(error), line=error.line, column=error.column)]
    except UnicodeDecodeError:
        problems = [Problem(message="is not UTF-8 text", hint="save it as UTF-8")]
    except OSError as error:
        problems = [Problem(message=f"cannot be read: {error.strerror}")]
    raise InputError(str(path), problems)


def _content(path: Path) -> str:
    """Return the text of the file. Raises JsonMistake if it is too long."""
    with path.open(encoding="utf-8-sig") as file:
        text = file.read(LONGEST_FILE + 1)
    if len(text) > LONGEST_FILE:
        raise JsonMistake(f"the file has more than {LONGEST_FILE:,} characters: divide it", line=1, column=1)
    return text


def answer(questions: CalendarQuestions) -> dict[str, list[dict[str, Any]]]:
    """Return the answers by part, in the order of the questions; a part without questions is an empty list."""
    return {name: [{"id": each.id} | each.answer() for each in part] for name, part in questions}


def _hours(written: object) -> WeeklyHours:
    match written:
        case [str(opens), str(closes)]:
            return WeeklyHours.of(opens, closes)
    raise ValueError(f'{shown(written)} is not a window such as ["09:00", "17:00"]')


def _date(written: object) -> date:
    with suppress(ValueError):
        day = date.fromisoformat(str(written))
        # date.fromisoformat also accepts other spellings, such as 2026-W52-4.
        if day.isoformat() == written:
            return day
    raise ValueError(f"{shown(written)} is not a date such as 2026-12-24")


def _instant(written: object) -> datetime:
    with suppress(ValueError, OverflowError):
        instant = datetime.fromisoformat(str(written))
        if instant.tzinfo:
            return instant.astimezone(UTC)
    raise ValueError(f"{shown(written)} is not an instant such as 2026-12-24T12:00:00Z")


def _zone(name: str) -> str:
    time_zone(name)
    return name


def _in_order(pause: tuple[datetime, datetime | None]) -> tuple[datetime, datetime | None]:
    if pause[1] is not None and pause[1] < pause[0]:
        raise ValueError("ends before it begins")
    return pause


def _count(written: object) -> object:
    return len(written) if isinstance(written, list) else written


def _keys(written: object) -> object:
    return list(written) if isinstance(written, dict) else written


_Hours = Annotated[WeeklyHours, PlainValidator(_hours)]
_Date = Annotated[date, PlainValidator(_date)]
_Instant = Annotated[datetime, PlainValidator(_instant)]
_Pause = Annotated[tuple[_Instant, _Instant | None], AfterValidator(_in_order)]
# 10**10 seconds are three centuries; multiplied by 5000, the limit below, they still fit a timedelta.
_Seconds = Annotated[float, Field(ge=0, le=10**10)]
_Count = Annotated[int, BeforeValidator(_count), Field(ge=0, le=5000)]
_Percents = Annotated[list[Annotated[Decimal, Field(ge=0, le=5000)]], BeforeValidator(_keys), Field(max_length=100)]
_Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class CalendarQuestion(BaseModel):
    """A calendar in the form of the file."""

    tz: Annotated[str, AfterValidator(_zone)]
    weekly: dict[_Weekday, tuple[_Hours, ...]]
    holidays: frozenset[_Date] = frozenset()
    holiday_mode: HolidayMode = HolidayMode.CIVIL_DATE
    overrides: dict[_Date, tuple[_Hours, ...]] = {}

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        self.build()
        return self

    def build(self) -> BusinessCalendar:
        """Return the calendar as a domain value."""
        return BusinessCalendar(**dict(self))


class BaseQuestion(BaseModel):
    """The keys that every question has; its answer is listed with the same id."""

    id: str | int
    calendar: CalendarQuestion
    start: _Instant

    @abstractmethod
    def answer(self) -> dict[str, Any]: ...


class DueQuestion(BaseQuestion):
    duration_s: _Seconds
    pauses: list[_Pause] = []

    def answer(self) -> dict[str, Any]:
        due = self.calendar.build().due(self.start, timedelta(seconds=self.duration_s), self.pauses)
        return {"due": _written(due)}


class ElapsedQuestion(BaseQuestion):
    end: _Instant
    pauses: list[_Pause] = []

    def answer(self) -> dict[str, Any]:
        seconds = self.calendar.build().elapsed(self.start, self.end, self.pauses).total_seconds()
        return {"elapsed_s": int(seconds) if seconds.is_integer() else seconds}


class CadenceQuestion(BaseQuestion):
    every_s: _Seconds
    count: _Count = Field(validation_alias=AliasChoices("count", "due"))

    def answer(self) -> dict[str, Any]:
        rounds = cadence(self.calendar.build(), self.start, timedelta(seconds=self.every_s), self.count)
        return {"due": [_written(due) for due in rounds]}


class ThresholdsQuestion(BaseQuestion):
    duration_s: _Seconds
    percents: _Percents = Field(validation_alias=AliasChoices("percents", "at_percent"))

    def answer(self) -> dict[str, Any]:
        found = thresholds(self.calendar.build(), self.start, timedelta(seconds=self.duration_s), self.percents)
        return {"at_percent": {str(percent): _written(due) for percent, due in found.items()}}


class CalendarQuestions(BaseModel):
    """A file of questions; each part may be absent."""

    cases: list[DueQuestion] = []
    elapsed: list[ElapsedQuestion] = []
    cadence: list[CadenceQuestion] = []
    thresholds: list[ThresholdsQuestion] = []


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


def _problem(detail: ErrorDetails) -> Problem:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in detail["loc"] if step != "[key]"]
    return Problem(where="".join(steps).removeprefix("."), message=_message(detail))


def _message(detail: ErrorDetails) -> str:
    own = detail.get("ctx", {}).get("error")
    if own:
        return str(own)
    return "is missing" if detail["type"] == "missing" else f"{detail['msg'].lower()}, not {shown(detail['input'])}"
