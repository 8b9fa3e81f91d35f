"""The escalation matrix: which roles answer at which level, for whom (R38–R40).

A matrix is level × region × territory. It names roles; who holds them is in `staff.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.regions import RegionChoice
from desk_sync.domain.escalation.staff import DutyDays, StaffMember, StaffRoster
from desk_sync.domain.escalation.us_states import state_code
from desk_sync.domain.reason import Reason

LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationLocation:
    """Where a partner is: an escalation region, a country (ISO 3166-1), a state (ISO 3166-2, such as US-CA)."""

    region: str
    country: str | None = None
    state: str | None = None


def location_of(located: RegionChoice, partner: Partner | None) -> EscalationLocation:
    """Where the ladder of a partner's tickets is, by the region that was found for it (C17)."""
    at_home = partner is not None and partner.country == located.country
    state = state_code(located.country, partner.state) if partner and at_home else None
    return EscalationLocation(region=located.region, country=located.country, state=state)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostTerritory:
    """The part of a region that a post is for: some countries or states, or all of it but some countries."""

    countries: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def covers(self, location: EscalationLocation) -> bool:
        """Whether the location lies inside. Where the country is not known, only a whole region covers it."""
        if self.countries or self.states:
            return location.country in self.countries or location.state in self.states
        return not self.without or (location.country is not None and location.country not in self.without)


WHOLE_REGION = PostTerritory()


@dataclass(frozen=True, slots=True)
class MatrixPost:
    """A role in a cell of the matrix, and the territory that it is for."""

    role: str
    territory: PostTerritory = WHOLE_REGION


Chain = tuple[tuple[str, ...], ...]
"""The roles of each level in turn, level 1 first; a level may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationMatrix:
    """The posts by region and level. A cell that is missing is empty."""

    cells: Mapping[str, Mapping[int, tuple[MatrixPost, ...]]] = field(default_factory=dict)

    def roles(self, level: int, location: EscalationLocation) -> tuple[str, ...]:
        """The roles of a cell: those whose territory covers the location, all where none does (C20)."""
        posts = self.cells.get(location.region, {}).get(level, ())
        covering = [post.role for post in posts if post.territory.covers(location)]
        return tuple(dict.fromkeys(covering or [post.role for post in posts]))

    def chain(self, location: EscalationLocation) -> Chain:
        """The roles of every level, to be frozen into a ladder."""
        return tuple(self.roles(level, location) for level in LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """At whom a level ends on a date: `level` is the one that was asked for, `found_at` the one that had somebody.

    Without roles it ends at nobody, which no checked mapping allows.
    """

    level: int
    found_at: int
    roles: tuple[str, ...]
    people: tuple[StaffMember, ...]
    reasons: tuple[Reason, ...] = ()


def reach(chain: Chain, level: int, staff: StaffRoster, on: date) -> Recipients:
    """At whom the level ends: at its own roles, else at the next level with somebody, else back down (C20)."""
    nobody = Recipients(level=level, found_at=level, roles=(), people=(), reasons=(Reason("C20", _NOBODY),))
    return next(_reaches(chain, level, staff, on), nobody)


_NOBODY = "warning: nobody answers at any level"


def successors(chain: Chain, level: int, staff: StaffRoster, on: date) -> Iterator[StaffMember]:
    """Who is told instead when nobody of the level could be: the people of the levels after it, in turn."""
    told: set[str] = set()
    for number, found in enumerate(_reaches(chain, level, staff, on)):
        for person in found.people:
            if number and person.name not in told:
                yield person
            told.add(person.name)


def _reaches(chain: Chain, level: int, staff: StaffRoster, on: date) -> Iterator[Recipients]:
    for other in _order(level, len(chain)):
        roles = tuple(role for role in chain[other - 1] if staff.staffed(role, on))
        if roles:
            people = dict.fromkeys(person for role in roles for person in staff.on_duty(role, on))
            yield Recipients(
                level=level, found_at=other, roles=roles, people=tuple(people), reasons=_said(level, other)
            )


def _order(level: int, levels: int) -> Sequence[int]:
    """The levels in the order in which somebody is looked for."""
    return [*range(level, levels + 1), *range(level - 1, 0, -1)]


def _said(level: int, found_at: int) -> tuple[Reason, ...]:
    if level == found_at:
        return ()
    return (Reason("C20", f"warning: nobody answers at level {level}; level {found_at} is told instead"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixGap:
    """A location and days in which a level would end at nobody."""

    location: EscalationLocation
    level: int
    days: DutyDays


def gaps(matrix: EscalationMatrix, staff: StaffRoster, locations: Iterable[EscalationLocation]) -> Iterator[MatrixGap]:
    """Every location × level × stretch of days without a change that ends at nobody; neighbouring stretches are one."""
    edges = sorted({date.min, date.max, *staff.boundaries()})
    stretches = [DutyDays(first, until) for first, until in pairwise(edges)]
    for location in locations:
        chain = matrix.chain(location)
        for level in LEVELS:
            empty = [days for days in stretches if not reach(chain, level, staff, days.first).roles]
            yield from (MatrixGap(location=location, level=level, days=days) for days in _joined(empty))


def _joined(stretches: Iterable[DutyDays]) -> Sequence[DutyDays]:
    """The stretches, in order, those that touch made one."""
    joined: list[DutyDays] = []
    for days in stretches:
        if joined and joined[-1].until == days.first:
            joined[-1] = DutyDays(joined[-1].first, days.until)
        else:
            joined.append(days)
    return joined
