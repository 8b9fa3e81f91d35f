"""The escalation matrix: the roles of each cell, and the recipients of each level (R38–R40, C20)."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.regions import RegionChoice
from desk_sync.domain.escalation.matrix import (
    LEVELS,
    EscalationLocation,
    EscalationMatrix,
    MatrixGap,
    MatrixPost,
    PostTerritory,
    find_recipients,
    find_stand_ins,
    gaps,
    location_of,
)
from desk_sync.domain.escalation.staff import (
    DutyDays,
    DutyPeriod,
    NoticeAddress,
    NoticeChannel,
    StaffAbsence,
    StaffMember,
    StaffRoster,
)
from desk_sync.domain.reason import Reason

TODAY = date(2026, 11, 23)
JUNE = DutyDays(date(2026, 6, 1), date(2026, 7, 1))
DE, GB, NOWHERE = (EscalationLocation(region="EUROPE_UK", country=country) for country in ("DE", "GB", None))
US_EAST = EscalationLocation(region="USA_CANADA", country="US", state="US-NY")
US = EscalationLocation(region="USA_CANADA", country="US")
UNLISTED = EscalationLocation(region="USA_CANADA", country="US", state="US-ZZ")
SOMEWHERE, MEXICO = (EscalationLocation(region="USA_CANADA", country=country) for country in (None, "MX"))
CANADA = EscalationLocation(region="USA_CANADA", country="CA", state="CA-ON")

MATRIX = EscalationMatrix(
    cells={
        "EUROPE_UK": {
            1: (MatrixPost("desk"),),
            2: (
                MatrixPost("lead.uk", PostTerritory(countries=frozenset({"GB"}))),
                MatrixPost("lead.europe", PostTerritory(without=frozenset({"GB"}))),
            ),
            3: (MatrixPost("senior"), MatrixPost("manager")),
            4: (MatrixPost("pam.dach", PostTerritory(countries=frozenset({"DE", "AT"}))),),
        },
        "USA_CANADA": {
            2: (MatrixPost("senior"), MatrixPost("lead.canada", PostTerritory(countries=frozenset({"CA"})))),
            4: (
                MatrixPost("pam.east", PostTerritory(states=frozenset({"US-NY"}))),
                MatrixPost("pam.west", PostTerritory(states=frozenset({"US-CA"}))),
                MatrixPost("pam.canada", PostTerritory(countries=frozenset({"CA"}))),
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
        pytest.param(4, US, ("pam.east", "pam.west"), id="the state is not known: all of the country, none of another"),
        pytest.param(4, UNLISTED, ("pam.east", "pam.west"), id="a state that is not listed: all of the country"),
        pytest.param(4, SOMEWHERE, ("pam.east", "pam.west", "pam.canada"), id="the country is not known: all"),
        pytest.param(4, MEXICO, ("pam.east", "pam.west", "pam.canada"), id="a country of no territory: all"),
        pytest.param(1, US, (), id="an empty cell"),
        pytest.param(1, EscalationLocation(region="ANZ", country="AU"), (), id="a region without cells"),
    ],
)
def test_a_cell_names_the_roles_whose_territory_matches(level, location, roles):
    assert MATRIX.roles(level, location) == roles


STAFF = StaffRoster(
    people={name: StaffMember(name=name) for name in ("ada", "bob", "cai")},
    roles={
        "a": (DutyPeriod("ada"),),
        "b": (DutyPeriod("bob"),),
        "c": (DutyPeriod("cai"), DutyPeriod("ada")),
        "gone": (DutyPeriod("ada", JUNE),),
    }
    | {"placeholder": ()},
)


@pytest.mark.parametrize(
    ("chain", "level", "found_at", "roles"),
    [
        pytest.param((("a",), ("b",), ("c",), ()), 2, 2, ("b",), id="the level is staffed"),
        pytest.param((("a",), (), ("c",), ()), 2, 3, ("c",), id="an empty level: the next one"),
        pytest.param((("a",), ("gone",), ("c",), ()), 2, 3, ("c",), id="not staffed that day: the next level"),
        pytest.param((("a",), (), (), ()), 2, 1, ("a",), id="no level above is staffed: back down"),
        pytest.param((("a",), ("b",), (), ()), 4, 2, ("b",), id="at level 4: the nearest lower one"),
        pytest.param((("a",), ("b", "gone"), (), ()), 2, 2, ("b",), id="of several roles, the staffed ones"),
        pytest.param((("a",), ("placeholder",), (), ()), 2, 2, ("placeholder",), id="a placeholder counts as staffed"),
    ],
)
def test_an_empty_level_is_answered_by_another_one_under_its_own_number(chain, level, found_at, roles):
    found = find_recipients(chain, level, STAFF, TODAY)

    assert (found.level, found.found_at, found.roles) == (level, found_at, roles)
    warnings = [str(reason) for reason in found.reasons]
    warning = f"C20: warning: nobody answers at level {level}; level {found_at} is told instead"
    assert warnings == ([] if level == found_at else [warning])


def test_a_warning_is_given_if_no_level_is_staffed():
    found = find_recipients(((), ("gone",), (), ()), 1, STAFF, TODAY)

    assert (found.roles, [str(reason) for reason in found.reasons]) == (
        (),
        ["C20: warning: nobody answers at any level"],
    )


def test_a_person_who_holds_several_roles_of_a_level_is_one_recipient():
    assert [person.name for person in find_recipients((("a", "c"),), 1, STAFF, TODAY).people] == ["ada", "cai"]


def test_the_stand_ins_of_a_level_are_the_people_of_the_next_levels_then_of_those_below():
    chain = (("b",), ("a",), ("c",), ("placeholder",))

    assert [person.name for person in find_stand_ins(chain, 2, STAFF, TODAY)] == ["cai", "bob"]


def test_a_gap_is_named_with_its_days():
    matrix = EscalationMatrix(cells={"ANZ": {1: (MatrixPost("gone"),), 2: (MatrixPost("a"),)}})
    away = StaffRoster(
        people={
            "ada": StaffMember(name="ada", absences=(StaffAbsence(DutyDays(date(2026, 6, 10), date(2026, 6, 12))),))
        }
        | {"bob": StaffMember(name="bob", absences=(StaffAbsence(DutyDays(date(2026, 6, 10), date(2026, 6, 11))),))},
        roles={"a": (DutyPeriod("ada"),), "gone": (DutyPeriod("bob", JUNE),)},
    )
    location = EscalationLocation(region="ANZ", country="AU")

    found = list(gaps(matrix, away, [location]))

    assert found == [
        MatrixGap(location=location, level=level, days=DutyDays(date(2026, 6, 10), date(2026, 6, 11)))
        for level in LEVELS
    ]


def test_adjacent_stretches_without_a_recipient_are_one_gap():
    matrix = EscalationMatrix(cells={"ANZ": {1: (MatrixPost("gone"),)}})
    staff = StaffRoster(
        people={"ada": StaffMember(name="ada", addresses=(NoticeAddress(NoticeChannel.MAIL, "ada@desk.example"),))},
        roles={"gone": (DutyPeriod("ada", JUNE),), "elsewhere": (DutyPeriod("ada", DutyDays(date(2026, 9, 1))),)},
    )

    days = [gap.days for gap in gaps(matrix, staff, [EscalationLocation(region="ANZ")]) if gap.level == 1]

    assert days == [DutyDays(until=date(2026, 6, 1)), DutyDays(date(2026, 7, 1))]


def test_a_matrix_that_is_always_staffed_has_no_gap():
    locations = [DE, GB, NOWHERE]
    matrix = EscalationMatrix(cells={"EUROPE_UK": {1: (MatrixPost("a"),)}})

    assert not list(gaps(matrix, STAFF, locations))
    assert all(
        find_recipients(matrix.chain(location), level, STAFF, TODAY).roles
        for location, level in product(locations, LEVELS)
    )


@pytest.mark.parametrize(
    ("partner", "state"),
    [
        pytest.param(Partner(name="P", country="US", state="New York"), "US-NY", id="the partner's state"),
        pytest.param(Partner(name="P", country="DE", state="NY"), None, id="a partner of another country"),
        pytest.param(None, None, id="no partner is known"),
    ],
)
def test_the_location_of_a_ladder_follows_from_the_region_and_the_partners_state(partner, state):
    located = RegionChoice(region="USA_CANADA", country="US", reason=Reason("C17", "US"))

    assert location_of(located, partner) == EscalationLocation(region="USA_CANADA", country="US", state=state)
