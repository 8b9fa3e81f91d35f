"""The health of the product. A probe returns a description of what it found, or raises an error with a hint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from desk_sync.errors import DeliveryFault, DeskSyncError, TemporaryError, describe
from desk_sync.ports.desk_clock import MeasuredOffset
from desk_sync.ports.held_back import HeldBackField
from desk_sync.ports.hours import StoredHours
from desk_sync.ports.metrics import DatabaseSize, HeartbeatStore, MetricsStore
from desk_sync.ports.now import Now
from desk_sync.ports.sweeps import SweepKind, SweepRound
from desk_sync.services.sweep import FAILURES_ALARMED
from desk_sync.services.watch import installations
from desk_sync.services.watch.inflow import WEBHOOK_HINT, InflowWatch, listed
from desk_sync.services.watch.installations import InstallationWatch
from desk_sync.services.watch.sources import SourceWatch

Probe: TypeAlias = Callable[[], str]

SYNCHRONISE = "synchronise this host's clock by NTP"
WITHOUT_WEBHOOKS = frozenset({"free", "express", "standard"})
"""The editions of Desk that send no deliveries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """The outcome of one probe. `reached` is False if the result is unknown because a service did not answer."""

    name: str
    ok: bool
    what: str
    hint: str | None = None
    reached: bool = True


def check(name: str, probe: Probe) -> HealthCheck:
    """Run one probe. An error of any kind becomes part of the outcome and is not raised."""
    try:
        return HealthCheck(name=name, ok=True, what=probe())
    except DeskSyncError as error:
        reached = not isinstance(error, TemporaryError)
        return HealthCheck(name=name, ok=False, what=str(error), hint=error.hint, reached=reached)
    except Exception as error:  # noqa: BLE001 - the other checks must still run; its message may quote a secret
        return HealthCheck(name=name, ok=False, what=describe(error))


