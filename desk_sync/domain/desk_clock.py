"""Desk's clock and our host's: two clocks, and how far the host's is behind, by the dates of Desk's answers.

What happens on a ticket has an instant in Desk's time. What we do ourselves, such as leases, pauses and looks, has one
in the host's. An answer's date is in whole seconds, so that one answer shows the difference to a second and the time
that the call took; several that agree show it better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)
KEPT = 7
"""The number of answers that are compared."""
FRESH = timedelta(minutes=5)
"""The age up to which an answer counts."""
ABSURD = timedelta(days=30)
"""A date further away than this is no reading of a clock."""
SAID = timedelta(seconds=2)
"""A difference over this is shown and logged."""
ALARMING = timedelta(minutes=1)
"""A difference over this is an alarm."""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far the host's clock is behind Desk's; negative if it is ahead."""

    behind: timedelta = timedelta(0)

    def in_desk_time(self, instant: datetime) -> datetime:
        """Return an instant of the host's clock in Desk's time."""
        return instant + self.behind

    def in_host_time(self, instant: datetime) -> datetime:
        """Return an instant of Desk's clock in the host's time."""
        return instant - self.behind

    @property
    def is_said(self) -> bool:
        return abs(self.behind) > SAID

    @property
    def is_alarming(self) -> bool:
        return abs(self.behind) > ALARMING

    def __str__(self) -> str:
        """Return the offset in words: "61.0 s behind Desk's clock"."""
        seconds = self.behind.total_seconds()
        return f"{abs(seconds):.1f} s {'ahead of' if seconds < 0 else 'behind'} Desk's clock"


SAME_CLOCK = ClockOffset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDate:
    """The date of one answer of Desk, which was given between the sending of the request and the arrival.

    `sent` and `received` are readings of a steady clock, which nobody sets; `received_at` is one of the host's clock.
    """

    date: datetime
    sent: timedelta
    received: timedelta
    received_at: datetime

    @property
    def earliest(self) -> datetime:
        """The earliest instant of Desk's at which the steady clock was zero, included."""
        return self.date - self.received

    @property
    def latest(self) -> datetime:
        """The latest such instant, excluded."""
        return self.date + SECOND - self.sent

    @property
    def is_absurd(self) -> bool:
        return abs(self.date - self.received_at) > ABSURD

    def is_fresh(self, steady: timedelta, now: datetime) -> bool:
        """Return True if the answer counts. The steady clock may stand still while the host sleeps."""
        return steady - self.received <= FRESH and abs(now - self.received_at) <= FRESH


def measure(answers: Sequence[AnswerDate], known: ClockOffset, *, steady: timedelta, now: datetime) -> ClockOffset:
    """Return the offset by the answers, oldest first, at these readings of both clocks of the host.

    Most answers decide: those that contradict them came from a cache or from a broken clock. The known offset stays
    while they allow it, so that it does not follow the fractions of seconds; else it is the one that shows the
    earliest time of Desk: a look that is early by a second would raise what Desk's time does not bear out.
    """
    agreeing = _most(answers)
    earliest = max(each.earliest for each in agreeing) + steady - now
    latest = min(each.latest for each in agreeing) + steady - now
    return known if earliest <= known.behind < latest else ClockOffset(earliest)


def _most(answers: Sequence[AnswerDate]) -> Sequence[AnswerDate]:
    """Return the largest group of answers that can all be right, the older one of two (Marzullo's algorithm)."""
    groups = ([other for other in answers if other.earliest <= each.earliest < other.latest] for each in answers)
    return max(groups, key=len)
