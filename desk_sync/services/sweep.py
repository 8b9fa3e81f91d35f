"""Ask Desk what was modified, and look at what no delivery told us of: a lost delivery costs minutes, not a promise.

A sweep goes on from where the last one ended, with an overlap for Desk's search index, which lags. It only marks; the
drain does the rest. It can be cut off anywhere and done again: how far it came is recorded when all of it is marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import structlog

from desk_sync.errors import PermanentError, TemporaryError
from desk_sync.ports.desk import Desk, ModifiedTickets
from desk_sync.ports.now import Now
from desk_sync.ports.portal import CallBudget
from desk_sync.ports.sweeps import SweepCoverage, SweepKind, SweepStore

log = structlog.get_logger()

# Ours may be the slower clock: what Desk dates after our now is asked for too.
AHEAD = timedelta(days=1)

# A sweep of what is new may cost of the reserve: a ticket that no delivery told of may be one of the worst.
_URGENCY: Mapping[SweepKind, int] = {SweepKind.RECENT: 1, SweepKind.FULL: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPace:
    """How far back the sweeps reach, and how long one keeps others of its kind away.

    What was modified less than `grace` ago is left to the next sweep: its delivery may be on its way.
    A turn is a little shorter than the time between two rings, so that a ring that comes early finds it free.
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
    """What a sweep found: tickets that were modified since `since`, and those of them that the sweep before could not
    see (`new`), that were marked, and that a delivery should have told of (`missed`).
    """

    since: datetime
    seen: int
    new: int
    marked: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedAlarm:
    """Raised when at least `least` tickets were missed, and they are more than `share` of the new ones."""

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
        """One of the sweeps that come round; None if another process has this turn, or Desk does not answer."""
        if not self.sweeps.acquire(which, now=self.now(), length=self.pace.turns[which]):
            return None
        try:
            return self.run(which)
        except (TemporaryError, PermanentError) as error:
            log.warning("portal.not_swept", round=which, error=str(error))
            return None

    def run(self, which: SweepKind) -> SweepResult:
        """Sweep what is new, or in full. Raises TemporaryError or PermanentError; the next sweep makes up for it."""
        self.budget.check(_URGENCY[which])
        now = self.now()
        known = self._known(now)
        wanted = {SweepKind.RECENT: now, SweepKind.FULL: max(now - self.pace.full, known.since)}
        return self._sweep(wanted[which], known, now)

    def run_since(self, since: datetime) -> SweepResult:
        """Sweep from an instant on, if need be from before the first sweep: those tickets are marked, and not missed.

        Raises as `run`.
        """
        self.budget.check(_URGENCY[SweepKind.FULL])
        now = self.now()
        return self._sweep(since, self._known(now), now)

    def _known(self, now: datetime) -> SweepCoverage:
        """How far the sweeps have come. For a portal that was never swept, deliveries are expected from now on."""
        return self.sweeps.coverage() or SweepCoverage(since=now, until=now)

    def _sweep(self, wanted: datetime, known: SweepCoverage, now: datetime) -> SweepResult:
        """Sweep from `wanted` on, and from where the last sweep ended at the latest, so that no gap is left."""
        last = min(known.until, now)  # a clock that went wrong may have left it in the future
        start = min(wanted, last - self.pace.overlap)
        new_since = start if wanted < last else last
        found: Counter[str] = Counter(seen=0, new=0, marked=0, missed=0)
        for page in self.desk.modified_between(start, now + AHEAD):
            settled = self._settled(page)
            missed = self.sweeps.mark_missed(settled, promised_since=known.since, now=self.now())
            found.update(seen=len(settled), new=sum(each.at >= new_since for each in settled), **asdict(missed))
        self.sweeps.cover(SweepCoverage(since=min(known.since, wanted), until=now - self.pace.grace))
        return self._report(SweepResult(since=start, **found))

    def _settled(self, page: Sequence[ModifiedTickets]) -> Sequence[ModifiedTickets]:
        """Without those whose deliveries may be on their way; if the clocks are further apart, with them."""
        now = self.now()
        return [each for each in page if abs(now - each.at) >= self.pace.grace]

    def _report(self, swept: SweepResult) -> SweepResult:
        log.info("portal.swept", **asdict(swept))
        raised = self.alarm.raised(swept)
        self.sweeps.tally(changes=swept.new, alarmed_at=self.now() if raised else None)
        if raised:
            hint = "is our webhook in Desk still enabled, and is it answered?"
            log.error("deliveries.missed", **asdict(swept), hint=hint)
        return swept
