"""The escalation matrix: the roles that answer at each level, by region and territory (R38–R40).

The people who hold the roles are in `staff.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    """The location of a partner: an escalation region, a country (ISO 3166-1), a state (ISO 3166-2, such as US-CA)."""

    region: str
    country: str | None = None
    state: str | None = None


def location_of(choice: RegionChoice, partner: Partner | None) -> EscalationLocation:
    """Return the location for the matrix, from the region that was chosen for the ticket (C17)."""
    same_country = partner is not None and partner.country == choice.country
    state = state_code(choice.country, partner.state) if partner and same_country else None
    return EscalationLocation(region=choice.region, country=choice.country, state=state)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostTerritory:
    """The part of a region that a post is for: some countries or states, or the whole region without some countries."""

    countries: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def covers(self, location: EscalationLocation) -> bool:
        """Return True if the location lies inside. An unknown country is covered by a whole region only."""
        if self.countries or self.states:
            return location.country in self.countries or location.state in self.states
        return not self.without or (location.country is not None and location.country not in self.without)

    def may_cover(self, location: EscalationLocation) -> bool:
        """Return True if a more exact location could lie inside: in an unknown country, or a state of this country."""
        countries = self.countries | {state.partition("-")[0] for state in self.states}
        return location.country is None or location.country in countries


WHOLE_REGION = PostTerritory()


@dataclass(frozen=True, slots=True)
class MatrixPost:
    """A role in a cell of the matrix, and its territory."""

    role: str
    territory: PostTerritory = WHOLE_REGION


Chain = tuple[tuple[str, ...], ...]
"""The roles of each level, level 1 first; a level may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationMatrix:
    """The posts by region and level; a missing cell is empty."""

    cells: Mapping[str, Mapping[int, tuple[MatrixPost, ...]]]

    def roles(self, level: int, location: EscalationLocation) -> tuple[str, ...]:
        """Return the roles of a cell whose territory covers the location (C20).

        If none does, all those whose territory it may be in; all roles of the cell if there are none of these.
        """
        posts = self.cells.get(location.region, {}).get(level, ())
        covering = [post.role for post in posts if post.territory.covers(location)]
        possible = [post.role for post in posts if post.territory.may_cover(location)]
        return tuple(dict.fromkeys(covering or possible or [post.role for post in posts]))

    def chain(self, location: EscalationLocation) -> Chain:
        """Return the roles of every level, to be frozen into a ladder."""
        return tuple(self.roles(level, location) for level in LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """The recipients of a level on a date. `level` is the raised one; `found_at` is the nearest one that is staffed.

    `roles` are empty if no level is staffed, which no checked mapping allows.
    """

    level: int
    found_at: int
    roles: tuple[str, ...]
    people: tuple[StaffMember, ...]
    reasons: tuple[Reason, ...] = ()


def find_recipients(chain: Chain, level: int, staff: StaffRoster, on: date) -> Recipients:
    """Return the recipients of a level: its own roles, else those of the next staffed level up, else down (C20)."""
    unstaffed = Recipients(level=level, found_at=level, roles=(), people=(), reasons=(Reason("C20", _UNSTAFFED),))
    return next(_candidates(chain, level, staff, on), unstaffed)


_UNSTAFFED = "warning: nobody answers at any level"


def find_stand_ins(chain: Chain, level: int, staff: StaffRoster, on: date) -> Iterator[StaffMember]:
    """Yield the people to notify if no recipient of the level can be reached: those of the other levels, in order."""
    seen: set[str] = set()
    for position, recipients in enumerate(_candidates(chain, level, staff, on)):
        for person in recipients.people:
            if position and person.name not in seen:
                yield person
            seen.add(person.name)


def _candidates(chain: Chain, level: int, staff: StaffRoster, on: date) -> Iterator[Recipients]:
    for other in _order(level, len(chain)):
        roles = tuple(role for role in chain[other - 1] if staff.staffed(role, on))
        if roles:
            people = dict.fromkeys(person for role in roles for person in staff.on_duty(role, on))
            yield Recipients(
                level=level, found_at=other, roles=roles, people=tuple(people), reasons=_warning(level, other)
            )


def _order(level: int, levels: int) -> Sequence[int]:
    """Return the levels in the order of the search: upwards from `level`, then downwards from below it."""
    return [*range(level, levels + 1), *range(level - 1, 0, -1)]


def _warning(level: int, found_at: int) -> tuple[Reason, ...]:
    if level == found_at:
        return ()
    return (Reason("C20", f"warning: nobody answers at level {level}; level {found_at} is told instead"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixGap:
    """A location and days for which a level has no recipient."""

    location: EscalationLocation
    level: int
    days: DutyDays


def gaps(matrix: EscalationMatrix, staff: StaffRoster, locations: Iterable[EscalationLocation]) -> Iterator[MatrixGap]:
    """Yield each location, level and stretch of days without a recipient; adjacent stretches are merged."""
    edges = sorted({date.min, date.max, *staff.boundaries()})
    stretches = [DutyDays(first, until) for first, until in pairwise(edges)]
    for location in locations:
        chain = matrix.chain(location)
        for level in LEVELS:
            empty = [days for days in stretches if not find_recipients(chain, level, staff, days.first).roles]
            yield from (MatrixGap(location=location, level=level, days=days) for days in _joined(empty))


def _joined(stretches: Iterable[DutyDays]) -> Sequence[DutyDays]:
    """Return the stretches with adjacent ones merged; they must be in order."""
    joined: list[DutyDays] = []
    for days in stretches:
        if joined and joined[-1].until == days.first:
            joined[-1] = DutyDays(joined[-1].first, days.until)
        else:
            joined.append(days)
    return joined
