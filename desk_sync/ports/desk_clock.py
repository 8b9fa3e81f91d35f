"""Desk's clock, by the dates of its answers, and how far the host's is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from desk_sync.domain.desk_clock import SAME_CLOCK, ClockOffset


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredOffset:
    """The offset by Desk's last answer, which arrived at `measured_at`, by the host's clock."""

    offset: ClockOffset
    measured_at: datetime


class DeskClockStore(Protocol):
    """The offset of one portal, which all processes share."""

    def read(self) -> MeasuredOffset | None:
        """Return the stored offset; None before the first answer."""
        ...

    def save(self, measured: MeasuredOffset) -> None:
        """Replace the offset."""
        ...


class DeskTime(Protocol):
    """The relation of the host's clock to Desk's."""

    @property
    def offset(self) -> ClockOffset:
        """How far the host's clock is behind Desk's now."""
        ...


class AnswerClock(Protocol):
    """Takes the dates of Desk's answers."""

    def steady(self) -> timedelta:
        """Return the reading of a clock that nobody sets."""
        ...

    def record(self, date: datetime, *, sent: timedelta) -> None:
        """Record the date of an answer that has just arrived; its request was sent at a reading of the steady clock."""
        ...


class OneClock:
    """The ports `DeskTime` and `AnswerClock` where the host's clock is Desk's."""

    @property
    def offset(self) -> ClockOffset:
        return SAME_CLOCK

    def steady(self) -> timedelta:
        return timedelta(0)

    def record(self, date: datetime, *, sent: timedelta) -> None:
        """Do nothing."""


ONE_CLOCK = OneClock()
