"""The past of a ticket's status by Desk's history of it, whose times are whole seconds (D2).

Changes of one second are chained by the statuses before and after them; the order in which Desk lists them means
nothing. Where they make no chain, and where one change does not begin with the status that the one before ended with,
the history contradicts itself: the time in between is not certain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, pairwise
from operator import attrgetter


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A change of status, with the names of both statuses in Desk."""

    at: datetime
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSpan:
    """The time from one second with changes to the next, with the status by the changes at its start and at its end.

    Each is None if its changes make no chain. `tied` if there was more than one change at the start.
    """

    start: datetime
    end: datetime
    begun_in: str | None
    ended_in: str | None
    tied: bool = False


@dataclass(frozen=True, slots=True)
class _Second:
    """The changes of one second as one: the statuses before and after all of them; None if they make no chain.

    A chain that ends where it began can begin with any status `around` it; both are None until one is chosen.
    """

    at: datetime
    before: str | None
    after: str | None
    tied: bool = False
    around: frozenset[str] = frozenset()

    def joined(self, status: str | None) -> _Second:
        """Return it with the status as that of both ends, if it can begin with any and this is one of them."""
        return replace(self, before=status, after=status, around=frozenset()) if status in self.around else self


def status_spans(
    changes: Iterable[StatusChange], status: str, *, created_at: datetime, whole: bool, now: datetime
) -> list[StatusSpan]:
    """Return the spans that the changes cover, up to `now`, at which the ticket has the `status`.

    The first begins with the creation if the changes are the `whole` past, else with the first change.
    """
    seconds = _seconds(changes, status, created_at)
    if not seconds:
        return []
    first = seconds[0]
    if whole and first.at > created_at:
        seconds.insert(0, _Second(created_at, None, first.before))
    seconds.append(_Second(max(now, seconds[-1].at), status, None))
    return [
        StatusSpan(start=each.at, end=then.at, begun_in=each.after, ended_in=then.before, tied=each.tied)
        for each, then in pairwise(seconds)
    ]


def _seconds(changes: Iterable[StatusChange], status: str, created_at: datetime) -> list[_Second]:
    """Return the seconds with changes, in order. One before the creation is moved there: Desk cuts its times.

    The ticket's own status is that at the end of the last second, so the ends are found backwards; those that do not
    fit what comes after, by what came before.
    """
    ordered = sorted(changes, key=attrgetter("at"))
    groups = groupby(ordered, key=lambda change: max(change.at, created_at))
    seconds = [_chained(at, list(each)) for at, each in groups]
    then: str | None = status
    for place, each in reversed(list(enumerate(seconds))):
        seconds[place] = each.joined(then)
        then = seconds[place].before
    before: str | None = None
    for place, each in enumerate(seconds):
        seconds[place] = each.joined(before)
        before = seconds[place].after
    return seconds


def _chained(at: datetime, changes: Sequence[StatusChange]) -> _Second:
    """Return the second with the ends of a chain that uses every change once, if there is one."""
    surplus = Counter(change.before for change in changes)
    surplus.subtract(change.after for change in changes)
    first = [name for name, count in surplus.items() if count > 0]
    last = [name for name, count in surplus.items() if count < 0]
    tied = len(changes) > 1
    if not _is_connected(changes) or len(first) > 1 or any(abs(count) > 1 for count in surplus.values()):
        return _Second(at, None, None, tied)
    if first:
        return _Second(at, first[0], last[0], tied)
    return _Second(at, None, None, tied, frozenset(surplus))


def _is_connected(changes: Sequence[StatusChange]) -> bool:
    """Return True if the changes are one chain, or could be if their ends fit."""
    reached, left = {changes[0].before}, list(changes)
    while left:
        joined = [change for change in left if {change.before, change.after} & reached]
        left = [change for change in left if not {change.before, change.after} & reached]
        if not joined:
            return False
        reached.update(name for change in joined for name in (change.before, change.after))
    return True
