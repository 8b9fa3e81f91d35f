"""Whether the product is well. A probe says what it found, or raises what is wrong, with a hint for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from desk_sync.errors import DeskSyncError, TemporaryError, where
from desk_sync.ports.hours import StoredHours
from desk_sync.ports.metrics import HeartbeatStore, MetricsStore
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import PullStore, SubscriptionStore

Probe: TypeAlias = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """What became of one probe. `reached` is False where it is not known, because somebody did not answer."""

    name: str
    ok: bool
    what: str
    hint: str | None = None
    reached: bool = True


def check(name: str, probe: Probe) -> HealthCheck:
    """Run one probe; never raises, whatever the probe does."""
    try:
        return HealthCheck(name=name, ok=True, what=probe())
    except DeskSyncError as error:
        reached = not isinstance(error, TemporaryError)
        return HealthCheck(name=name, ok=False, what=str(error), hint=error.hint, reached=reached)
    except Exception as error:  # noqa: BLE001 - the other checks must be made, and its message may quote a secret
        return HealthCheck(name=name, ok=False, what=f"{type(error).__name__} in {where(error)}")


def check_all(probes: Mapping[str, Probe]) -> list[HealthCheck]:
    """Run every probe, in order."""
    return [check(name, probe) for name, probe in probes.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthLimits:
    """How old or far off something may be before it is wrong. Beat rings for a heartbeat every 30 seconds."""

    heartbeat: timedelta = timedelta(seconds=100)
    work: timedelta = timedelta(minutes=5)
    clock: timedelta = timedelta(seconds=2)
    alarm: timedelta = timedelta(days=1)
    hours: timedelta = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The probes that judge what the store says, over all portals."""

    figures: Iterable[MetricsStore]
    heartbeats: HeartbeatStore
    subscriptions: SubscriptionStore
    pulls: PullStore
    now: Now
    limits: HealthLimits = HealthLimits()

    def heartbeat(self) -> str:
        """When broker and worker last carried a task to the database. Either way round: a clock may be wrong."""
        last = self.heartbeats.last()
        hint = "start `desk-sync worker` and `desk-sync beat`, and look at Redis"
        if last is None:
            raise DeskSyncError("no worker has ever left a sign of life", hint=hint)
        age = self.now() - last
        if abs(age) > self.limits.heartbeat:
            raise DeskSyncError(f"the last sign of life of a worker is {_span(age)} old", hint=hint)
        return f"{_span(age)} ago"

    def work(self) -> str:
        """The age of the oldest work that is owed and undone."""
        now = self.now()
        backlogs = [figures.backlog(now) for figures in self.figures]
        if stranded := sum(backlog.stranded for backlog in backlogs):
            raise DeskSyncError(f"{stranded} events wait for a look that is not due", hint="this is a fault: report it")
        age = age_of_oldest((backlog.oldest_at for backlog in backlogs), now)
        owed = sum(backlog.due + backlog.put_off + backlog.leased for backlog in backlogs)
        said = f"{owed} tickets to look at, the oldest for {_span(age)}"
        if age > self.limits.work:
            raise DeskSyncError(said, hint="`look.postponed` in the worker's log says what holds it up")
        return said if owed else "nothing is owed"

    def steps(self) -> str:
        """The age of the oldest step of an escalation, or change of a clock, that is due and undone."""
        now = self.now()
        age = age_of_oldest((figures.backlog(now).step_at for figures in self.figures), now)
        if age > self.limits.work:
            hint = "`desk-sync parked list` says which tickets wait for a person; their clocks and escalations do, too"
            raise DeskSyncError(f"the oldest is due for {_span(age)}", hint=hint)
        return f"the oldest is due for {_span(age)}" if age else "none is due"

    def deliveries(self) -> str:
        """Whether Desk tells us of what changes; what it did not, a sweep has found."""
        now = self.now()
        told = [figures.deliveries() for figures in self.figures]
        missed, changes = sum(each.missed for each in told), sum(each.changes for each in told)
        said = f"{missed} of {changes} changes came without a delivery"
        alarms = [each.alarmed_at for each in told if each.alarmed_at]
        if alarms and now - max(alarms) < self.limits.alarm:
            hint = "is our webhook in Desk still enabled, and is it answered?"
            raise DeskSyncError(f"{said}, too many of them at {max(alarms):%F %T}Z", hint=hint)
        return said

    def notices(self) -> str:
        """Whether somebody could be told whenever people had to be."""
        since = self.now() - self.limits.alarm
        if unheard := sum(figures.unheard(since) for figures in self.figures):
            said = f"of {unheard} things nobody could be told within {_span(self.limits.alarm)}: every channel refused"
            raise DeskSyncError(said, hint="`desk-sync notify test ROLE` tries the addresses of a role")
        waiting = sum(figures.backlog(self.now()).notices for figures in self.figures)
        return f"{waiting} waiting" if waiting else "nothing waits"

    def parked(self) -> str:
        """Whether tickets wait for a person."""
        now = self.now()
        if parked := sum(figures.backlog(now).parked for figures in self.figures):
            hint = "`desk-sync parked list` says why; then `parked retry` or `parked drop`"
            raise DeskSyncError(f"{parked} tickets are parked", hint=hint)
        return "none"

    def subscription_data(self, max_age: timedelta) -> str:
        """How old each source's data are; data older than `max_age` count as unknown (L8)."""
        hint = "`desk-sync subscriptions status`; or `subscriptions import FILE` with a new export"
        ages = {snapshot.source: self.now() - snapshot.imported_at for snapshot in self.subscriptions.current()}
        if not ages:
            raise DeskSyncError("there are no subscription data", hint=hint)
        told = ", ".join(f"{source} imported {_span(age)} ago" for source, age in ages.items())
        if any(age > max_age for age in ages.values()):
            raise DeskSyncError(f"{told}; relied on for {_span(max_age)}", hint=hint)
        return told

    def sources(self, names: Iterable[str]) -> str:
        """Whether the last pull of each source was taken."""
        states = self.pulls.states()
        pulled = {name: states[name] for name in names if name in states}
        failing = {name: state for name, state in pulled.items() if state.failing_since}
        if failing:
            told = (f"{name} since {state.failing_since:%F %T}Z: {state.error}" for name, state in failing.items())
            raise DeskSyncError("; ".join(told), hint="the last good data stay in use until they are too old")
        return f"{len(pulled)} pulled, none refused"

    def calendars(self, told: Mapping[str, StoredHours | None]) -> str:
        """Since when each calendar is as it is that Desk described, by portal and name, and when that was confirmed."""
        now = self.now()
        said = "; ".join(f"{name} {_described(kept, now)}" for name, kept in told.items())
        if any(_doubtful(kept, now - self.limits.hours) for kept in told.values()):
            hint = "the last good calendar stays in force; a ticket that needs one where there is none waits"
            raise DeskSyncError(said, hint=hint)
        return said or "all are the mapping's own"

    def clock(self, read: Callable[[], datetime | None]) -> str:
        """How far this host's clock is from the database's, which `read` asks for; None where they are one."""
        before = self.now()
        theirs = read()
        if theirs is None:
            return "the database is a file of this host"
        off = abs(theirs - (before + (self.now() - before) / 2))
        if off > self.limits.clock:
            raise DeskSyncError(f"{_span(off)} off the database's", hint="keep the clocks of both hosts by NTP")
        return f"{off.total_seconds():.1f} s off the database's"


def age_of_oldest(since: Iterable[datetime | None], now: datetime) -> timedelta:
    """How long the oldest is owed; zero where nothing is, also by a clock that was put back."""
    return max(now - min(filter(None, since), default=now), timedelta(0))


def _doubtful(kept: StoredHours | None, oldest_good: datetime) -> bool:
    return kept is None or kept.problem is not None or kept.read_at is None or kept.read_at < oldest_good


def _described(kept: StoredHours | None, now: datetime) -> str:
    if kept is None:
        return "was never asked for"
    good = kept.read_at and f"is Desk's as of {kept.since:%F %H:%M}Z, read {_span(now - kept.read_at)} ago"
    return f"{good or 'was never read'}{f': {kept.problem}' if kept.problem else ''}"


def _span(span: timedelta) -> str:
    """To the second; days apart. Negative spans keep their sign."""
    seconds = round(span.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    return f"{sign}{timedelta(seconds=seconds)}"
