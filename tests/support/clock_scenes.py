"""Tickets told in one line, for tests of the clocks: Monday 16 November 2026 00:00 in Berlin is the origin of offsets.

`said("reply", "1h30m")` is an act so long after the creation.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from desk_sync.domain.commitment.calendar import WEEKDAYS, BusinessCalendar, WeeklyHours
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.promise import (
    CommitmentWindow,
    Milestone,
    Promise,
    PromiseTerms,
    TicketKinds,
    WeekendException,
)
from desk_sync.domain.commitment.read_clocks import ClockBasis, read_clocks
from desk_sync.domain.commitment.regions import RegionPolicy
from desk_sync.domain.reason import Reason

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 16, tzinfo=BERLIN).astimezone(UTC)
HOUR = timedelta(hours=1)

WEEK = BusinessCalendar(tz="Europe/Berlin", weekly=dict.fromkeys(WEEKDAYS[:5], (WeeklyHours.of("00:00", "24:00"),)))


def window(target: float, commitment: float) -> CommitmentWindow:
    return CommitmentWindow(target=target * HOUR, commitment=commitment * HOUR)


ACK, DET, RES, UPD = Milestone
TERMS = PromiseTerms(
    windows={
        1: {ACK: window(1, 3), DET: window(2, 8)},
        2: {ACK: window(6, 12), DET: window(24, 48)},
        3: {ACK: window(16, 24), DET: window(48, 72)},
    },
    resolution=window(24, 48),
    update=window(8, 8),
    exempt=TicketKinds(issue_types=frozenset({"feature_request", "limitation"})),
    weekend=WeekendException(issue_types=frozenset({"outage", "login"}), levels=frozenset({1, 2, 3})),
)
PROMISE = Promise(
    mapping_version="m1",
    region="EUROPE_UK",
    calendar=WEEK,
    terms=TERMS,
    located=Reason("C17", "partner country DE: EUROPE_UK"),
)
REGIONS = RegionPolicy(
    of_country={"DE": "EUROPE_UK", "FR": "EUROPE_UK", "JP": "APAC_JAPAN"},
    of_data_center={"EU": "EUROPE_UK", "JP": "APAC_JAPAN"},
    fallback="EUROPE_UK",
    calendars={"EUROPE_UK": WEEK, "APAC_JAPAN": replace(WEEK, tz="Asia/Singapore")},
    country_calendars={"JP": replace(WEEK, tz="Asia/Tokyo")},
)
LARGE = ClockBasis(large=True, large_since=MONDAY)


def after(text: str) -> timedelta:
    """A time since the creation: 90m, 1h30m, 2d."""
    units = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
    return timedelta(**{units[unit]: int(figure) for figure, unit in re.findall(r"(\d+)([dhms])", text)})


def under(**terms: Any) -> Promise:
    """The promise under other terms."""
    return replace(PROMISE, terms=replace(TERMS, **terms))


def acts(told: str, created_at: datetime = MONDAY) -> tuple[HistoryEvent, ...]:
    """What happened, as "1h reply, 2h paused, 3h s1": a message, a reply, a stage, a severity (s0: none) or a move."""
    return tuple(_act(*each.split(), created_at=created_at) for each in told.split(",") if each.strip())


def _act(when: str, what: str, *, created_at: datetime) -> HistoryEvent:
    at = created_at + after(when)
    if what in set(WorkState):
        return HistoryEvent(kind=HistoryEventKind.STAGE, at=at, stage=WorkState(what))
    if level := re.fullmatch(r"s(\d)", what):
        return HistoryEvent(kind=HistoryEventKind.SEVERITY, at=at, level=int(level[1]) or None)
    return HistoryEvent(kind=HistoryEventKind(what), at=at)


def read(
    told: str,
    now: str,
    promise: Promise = PROMISE,
    circumstances: ClockBasis | None = None,
    created_at: datetime = MONDAY,
) -> tuple[Clock, ...]:
    history = History(created_at=created_at, acts=acts(told, created_at))
    return read_clocks(history, promise, circumstances or ClockBasis(), created_at + after(now))


def told(clock: Clock, created_at: datetime = MONDAY) -> str:
    """A clock in one line: milestone and round, state, from > to, time used, target/commitment, time paused, at risk.

    Instants are times since the creation.
    """
    name = clock.milestone[0].upper() + (str(clock.round) if clock.round > 1 else "")
    since = {at: _written(at - created_at) if at else "" for at in (clock.started_at, clock.met_at)}
    dues = "/".join(_written(at - created_at) if at else "-" for at in (clock.target_at, clock.due_at))
    ends = f" paused {_written(clock.paused)}" if clock.paused else ""
    risk = " at risk" if clock.at_risk else ""
    used = _written(clock.used)
    return f"{name} {clock.state} {since[clock.started_at]}>{since[clock.met_at]} used {used} due {dues}{ends}{risk}"


def _written(amount: timedelta) -> str:
    hours, minutes = divmod(amount // timedelta(minutes=1), 60)
    return f"{hours}h{minutes}m" if hours and minutes else f"{minutes}m" if minutes else f"{hours}h"
