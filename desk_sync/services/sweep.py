"""Ask Desk which tickets were modified, and mark those for a look that no delivery reported.

So a lost delivery costs minutes, not a promise; a portal whose edition has no webhooks lives on sweeps alone. A sweep
continues from the end of the last one, with an overlap for Desk's search index, which lags. It only marks tickets; the
drain looks at them. It can be interrupted and repeated: the new coverage is recorded only after all its tickets are
marked. A sweep of the partners' replies finds those that did not move a ticket's modification time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from desk_sync.errors import describe
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk, ModifiedTickets
from desk_sync.ports.desk_clock import ONE_CLOCK, DeskTime
from desk_sync.ports.now import Now
from desk_sync.ports.portal import CallBudget
from desk_sync.ports.sweeps import SweepCoverage, SweepKind, SweepRound, SweepStore

log = get_logger()

# Our clock may be behind Desk's: tickets modified after our "now" are requested too.
AHEAD = timedelta(days=1)

# A sweep of recent changes may use the credit reserve: a ticket without a delivery may be one of the most urgent.
_URGENCY: Mapping[SweepKind, int] = {SweepKind.RECENT: 1, SweepKind.REPLIES: 1, SweepKind.FULL: 3}

FAILURES_ALARMED = 2
"""So many sweeps of a kind that failed in a row are an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPace:
    """How far back the sweeps reach, and the time between two sweeps of a kind (`turns`).

    A change less than `grace` old is left to the next sweep: its delivery may still arrive.
    Beat rings each minute for recent changes and replies. A turn is half a minute shorter than the time between two
    sweeps, so that an early ring is not ignored; a sweep that failed gives its turn back, and the next ring retries.
    """

    overlap: timedelta = timedelta(minutes=10)
    grace: timedelta = timedelta(seconds=10)
    full: timedelta = timedelta(days=3)
    turns: Mapping[SweepKind, timedelta] = field(
        default_factory=lambda: {
            SweepKind.RECENT: timedelta(minutes=2, seconds=30),
            SweepKind.FULL: timedelta(hours=12),
            SweepKind.REPLIES: timedelta(minutes=14, seconds=30),
        }
    )

    @classmethod
    def every(cls, recent: timedelta) -> SweepPace:
        """Return the pace with a sweep of recent changes so often, one of replies at every fifth, rings at a third."""
        early = recent / 6
        turns = {SweepKind.RECENT: recent - early, SweepKind.REPLIES: 5 * recent - early}
        return cls(turns={**cls().turns, **turns})


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepResult:
    """Counts of a sweep: tickets modified since `since` (`seen`), those that the sweep before could not see and others
    modified (`new`), those marked for a look (`marked`), and those that a delivery should have reported (`missed`).
    """

    since: datetime
    seen: int
    new: int
    marked: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedAlarm:
    """An alarm for at least `least` missed tickets that are more than `share` of the new ones; none if all may be."""

    share: float = 0.05
    least: int = 3

    def raised(self, swept: SweepResult) -> bool:
        return self.share < 1 and swept.missed >= self.least and swept.missed > self.share * swept.new


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Sweeps one portal. Turns and ends are in the host's time; what a sweep covers is in Desk's.

    The offset of the clocks is taken after Desk's answers, so that none records as covered what Desk has still to come.
    """

    desk: Desk
    budget: CallBudget
    sweeps: SweepStore
    now: Now
    pace: SweepPace = SweepPace()
    alarm: MissedAlarm = MissedAlarm()
    clock: DeskTime = ONE_CLOCK

    def run_if_due(self, which: SweepKind) -> SweepResult | None:
        """Run a periodic sweep. Return None if another process has this turn, or if the sweep fails.

        A failure of any kind ends here: it is counted, and the next ring tries again.
        """
        if not self.sweeps.acquire(which, now=self.now(), length=self.pace.turns[which]):
            return None
        try:
            return self.run(which)
        except Exception as error:  # noqa: BLE001 - its message may quote a ticket
            self._failed(which, describe(error))
        return None

    def run(self, which: SweepKind) -> SweepResult:
        """Sweep the recent changes, the replies, or in full. Raises DeskSyncError; the next sweep catches up."""
        self.budget.check(_URGENCY[which])
        now = self.now()
        swept = self._sweep_replies(now) if which is SweepKind.REPLIES else self._sweep_changes(which, now)
        self.sweeps.end_round(which, reached=self._desk_time(now) - self.pace.grace, now=self.now())
        return swept

    def run_since(self, since: datetime) -> SweepResult:
        """Sweep from an instant on. Changes from before the first sweep are marked, but do not count as missed.

        Raises the errors of `run`.
        """
        self.budget.check(_URGENCY[SweepKind.FULL])
        now = self.now()
        return self._sweep(SweepKind.FULL, since, self._coverage(now), now)

    def _desk_time(self, instant: datetime) -> datetime:
        return self.clock.offset.in_desk_time(instant)

    def _failed(self, which: SweepKind, error: str) -> None:
        failures = self.sweeps.fail_round(which, error)
        log.warning("portal.not_swept", round=which, error=error)
        if failures >= FAILURES_ALARMED:
            hint = "changes without a delivery are not found until a sweep succeeds"
            log.error("sweep.failing", round=which, failures=failures, error=error, hint=hint)

    def _coverage(self, now: datetime) -> SweepCoverage:
        """Return the sweeps' coverage so far. In a portal that was never swept, deliveries are expected from now on."""
        begun = self._desk_time(now)
        return self.sweeps.coverage() or SweepCoverage(since=begun, until=begun)

    def _sweep_changes(self, which: SweepKind, now: datetime) -> SweepResult:
        coverage = self._coverage(now)
        begun = self._desk_time(now)
        wanted = {SweepKind.RECENT: begun, SweepKind.FULL: max(begun - self.pace.full, coverage.since)}
        return self._sweep(which, wanted[which], coverage, now)

    def _sweep(self, which: SweepKind, wanted: datetime, coverage: SweepCoverage, now: datetime) -> SweepResult:
        """Sweep from `wanted` or from the end of the last sweep, whichever is earlier, so that no gap is left."""
        begun = self._desk_time(now)
        last = min(coverage.until, begun)  # after a clock error it may be in the future
        start = min(wanted, last - self.pace.overlap)
        pages = self.desk.modified_between(start, begun + AHEAD)
        new_since = start if wanted < last else last
        swept, changed = self._mark(which, pages, start, new_since=new_since, promised_since=coverage.since)
        until = self._desk_time(now) - self.pace.grace
        self.sweeps.cover(SweepCoverage(since=min(coverage.since, wanted, until), until=until))
        return self._report(swept, changed if which is SweepKind.RECENT else ())

    def _sweep_replies(self, now: datetime) -> SweepResult:
        """Sweep the replies since the last such sweep. Their changes are counted by the sweeps of changes."""
        done, begun = self.sweeps.rounds().get(SweepKind.REPLIES, SweepRound()), self._desk_time(now)
        start = min(done.reached or begun, begun) - self.pace.overlap
        pages = self.desk.replied_between(start, begun + AHEAD)
        promised_since = self._coverage(now).since
        swept, _ = self._mark(SweepKind.REPLIES, pages, start, new_since=start, promised_since=promised_since)
        return self._report(swept, ())

    def _mark(
        self,
        which: SweepKind,
        pages: Iterator[Sequence[ModifiedTickets]],
        start: datetime,
        *,
        new_since: datetime,
        promised_since: datetime,
    ) -> tuple[SweepResult, Sequence[datetime]]:
        """Mark the tickets of all pages, each page as far as the budget admits it.

        Return their counts, and the instants of the new changes.
        """
        found: Counter[str] = Counter(seen=0, marked=0, missed=0)
        changed: list[datetime] = []
        for page in pages:
            settled = self._settled(page)
            missed = self.sweeps.mark_missed(settled, promised_since=promised_since, now=self.now())
            own = self.sweeps.own(settled, since=new_since)
            others = (each.at for each in settled if each.at and each.ticket_id not in own)
            changed += (at for at in others if at >= new_since)
            found.update(seen=len(settled), **asdict(missed))
            self.budget.check(_URGENCY[which])
        return SweepResult(since=start, new=len(changed), **found), changed

    def _settled(self, page: Sequence[ModifiedTickets]) -> Sequence[ModifiedTickets]:
        """Return the page without changes less than `grace` old; tickets without an instant are kept.

        A change further in the future is kept: then the clocks differ by more than `grace`.
        """
        now = self._desk_time(self.now())
        return [each for each in page if each.at is None or abs(now - each.at) >= self.pace.grace]

    def _report(self, swept: SweepResult, changed: Sequence[datetime]) -> SweepResult:
        log.info("portal.swept", **asdict(swept))
        raised = self.alarm.raised(swept)
        self.sweeps.tally(changed, missed=swept.missed, now=self.now(), alarmed=raised)
        if raised:
            hint = "check in Desk that our webhook is enabled and that its calls succeed"
            log.error("deliveries.missed", **asdict(swept), hint=hint)
        return swept
