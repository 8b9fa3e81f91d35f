"""Histories and clocks in one line of text, for tests of the clocks.

Times such as 1h30m count from the creation of the ticket: Monday 16 November 2026, 00:00 in Berlin.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from desk_sync.domain.commitment.calendar import WEEKDAYS, BusinessCalendar, HolidayMode, WeeklyHours
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.conversation import ReplyRules, StatusRules
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.promise import (
    CommitmentPolicy,
    CommitmentWindow,
    CountFrom,
    DeterminationRule,
    FirstRound,
    Milestone,
    Promise,
    PromiseScope,
    PromiseTerms,
    ReopenedRule,
    TicketKinds,
    WeekendException,
)
from desk_sync.domain.commitment.read_clocks import ClockBasis, read_clocks
from desk_sync.domain.commitment.regions import RegionBasis, RegionPolicy
from desk_sync.domain.reason import Reason

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 16, tzinfo=BERLIN).astimezone(UTC)
HOUR = timedelta(hours=1)

WEEK = BusinessCalendar(
    tz="Europe/Berlin",
    weekly=dict.fromkeys(WEEKDAYS[:5], (WeeklyHours.of("00:00", "24:00"),)),
    holiday_mode=HolidayMode.CIVIL_DATE,
)


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
    resolution_for=PromiseScope.LARGE_ACCOUNTS,
    update=window(8, 8),
    without_severity=3,
    exempt=TicketKinds(issue_types=frozenset({"feature_request", "limitation"})),
    weekend=WeekendException(issue_types=frozenset({"outage", "login"}), levels=frozenset({1, 2, 3}), inferred=True),
    paused=frozenset(Milestone),
    determination=DeterminationRule.ROUNDS,
    first_round=FirstRound.SECOND_REPLY,
    severity_changed=CountFrom.CREATION,
    found_large_late=CountFrom.CREATION,
    reopened=ReopenedRule.RESUME,
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
    calendar_by=RegionBasis.PARTNER_COUNTRY,
    ladder_by=RegionBasis.PARTNER_COUNTRY,
    calendars={"EUROPE_UK": WEEK, "APAC_JAPAN": replace(WEEK, tz="Asia/Singapore")},
    country_calendars={"JP": replace(WEEK, tz="Asia/Tokyo")},
)
REPLIES = ReplyRules(automation_agents=frozenset(), comments=True, receipt_within=timedelta(seconds=60))
COMMITMENT = CommitmentPolicy(terms=TERMS, regions=REGIONS, replies=REPLIES, statuses=StatusRules(waiting=frozenset()))
LARGE = ClockBasis(large=True, large_since=MONDAY)


def after(text: str) -> timedelta:
    """Return the time of a text: 90m, 1h30m, 2d."""
    units = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
    return timedelta(**{units[unit]: int(figure) for figure, unit in re.findall(r"(\d+)([dhms])", text)})


def under(**terms: Any) -> Promise:
    """Return the promise with these terms changed."""
    return replace(PROMISE, terms=replace(TERMS, **terms))


def events(text: str, created_at: datetime = MONDAY) -> tuple[HistoryEvent, ...]:
    """Return the events of "1h reply, 2h paused, 3h s1": messages, replies, states, severities (s0: none), moves.

    "3h s1 us" is a severity that we set ourselves.
    """
    return tuple(_event(*each.split(), created_at=created_at) for each in text.split(",") if each.strip())


def _event(time: str, name: str, by: str = "", *, created_at: datetime) -> HistoryEvent:
    at = created_at + after(time)
    if name in set(WorkState):
        return HistoryEvent(kind=HistoryEventKind.STAGE, at=at, stage=WorkState(name))
    if level := re.fullmatch(r"s(\d)", name):
        return HistoryEvent(kind=HistoryEventKind.SEVERITY, at=at, level=int(level[1]) or None, by_us=by == "us")
    return HistoryEvent(kind=HistoryEventKind(name), at=at)


def read(
    happened: str,
    now: str,
    promise: Promise = PROMISE,
    basis: ClockBasis | None = None,
    created_at: datetime = MONDAY,
) -> tuple[Clock, ...]:
    history = History(created_at=created_at, events=events(happened, created_at))
    return read_clocks(history, promise, basis or ClockBasis(), created_at + after(now))


def describe(clock: Clock, created_at: datetime = MONDAY) -> str:
    """Return a clock in one line: milestone and cycle, state, start > met, used, target/commitment, paused, at risk.

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
