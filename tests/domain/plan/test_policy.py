"""The admin's decisions as one value: modes, levels, and the facts that are worth a call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.account.licence_policy import RegionBy
from desk_sync.domain.account.partner import TaggedElsewhere
from desk_sync.domain.commitment.calendar import HolidayMode
from desk_sync.domain.commitment.regions import DeskCalendar, RegionBasis, SourcedCalendar, TicketOrigin
from desk_sync.domain.plan.policy import Mode
from tests.support.clock_scenes import COMMITMENT, REGIONS, WEEK
from tests.support.makers import (
    EDUCATION,
    ESCALATION,
    LICENCES,
    PARTNERS,
    PERSON,
    POLICY,
    QUESTIONS,
    ROBOT,
    TICKETS,
    make_account,
)

ELSEWHERE = replace(REGIONS, calendar_by=RegionBasis.CUSTOMER_COUNTRY, ladder_by=RegionBasis.DATA_CENTER)
NEEDS_NO_PARTNER = replace(
    POLICY,
    commitment=replace(COMMITMENT, regions=ELSEWHERE),
    partners=replace(PARTNERS, tagged_elsewhere=TaggedElsewhere.IGNORE),
)


def regions_by(**basis):
    return {"commitment": replace(COMMITMENT, regions=replace(ELSEWHERE, **basis))}


def test_a_department_without_a_mode_of_its_own_has_the_portals():
    rules = replace(TICKETS, mode=Mode.COMMENT, department_modes={"1": Mode.WRITE})

    assert [rules.mode_of(each) for each in ("1", "2")] == [Mode.WRITE, Mode.COMMENT]


@pytest.mark.parametrize(("severity", "level"), [("S1-Critical", 1), ("S3-Minimal", 3), ("odd", None), (None, None)])
def test_a_severity_that_the_mapping_does_not_name_has_no_level(severity, level):
    assert TICKETS.level(severity) == level


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"licences": replace(LICENCES, region_by=RegionBy.PARTNER_COUNTRY)}, True, id="the threshold"),
        pytest.param(regions_by(calendar_by=RegionBasis.PARTNER_COUNTRY), True, id="the calendar"),
        pytest.param(regions_by(ladder_by=RegionBasis.PARTNER_COUNTRY), True, id="the ladder"),
        pytest.param({"escalation": replace(ESCALATION, questions=QUESTIONS)}, True, id="basic questions"),
        pytest.param({"education": replace(EDUCATION, reply=True)}, True, id="education"),
        pytest.param({"partners": PARTNERS}, True, id="the tag of the account"),
    ],
)
def test_the_partner_is_looked_up_only_if_something_depends_on_it(changes, needed):
    assert replace(NEEDS_NO_PARTNER, **changes).asks_who_writes is needed


BY_CENTER = {
    "licences": replace(LICENCES, region_by=RegionBy.DATA_CENTER),
    "partners": replace(PARTNERS, mailboxes={"eu@desk.example": frozenset({"EU"})}),
}


@pytest.mark.parametrize(
    ("changes", "account", "needed"),
    [
        pytest.param({}, {}, True, id="nothing else gives the region"),
        pytest.param({"licences": LICENCES}, {}, False, id="the region follows the country"),
        pytest.param({"partners": PARTNERS}, {}, False, id="the mapping has no mailboxes"),
        pytest.param({}, {"data_centers": ("EU",)}, False, id="the account has a data centre"),
        pytest.param({}, {"regions": ("INDIA",)}, False, id="the account has a region"),
    ],
)
def test_the_mailbox_is_read_only_if_the_region_depends_on_it(changes, account, needed):
    """R61."""
    assert replace(POLICY, **BY_CENTER | changes).asks_mailbox(make_account(**account)) is needed


def test_our_own_agent_is_a_program_in_the_fields_and_in_the_conversation():
    policy = POLICY.knowing(PERSON)

    assert policy.tickets.automation_agents == policy.commitment.replies.automation_agents == {ROBOT, PERSON}


OFFICE = DeskCalendar(hours="Office", overrides={}, holiday_mode=HolidayMode.CIVIL_DATE)


def test_hours_from_desk_complete_the_calendars_that_refer_to_them():
    taken = replace(REGIONS, calendars=dict.fromkeys(REGIONS.calendars, OFFICE))
    policy = replace(POLICY, commitment=replace(COMMITMENT, regions=taken))
    sourced = SourcedCalendar(calendar=WEEK, origin="Desk")

    promise = policy.with_hours({"Office": sourced}).commitment.promise(TicketOrigin(partner_country="DE"), "p1")

    assert (promise.calendar, promise.calendar_from) == (WEEK, "Desk")
