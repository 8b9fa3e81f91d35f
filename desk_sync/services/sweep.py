"""Ask Desk which tickets were modified, and mark those for a look that no delivery reported.

So a lost delivery costs minutes, not a promise. A sweep continues from the end of the last one, with an overlap for
Desk's search index, which lags. It only marks tickets; the drain looks at them. It can be interrupted and repeated:
the new coverage is recorded only after all its tickets are marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from desk_sync.errors import PermanentError, TemporaryError
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk, ModifiedTickets
from desk_sync.ports.now import Now
from desk_sync.ports.portal import CallBudget
from desk_sync.ports.sweeps import SweepCoverage, SweepKind, SweepStore

log = get_logger()

# Our clock may be behind Desk's: tickets modified after our "now" are requested too.
AHEAD = timedelta(days=1)

# A sweep of recent changes may use the credit reserve: a ticket without a delivery may be one of the most urgent.
_URGENCY: Mapping[SweepKind, int] = {SweepKind.RECENT: 1, SweepKind.FULL: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPace:
    """How far back the sweeps reach, and the time between two sweeps of a kind (`turns`).

    A change less than `grace` old is left to the next sweep: its delivery may still arrive.
    A turn is a little shorter than the time between two rings, so that an early ring is not ignored.
    """

    overlap: timedelta = timedelta(minutes=10)
    grace: timedelta = timedelta(seconds=10)
    full: timedelta = timedelta(days=3)
    turns: Mapping[SweepKind, timedelta] = field(
        default_factory=lambda: {
            SweepKind.RECENT: timedelta(minutes=2, seconds=30),
            SweepKind.FULL: timedelta(hours=12),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepResult:
    """Counts of a sweep: tickets modified since `since` (`seen`), those that the sweep before could not see (`new`),
    those marked for a look (`marked`), and those that a delivery should have reported (`missed`).
    """

    since: datetime
    seen: int
    new: int
    marked: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedAlarm:
    """An alarm for at least `least` missed tickets that are more than `share` of the new ones."""

    share: float = 0.05
    least: int = 3

    def raised(self, swept: SweepResult) -> bool:
        return swept.missed >= self.least and swept.missed > self.share * swept.new


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Sweeps one portal."""

    desk: Desk
    budget: CallBudget
    sweeps: SweepStore
    now: Now
    pace: SweepPace = SweepPace()
    alarm: MissedAlarm = MissedAlarm()

    def run_if_due(self, which: SweepKind) -> SweepResult | None:
        """Run a periodic sweep. Return None if another process has this turn, or if Desk does not answer."""
        if not self.sweeps.acquire(which, now=self.now(), length=self.pace.turns[which]):
            return None
        try:
            return self.run(which)
        except (TemporaryError, PermanentError) as error:
            log.warning("portal.not_swept", round=which, error=str(error))
            return None

    def run(self, which: SweepKind) -> SweepResult:
        """Sweep the recent changes, or in full. Raises TemporaryError or PermanentError; the next sweep catches up."""
        self.budget.check(_URGENCY[which])
        now = self.now()
        coverage = self._coverage(now)
        wanted = {SweepKind.RECENT: now, SweepKind.FULL: max(now - self.pace.full, coverage.since)}
        return self._sweep(wanted[which], coverage, now)

    def run_since(self, since: datetime) -> SweepResult:
        """Sweep from an instant on. Changes from before the first sweep are marked, but do not count as missed.

        Raises the errors of `run`.
        """
        self.budget.check(_URGENCY[SweepKind.FULL])
        now = self.now()
        return self._sweep(since, self._coverage(now), now)

    def _coverage(self, now: datetime) -> SweepCoverage:
        """Return the sweeps' coverage so far. In a portal that was never swept, deliveries are expected from now on."""
        return self.sweeps.coverage() or SweepCoverage(since=now, until=now)

    def _sweep(self, wanted: datetime, coverage: SweepCoverage, now: datetime) -> SweepResult:
        """Sweep from `wanted` or from the end of the last sweep, whichever is earlier, so that no gap is left."""
        last = min(coverage.until, now)  # after a clock error it may be in the future
        start = min(wanted, last - self.pace.overlap)
        new_since = start if wanted < last else last
        found: Counter[str] = Counter(seen=0, new=0, marked=0, missed=0)
        for page in self.desk.modified_between(start, now + AHEAD):
            settled = self._settled(page)
            missed = self.sweeps.mark_missed(settled, promised_since=coverage.since, now=self.now())
            found.update(seen=len(settled), new=sum(each.at >= new_since for each in settled), **asdict(missed))
        self.sweeps.cover(SweepCoverage(since=min(coverage.since, wanted), until=now - self.pace.grace))
        return self._report(SweepResult(since=start, **found))

    def _settled(self, page: Sequence[ModifiedTickets]) -> Sequence[ModifiedTickets]:
        """Return the page without changes less than `grace` old.

        A change further in the future is kept: then the clocks differ by more than `grace`.
        """
        now = self.now()
        return [each for each in page if abs(now - each.at) >= self.pace.grace]

    def _report(self, swept: SweepResult) -> SweepResult:
        log.info("portal.swept", **asdict(swept))
        raised = self.alarm.raised(swept)
        self.sweeps.tally(changes=swept.new, alarmed_at=self.now() if raised else None)
        if raised:
            hint = "check in Desk that our webhook is enabled and that its calls succeed"
            log.error("deliveries.missed", **asdict(swept), hint=hint)
        return swept
