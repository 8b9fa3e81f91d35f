"""The people on duty for a role on a date: duties, absences, deputies."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from desk_sync.domain.escalation.staff import (
    ALWAYS,
    DutyDays,
    DutyPeriod,
    NoticeAddress,
    NoticeChannel,
    StaffAbsence,
    StaffMember,
    StaffRoster,
)

JUNE = DutyDays(date(2026, 6, 1), date(2026, 7, 1))
BEFORE, FIRST, LAST, AFTER = date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 30), date(2026, 7, 1)


def person(name: str, *absences: StaffAbsence, reachable: bool = True) -> StaffMember:
    mail = (NoticeAddress(NoticeChannel.MAIL, f"{name}@desk.example"),) if reachable else ()
    return StaffMember(name=name, addresses=mail, absences=absences)


def staff(*people: StaffMember, **roles: tuple[DutyPeriod, ...]) -> StaffRoster:
    return StaffRoster(people={each.name: each for each in people}, roles=roles)


def names(found: StaffRoster, role: str, on: date) -> list[str]:
    return [each.name for each in found.on_duty(role, on)]


@pytest.mark.parametrize(
    ("on", "there"),
    [
        pytest.param(BEFORE, [], id="the day before"),
        pytest.param(FIRST, ["ada"], id="the first day counts"),
        pytest.param(LAST, ["ada"], id="the last day before the end counts"),
        pytest.param(AFTER, [], id="the day that is named as the end does not"),
    ],
)
def test_a_duty_holds_from_its_first_day_until_its_end(on, there):
    assert names(staff(person("ada"), lead=(DutyPeriod("ada", JUNE),)), "lead", on) == there


@pytest.mark.parametrize(
    ("absences", "roles", "there"),
    [
        pytest.param((StaffAbsence(JUNE, "bob"),), {}, ["bob"], id="a person is the deputy"),
        pytest.param(
            (StaffAbsence(JUNE, "desk"),),
            {"desk": (DutyPeriod("bob"), DutyPeriod("cai"))},
            ["bob", "cai"],
            id="a role is the deputy",
        ),
        pytest.param((StaffAbsence(JUNE),), {}, [], id="no deputy"),
        pytest.param((StaffAbsence(JUNE, "desk"),), {"desk": ()}, [], id="a placeholder as deputy names no people"),
        pytest.param((StaffAbsence(JUNE, "lead"),), {}, [], id="one's own role is no deputy"),
        pytest.param((StaffAbsence(JUNE, "gone"),), {}, [], id="a name that is not in the mapping"),
    ],
)
def test_a_deputy_is_on_duty_while_a_person_is_absent(absences, roles, there):
    found = staff(person("ada", *absences), person("bob"), person("cai"), lead=(DutyPeriod("ada"),), **roles)

    assert names(found, "lead", LAST) == there
    assert names(found, "lead", AFTER) == ["ada"]


def test_two_deputies_of_each_other_leave_the_role_empty_while_both_are_absent():
    found = staff(
        person("ada", StaffAbsence(JUNE, "bob")), person("bob", StaffAbsence(JUNE, "ada")), lead=(DutyPeriod("ada"),)
    )

    assert names(found, "lead", FIRST) == []


def test_a_deputy_who_holds_the_role_too_is_on_duty_once():
    found = staff(person("ada", StaffAbsence(JUNE, "bob")), person("bob"), lead=(DutyPeriod("ada"), DutyPeriod("bob")))

    assert names(found, "lead", FIRST) == ["bob"]


@pytest.mark.parametrize(
    ("role", "staffed"),
    [
        pytest.param("held", True, id="held by a person"),
        pytest.param("placeholder", True, id="a placeholder counts as staffed"),
        pytest.param("over", False, id="not held that day"),
        pytest.param("unknown", False, id="removed from the mapping"),
    ],
)
def test_a_role_is_staffed_if_people_hold_it_that_day_or_it_is_a_placeholder(role, staffed):
    roles = {"held": (DutyPeriod("ada"),), "placeholder": (), "over": (DutyPeriod("ada", JUNE),)}

    assert StaffRoster(people={"ada": person("ada")}, roles=roles).staffed(role, AFTER) is staffed


def test_the_boundaries_are_the_days_on_which_a_duty_or_absence_begins_or_ends():
    away = StaffAbsence(DutyDays(date(2026, 8, 1), date(2026, 8, 15)))
    found = staff(person("ada", away), lead=(DutyPeriod("ada", JUNE),), other=(DutyPeriod("ada", ALWAYS),))

    assert found.boundaries() == {FIRST, AFTER, date(2026, 8, 1), date(2026, 8, 15)}


def test_roles_that_no_notice_reaches_are_named():
    found = staff(
        person("ada"),
        person("bob", reachable=False),
        b=(DutyPeriod("bob"),),
        a=(),
        c=(DutyPeriod("bob"), DutyPeriod("ada")),
    )

    assert found.out_of_reach() == ("a", "b")


def test_days_that_end_before_they_begin_are_refused():
    with pytest.raises(ValueError, match="the end must come after the beginning"):
        DutyDays(FIRST, FIRST)


def test_days_without_ends_are_all_days():
    assert all(day in ALWAYS for day in (date.min, FIRST, date.max - timedelta(days=1)))


def test_an_address_is_shown_with_its_channel():
    assert str(NoticeAddress(NoticeChannel.CHAT, "europe")) == "chat europe"