def check_all(probes: Mapping[str, Probe]) -> list[HealthCheck]:
    """Run every probe, in order."""
    return [check(name, probe) for name, probe in probes.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthLimits:
    """The limits beyond which a probe fails. Beat starts a heartbeat every 30 seconds."""

    heartbeat: timedelta = timedelta(seconds=100)
    work: timedelta = timedelta(minutes=5)
    clock: timedelta = timedelta(seconds=2)
    alarm: timedelta = timedelta(days=1)
    hours: timedelta = timedelta(days=2)
    retention: timedelta = timedelta(days=2)
    overdue: timedelta = timedelta(hours=1)
    sweeps: Mapping[SweepKind, timedelta] = field(
        default_factory=lambda: {
            SweepKind.RECENT: timedelta(minutes=15),
            SweepKind.REPLIES: timedelta(hours=1),
            SweepKind.FULL: timedelta(days=2),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The probes that judge data of the store, over all portals."""

    metrics: Iterable[MetricsStore]
    heartbeats: HeartbeatStore
    sources: SourceWatch
    now: Now
    limits: HealthLimits = HealthLimits()
    inflow: Sequence[InflowWatch] = ()
    installations: Sequence[InstallationWatch] = ()

    def heartbeat(self) -> str:
        """Return the age of the last task that went through broker, worker and database.

        A heartbeat too far in the future fails as well: one of the clocks is wrong.
        """
        last = self.heartbeats.last()
        hint = "check that `desk-sync worker`, `desk-sync beat` and Redis are running"
        if last is None:
            raise DeskSyncError("no worker has ever recorded a heartbeat", hint=hint)
        age = self.now() - last
        if abs(age) > self.limits.heartbeat:
            raise DeskSyncError(f"the last heartbeat of a worker is {_span(age)} old", hint=hint)
        return f"{_span(age)} ago"

    def work(self) -> str:
        """Return the number of tickets due for a look and the age of the oldest."""
        now = self.now()
        backlogs = [metrics.backlog(now) for metrics in self.metrics]
        if stranded := sum(backlog.stranded for backlog in backlogs):
            raise DeskSyncError(
                f"{stranded} events wait for a look that is not due", hint="a fault of desk-sync: report it"
            )
        age = age_of_oldest((backlog.oldest_at for backlog in backlogs), now)
        due = sum(backlog.due + backlog.put_off + backlog.leased for backlog in backlogs)
        found = f"{due} tickets to look at, the oldest due for {_span(age)}"
        if age > self.limits.work:
            raise DeskSyncError(found, hint="`look.postponed` in the worker's log gives the cause")
        return found if due else "nothing is due"

    def steps(self) -> str:
        """Return the age of the oldest due step of an escalation or change of a clock."""
        now = self.now()
        age = age_of_oldest((metrics.oldest_step(now) for metrics in self.metrics), now)
        if age > self.limits.work:
            hint = "see `desk-sync parked list`: clocks and escalations of a parked ticket wait with it"
            raise DeskSyncError(f"the oldest step is due for {_span(age)}", hint=hint)
        return f"the oldest step is due for {_span(age)}" if age else "no step is due"

    def deliveries(self) -> str:
        """Return how many changes a sweep found that no delivery had reported, and what was refused."""
        now = self.now()
        totals = [metrics.deliveries() for metrics in self.metrics]
        missed, changes = sum(each.missed for each in totals), sum(each.changes for each in totals)
        found = f"{missed} of {changes} changes came without a delivery"
        if refused := self._refused():
            found += f"; refused in a day: {refused}"
        if stopped := [f"{each.portal}: {alarm}" for each in self.inflow for alarm in each.alarms()]:
            raise DeskSyncError("; ".join((*stopped, found)), hint=WEBHOOK_HINT)
        alarms = [each.alarmed_at for each in totals if each.alarmed_at]
        if alarms and now - max(alarms) < self.limits.alarm:
            hint = "check in Desk that our webhook is enabled and that its calls succeed"
            raise DeskSyncError(f"{found}, too many of them at {max(alarms):%F %T}Z", hint=hint)
        return found

    def _refused(self) -> str:
        """Return the deliveries that were refused within a day, of all portals, by their faults."""
        total: Counter[DeliveryFault] = Counter()
        for watch in self.inflow:
            total.update(watch.windows()[-1].refused)
        return listed(total)

    def other_installations(self) -> str:
        """Return "none" if no other installation writes to a portal of this one."""
        if alarms := [f"{each.portal}: {alarm}" for each in self.installations for alarm in each.alarms()]:
            raise DeskSyncError("; ".join(alarms), hint=installations.HINT)
        return "none writes to a portal of ours"

    def sweeps(self) -> str:
        """Return how far the sweeps have come; fail if one failed twice in a row, or has not ended well for long."""
        now = self.now()
        rounds = [(each.portal, which, done) for each in self.metrics for which, done in each.sweeps().items()]
        found = "; ".join(f"{portal}: {which} {_progress(done, now)}" for portal, which, done in rounds)
        if any(self._is_stuck(which, done, now) for _, which, done in rounds):
            hint = "`portal.not_swept` in the worker's log gives the cause; lost deliveries are not found until then"
            raise DeskSyncError(found, hint=hint)
        return found or "no portal was swept yet"

    def _is_stuck(self, which: SweepKind, done: SweepRound, now: datetime) -> bool:
        late = done.ended_at is not None and now - done.ended_at > self.limits.sweeps[which]
        return late or done.failures >= FAILURES_ALARMED

    def notices(self) -> str:
        """Return the number of waiting notices; fail if recently every channel refused a message."""
        since = self.now() - self.limits.alarm
        if undelivered := sum(metrics.undelivered(since) for metrics in self.metrics):
            found = (
                f"{undelivered} messages reached no recipient within {_span(self.limits.alarm)}: every channel refused"
            )
            raise DeskSyncError(found, hint="`desk-sync notify test ROLE` tries the addresses of a role")
        waiting = sum(metrics.waiting_notices() for metrics in self.metrics)
        return f"{waiting} waiting" if waiting else "nothing waits"

    def retention(self) -> str:
        """Return when retention last came to its end and the size of the database; fail if that was long ago."""
        now, metrics = self.now(), list(self.metrics)
        ended = {each.portal: each.retained_at() for each in metrics}
        runs = [f"{portal} {_span(now - at)} ago" if at else f"{portal} never" for portal, at in ended.items()]
        size = next((each.database_size() for each in metrics), None)
        found = f"ended last: {', '.join(runs)}" + (f"; the database has {_megabytes(size)}" if size else "")
        if any(at and now - at > self.limits.retention for at in ended.values()):
            raise DeskSyncError(
                found, hint="`task.failed` in the worker's log gives the cause; beat starts it at 00:40 UTC"
            )
        return found

    def parked(self) -> str:
        """Return "none" if no ticket is parked."""
        if parked := sum(metrics.parked_tickets() for metrics in self.metrics):
            hint = "see `desk-sync parked list` for the errors; then `parked retry` or `parked drop`"
            raise DeskSyncError(f"{parked} tickets are parked", hint=hint)
        return "none"

    def held_back(self) -> str:
        """Return "none" if no field of a ticket is held back."""
        if found := [each for metrics in self.metrics for each in metrics.held_back()]:
            entries = (
                f"{each.field} on {_tickets(each)} since {each.since:%F %H:%M}Z: {each.reason}" for each in found
            )
            hint = "correct `fields` or `values` in the mapping, or the field in Desk; then it is written by itself"
            raise DeskSyncError("; ".join(entries), hint=hint)
        return "none"

    def subscription_data(self) -> str:
        """Return the size and the ages of each source's data; data that are out of date count as unknown (L8)."""
        hint = "`desk-sync subscriptions status`; or `subscriptions import FILE` with a new export"
        names = [snapshot.source for snapshot in self.sources.subscriptions.current()]
        reports = self.sources.reports(names)
        if not reports:
            raise DeskSyncError("there are no subscription data", hint=hint)
        found = "; ".join(f"{report.name}: {report.data()}" for report in reports)
        if all(report.is_empty for report in reports) or any(report.age and report.age.is_stale for report in reports):
            raise DeskSyncError(found, hint=hint)
        return found

    def pulls(self, names: Iterable[str]) -> str:
        """Return the state of the sources that are pulled; fail if the last pull of one was refused, or is overdue."""
        reports = self.sources.reports(names)
        notes = [f"{report.name}: {', '.join(own)}" for report in reports if (own := list(report.pulls()))]
        done = sum(not report.was_never_pulled for report in reports)
        found = "; ".join((f"{done} of {len(reports)} have been pulled", *notes))
        if any(report.state.failing_since for report in reports):
            raise DeskSyncError(found, hint="the last good data stay in use until they are too old")
        long_ago = self.now() - self.limits.overdue
        if any(report.overdue_since and report.overdue_since < long_ago for report in reports):
            hint = "check that `desk-sync worker --queues desk_sync_pulls` and beat are running"
            raise DeskSyncError(found, hint=hint)
        return found

    def calendars(self, stored: Mapping[str, StoredHours | None]) -> str:
        """Return, for each calendar taken from Desk, when it last changed and when it was last read.

        `stored` holds the calendars by portal and name.
        """
        now = self.now()
        found = "; ".join(f"{name} {_described(kept, now)}" for name, kept in stored.items())
        if any(_doubtful(kept, now - self.limits.hours) for kept in stored.values()):
            hint = "the last good calendar stays in use; without one, the tickets that need it wait"
            raise DeskSyncError(found, hint=hint)
        return found or "all calendars are in the mapping"

    def desk_clock(self) -> str:
        """Return for each portal how far this host's clock is behind Desk's; fail if it is more than a minute."""
        now = self.now()
        measured = {metrics.portal: metrics.desk_clock() for metrics in self.metrics}
        found = "; ".join(f"{portal}: {_measured(each, now)}" for portal, each in measured.items())
        if any(each and each.offset.is_alarming for each in measured.values()):
            raise DeskSyncError(found, hint=SYNCHRONISE)
        return f"{found}; {SYNCHRONISE}" if any(each and each.offset.is_said for each in measured.values()) else found

    def clock(self, read: Callable[[], datetime | None]) -> str:
        """Return the difference between this host's clock and the database's, as `read` returns it; None for SQLite."""
        before = self.now()
        theirs = read()
        if theirs is None:
            return "the database is a file of this host"
        off = abs(theirs - (before + (self.now() - before) / 2))
        if off > self.limits.clock:
            raise DeskSyncError(f"{_span(off)} off the database's", hint="synchronise the clocks of both hosts by NTP")
        return f"{off.total_seconds():.1f} s off the database's"


def age_of_oldest(since: Iterable[datetime | None], now: datetime) -> timedelta:
    """Return how long ago the oldest instant was; zero if there is none, or if the clock was set back."""
    return max(now - min(filter(None, since), default=now), timedelta(0))


def describe_edition(edition: str) -> str:
    """Return the edition of a portal, and how changes are found in one that has no webhooks."""
    alone = edition.casefold() in WITHOUT_WEBHOOKS
    return f"{edition}: no webhooks, so that sweeps alone find changes, within minutes" if alone else edition


def _progress(done: SweepRound, now: datetime) -> str:
    reached = f"reached {_span(now - done.reached)} ago" if done.reached else "never ended well"
    return f"{reached}, failed {done.failures} times since: {done.error}" if done.failures else reached


def _tickets(held: HeldBackField) -> str:
    count = len(held.tickets)
    if held.everywhere:
        return f"all tickets of department {held.department_id} ({count} so far)"
    return f"{count} tickets" if count > 1 else f"ticket {held.tickets[0]}"


def _measured(measured: MeasuredOffset | None, now: datetime) -> str:
    if measured is None:
        return "Desk has not answered yet"
    return f"{measured.offset}, measured {_span(now - measured.measured_at)} ago"


def _doubtful(kept: StoredHours | None, oldest_good: datetime) -> bool:
    return kept is None or kept.problem is not None or kept.read_at is None or kept.read_at < oldest_good


def _described(kept: StoredHours | None, now: datetime) -> str:
    if kept is None:
        return "was never asked for"
    good = kept.read_at and f"is Desk's as of {kept.since:%F %H:%M}Z, read {_span(now - kept.read_at)} ago"
    return f"{good or 'was never read'}{f': {kept.problem}' if kept.problem else ''}"


def _megabytes(size: DatabaseSize) -> str:
    free = f", {size.free / 1e6:,.0f} of them free" if size.free else ""
    return f"{size.used / 1e6:,.0f} MB{free}"


def _span(span: timedelta) -> str:
    """Return the span as text, rounded to seconds. Negative spans keep their sign."""
    seconds = round(span.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    return f"{sign}{timedelta(seconds=seconds)}"
