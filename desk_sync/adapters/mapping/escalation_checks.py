"""Contradictions in the mapping's section `escalation`.

The matrix is checked as a whole: every level of every country must have a recipient, on every day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from pydantic import ValidationError

from desk_sync.adapters.mapping.escalation import (
    AbsenceSection,
    DutySection,
    EscalationSection,
    PostSection,
    matrix_of,
    staff_of,
)
from desk_sync.adapters.yaml.problems import Contradiction, closest, did_you_mean, listed, pairs
from desk_sync.domain.escalation.matrix import EscalationLocation, MatrixGap, gaps
from desk_sync.domain.escalation.staff import DutyDays
from desk_sync.domain.escalation.us_states import US_STATES

_HERE = ("escalation",)


def contradictions(root: object) -> Iterator[Contradiction]:
    """Yield each contradiction with path, message and hint; none if a single value is wrong: that is reported first."""
    try:
        section = EscalationSection.model_validate(root.get("escalation") if isinstance(root, dict) else None)
    except ValidationError:
        return
    found = [*_regions(root, section), *(each for check in _CHECKS for each in check(section))]
    yield from found or _gaps(root, section)


def _regions(root: object, section: EscalationSection) -> Iterator[Contradiction]:
    """Check that the matrix has exactly the regions of `regions.countries` (C10)."""
    regions = [str(region) for region, _ in pairs(root, "regions", "countries")]
    for region in section.matrix:
        if regions and region not in regions:
            hint = did_you_mean(closest(region, regions))
            yield (*_HERE, "matrix", region), f"{region} has no countries in regions.countries", hint
    for region in regions:
        if region not in section.matrix:
            yield (*_HERE, "matrix", region), "is missing: no role answers in this region", None


def _roles_are_declared(section: EscalationSection) -> Iterator[Contradiction]:
    for region, levels in section.matrix.items():
        for level, posts in levels.items():
            for index, post in enumerate(posts):
                role = post.role if isinstance(post, PostSection) else post
                if role not in section.roles:
                    path = (*_HERE, "matrix", region, level, index)
                    yield path, f"{role} is not one of the roles", did_you_mean(closest(role, section.roles))


def _people_are_declared(section: EscalationSection) -> Iterator[Contradiction]:
    for role, duties in section.roles.items():
        for index, duty in enumerate(duties):
            name = duty.person if isinstance(duty, DutySection) else duty
            if name not in section.people:
                path = (*_HERE, "roles", role, index)
                yield path, f"{name} is not one of the people", did_you_mean(closest(name, section.people))


def _deputies_are_declared(section: EscalationSection) -> Iterator[Contradiction]:
    known = [*section.people, *section.roles]
    for path, absence in _absences(section):
        if absence.deputy is not None and absence.deputy not in known:
            hint = did_you_mean(closest(absence.deputy, known))
            yield (*path, "deputy"), f"{absence.deputy} is neither one of the people nor a role", hint


def _names_are_unique(section: EscalationSection) -> Iterator[Contradiction]:
    for name in section.people:
        if name in section.roles:
            yield (*_HERE, "people", name), f"{name} is a role already", None


def _last_ladder_is_for_everything(section: EscalationSection) -> Iterator[Contradiction]:
    last = section.ladders[-1]
    if last.because or last.regions or last.severities:
        yield (
            (*_HERE, "ladders", len(section.ladders) - 1),
            "the last ladder must apply to everything: remove because, regions and severities",
            None,
        )
    for index, ladder in enumerate(section.ladders):
        for place, region in enumerate(ladder.regions):
            if region not in section.matrix:
                path = (*_HERE, "ladders", index, "regions", place)
                yield path, f"{region} is not in the matrix", did_you_mean(closest(region, section.matrix))


def _texts_include_english(section: EscalationSection) -> Iterator[Contradiction]:
    if "en" not in section.public_updates.texts:
        yield (*_HERE, "public_updates", "texts"), "en is missing: it is used for every other language", None


_CHECKS = (
    _roles_are_declared,
    _people_are_declared,
    _deputies_are_declared,
    _names_are_unique,
    _last_ladder_is_for_everything,
    _texts_include_english,
)


def _absences(section: EscalationSection) -> Iterator[tuple[tuple[object, ...], AbsenceSection]]:
    for name, person in section.people.items():
        for index, absence in enumerate(person.absences):
            yield (*_HERE, "people", name, "absences", index), absence


def _gaps(root: object, section: EscalationSection) -> Iterator[Contradiction]:
    """Yield one mistake for each region and stretch of days in which a level of a country has no recipient."""
    matrix, staff = matrix_of(section), staff_of(section)
    for region in section.matrix:
        places: dict[DutyDays, set[str]] = {}
        for gap in gaps(matrix, staff, _locations(region, _countries(root, region))):
            places.setdefault(gap.days, set()).add(_named(gap))
        for days, named in places.items():
            concerned = ", ".join(sorted(named)) if len(named) <= _MAX_NAMED else "every country"
            message = f"no role is staffed at any level {_between(days)} for {concerned}"
            yield (*_HERE, "matrix", region), message, None


# A longer list of countries would hide the days.
_MAX_NAMED = 5


def _countries(root: object, region: str) -> Sequence[str]:
    return [country for _, country, named in listed(root, "regions", "countries") if named == region]


def _locations(region: str, countries: Sequence[str]) -> Iterator[EscalationLocation]:
    """Yield an unknown country, every country of the region, and every state of the USA."""
    yield EscalationLocation(region=region)
    for country in countries:
        yield EscalationLocation(region=region, country=country)
    if "US" in countries:
        yield from (EscalationLocation(region=region, country="US", state=state) for state in sorted(US_STATES))


def _named(gap: MatrixGap) -> str:
    return gap.location.state or gap.location.country or "an unknown country"


def _between(days: DutyDays) -> str:
    first = f"from {days.first}" if days.first != date.min else ""
    until = f"until {days.until}" if days.until != date.max else ""
    return " ".join(filter(None, (first, until))) or "on any day"
