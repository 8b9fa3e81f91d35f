"""The past of a ticket's status by Desk's history of it, whose times are whole seconds (D2).

Changes of one second are chained by the statuses before and after them; the order in which Desk lists them means
nothing. Where they make no chain, and where one change does not begin with the status that the one before ended with,
the history contradicts itself: the time in between is not certain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    """The changes of one second as one: the statuses before and after all of them; None if they make no chain."""

    at: datetime
    before: str | None
    after: str | None
    tied: bool


def status_spans(
    changes: Iterable[StatusChange], status: str, *, created_at: datetime, whole: bool, now: datetime
) -> list[StatusSpan]:
    """Return the spans that the changes cover, up to `now`, at which the ticket has the `status`.

    The first begins with the creation if the changes are the `whole` past, else with the first change.
    """
    seconds = list(_seconds(changes, status, created_at))
    if not seconds:
        return []
    first = seconds[0]
    if whole and first.at > created_at:
        seconds.insert(0, _Second(created_at, None, first.before, False))
    seconds.append(_Second(max(now, seconds[-1].at), status, None, False))
    return [
        StatusSpan(start=each.at, end=then.at, begun_in=each.after, ended_in=then.before, tied=each.tied)
        for each, then in pairwise(seconds)
    ]


def _seconds(changes: Iterable[StatusChange], status: str, created_at: datetime) -> Iterator[_Second]:
    """Yield the seconds with changes, in order. One before the creation is moved there: Desk cuts its times."""
    ordered = sorted(changes, key=attrgetter("at"))
    groups = [(at, list(each)) for at, each in groupby(ordered, key=lambda change: max(change.at, created_at))]
    before: str | None = None
    for place, (at, tied) in enumerate(groups):
        then = [change.before for change in groups[place + 1][1]] if place + 1 < len(groups) else [status]
        first, last = _chained(tied, before, then)
        yield _Second(at, first, last, len(tied) > 1)
        before = last


def _chained(
    changes: Sequence[StatusChange], before: str | None, then: Sequence[str]
) -> tuple[str, str] | tuple[None, None]:
    """Return the first and the last status of a chain that uses every change once; Nones if there is none.

    A chain that ends where it began can begin anywhere: with the status `before`, else with one that comes `then`.
    """
    surplus = Counter(change.before for change in changes)
    surplus.subtract(change.after for change in changes)
    first = [name for name, count in surplus.items() if count > 0]
    last = [name for name, count in surplus.items() if count < 0]
    if not _is_connected(changes) or len(first) > 1 or any(abs(count) > 1 for count in surplus.values()):
        return None, None
    if first:
        return first[0], last[0]
    around = next((name for name in (before, *then) if name in surplus), None)
    return (around, around) if around is not None else (None, None)


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
