"""The escalation matrix: which roles, for whom, and at whom each level ends (R38–R40, C20)."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.regions import Located
from desk_sync.domain.escalation.matrix import (
    LEVELS,
    Gap,
    Location,
    Matrix,
    Post,
    Territory,
    gaps,
    location_of,
    reach,
    successors,
)
from desk_sync.domain.escalation.staff import Absence, Address, Channel, Days, Duty, Person, Staff
from desk_sync.domain.reason import Reason

TODAY = date(2026, 11, 23)
JUNE = Days(date(2026, 6, 1), date(2026, 7, 1))
DE, GB, NOWHERE = (Location(region="EUROPE_UK", country=country) for country in ("DE", "GB", None))
US_EAST = Location(region="USA_CANADA", country="US", state="US-NY")
US = Location(region="USA_CANADA", country="US")
CANADA = Location(region="USA_CANADA", country="CA", state="CA-ON")

MATRIX = Matrix(
    cells={
        "EUROPE_UK": {
            1: (Post("desk"),),
            2: (
                Post("lead.uk", Territory(countries=frozenset({"GB"}))),
                Post("lead.europe", Territory(without=frozenset({"GB"}))),
            ),
            3: (Post("senior"), Post("manager")),
            4: (Post("pam.dach", Territory(countries=frozenset({"DE", "AT"}))),),
        },
        "USA_CANADA": {
            2: (Post("senior"), Post("lead.canada", Territory(countries=frozenset({"CA"})))),
            4: (
                Post("pam.east", Territory(states=frozenset({"US-NY"}))),
                Post("pam.west", Territory(states=frozenset({"US-CA"}))),
                Post("pam.canada", Territory(countries=frozenset({"CA"}))),
            ),
        },
    }
)


@pytest.mark.parametrize(
    ("level", "location", "roles"),
    [
        pytest.param(1, DE, ("desk",), id="one post for the whole region"),
        pytest.param(2, DE, ("lead.europe",), id="several posts: the one whose territory matches"),
        pytest.param(2, GB, ("lead.uk",), id="all but one country, and that one country"),
        pytest.param(2, NOWHERE, ("lead.uk", "lead.europe"), id="no territory matches an unknown country: all"),
        pytest.param(3, DE, ("senior", "manager"), id="two for the whole region: both"),
        pytest.param(2, CANADA, ("senior", "lead.canada"), id="a whole region matches too"),
        pytest.param(2, US, ("senior",), id="and alone where no part does"),
        pytest.param(4, US_EAST, ("pam.east",), id="by state"),
        pytest.param(4, US, ("pam.east", "pam.west", "pam.canada"), id="the state is not known: all"),
        pytest.param(1, US, (), id="an empty cell"),
        pytest.param(1, Location(region="ANZ", country="AU"), (), id="a region without cells"),
    ],
)
def test_a_cell_names_the_roles_whose_territory_matches(level, location, roles):
    assert MATRIX.roles(level, location) == roles


STAFF = Staff(
    people={name: Person(name=name) for name in ("ada", "bob", "cai")},
    roles={"a": (Duty("ada"),), "b": (Duty("bob"),), "c": (Duty("cai"), Duty("ada")), "gone": (Duty("ada", JUNE),)}
    | {"placeholder": ()},
)


@pytest.mark.parametrize(
    ("chain", "level", "found_at", "roles"),
    [
        pytest.param((("a",), ("b",), ("c",), ()), 2, 2, ("b",), id="somebody is there"),
        pytest.param((("a",), (), ("c",), ()), 2, 3, ("c",), id="nobody: the next level"),
        pytest.param((("a",), ("gone",), ("c",), ()), 2, 3, ("c",), id="nobody that day: the next level"),
        pytest.param((("a",), (), (), ()), 2, 1, ("a",), id="nobody above: back down"),
        pytest.param((("a",), ("b",), (), ()), 4, 2, ("b",), id="at level 4: the nearest lower one"),
        pytest.param((("a",), ("b", "gone"), (), ()), 2, 2, ("b",), id="of several, those who are there"),
        pytest.param((("a",), ("placeholder",), (), ()), 2, 2, ("placeholder",), id="a placeholder is somebody"),
    ],
)
def test_an_empty_cell_ends_at_another_level_under_its_own_number(chain, level, found_at, roles):
    found = reach(chain, level, STAFF, TODAY)

    assert (found.level, found.found_at, found.roles) == (level, found_at, roles)
    warned = [str(reason) for reason in found.reasons]
    said = f"C20: warning: nobody answers at level {level}; level {found_at} is told instead"
    assert warned == ([] if level == found_at else [said])


def test_where_nobody_is_anywhere_a_warning_says_so():
    found = reach(((), ("gone",), (), ()), 1, STAFF, TODAY)

    assert (found.roles, [str(reason) for reason in found.reasons]) == (
        (),
        ["C20: warning: nobody answers at any level"],
    )


def test_the_people_of_several_roles_are_told_once_each():
    assert [person.name for person in reach((("a", "c"),), 1, STAFF, TODAY).people] == ["ada", "cai"]


def test_when_nobody_of_a_level_could_be_told_the_people_of_the_next_levels_follow():
    chain = (("b",), ("a",), ("c",), ("placeholder",))

    assert [person.name for person in successors(chain, 2, STAFF, TODAY)] == ["cai", "bob"]


def test_a_gap_is_named_with_its_days():
    matrix = Matrix(cells={"ANZ": {1: (Post("gone"),), 2: (Post("a"),)}})
    away = Staff(
        people={"ada": Person(name="ada", absences=(Absence(Days(date(2026, 6, 10), date(2026, 6, 12))),))}
        | {"bob": Person(name="bob", absences=(Absence(Days(date(2026, 6, 10), date(2026, 6, 11))),))},
        roles={"a": (Duty("ada"),), "gone": (Duty("bob", JUNE),)},
    )
    location = Location(region="ANZ", country="AU")

    found = list(gaps(matrix, away, [location]))

    assert found == [
        Gap(location=location, level=level, days=Days(date(2026, 6, 10), date(2026, 6, 11))) for level in LEVELS
    ]


def test_neighbouring_stretches_without_anybody_are_one_gap():
    matrix = Matrix(cells={"ANZ": {1: (Post("gone"),)}})
    staff = Staff(
        people={"ada": Person(name="ada", addresses=(Address(Channel.MAIL, "ada@desk.example"),))},
        roles={"gone": (Duty("ada", JUNE),), "elsewhere": (Duty("ada", Days(date(2026, 9, 1))),)},
    )

    days = [gap.days for gap in gaps(matrix, staff, [Location(region="ANZ")]) if gap.level == 1]

    assert days == [Days(until=date(2026, 6, 1)), Days(date(2026, 7, 1))]


def test_a_matrix_in_which_somebody_is_always_there_has_no_gap():
    locations = [DE, GB, NOWHERE]
    matrix = Matrix(cells={"EUROPE_UK": {1: (Post("a"),)}})

    assert not list(gaps(matrix, STAFF, locations))
    assert all(
        reach(matrix.chain(location), level, STAFF, TODAY).roles for location, level in product(locations, LEVELS)
    )


@pytest.mark.parametrize(
    ("partner", "state"),
    [
        pytest.param(Partner(name="P", country="US", state="New York"), "US-NY", id="the partner's state"),
        pytest.param(Partner(name="P", country="DE", state="NY"), None, id="a partner of another country"),
        pytest.param(None, None, id="no partner is known"),
    ],
)
def test_where_the_ladder_is_follows_from_the_region_and_the_partners_state(partner, state):
    located = Located(region="USA_CANADA", country="US", reason=Reason("C17", "US"))

    assert location_of(located, partner) == Location(region="USA_CANADA", country="US", state=state)
