"""A field that several tickets of a department cannot have is held back for all of them, and tried again by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from desk_sync.domain.ticket.ticket import Field
from tests.support.field_troubles import FieldTrouble
from tests.support.one_portal import POLICY, TICKET, MakePortal, OnePortal


class TestADepartment:
    """Several tickets that meet the same refusal hold the field back for their department, with one alarm."""

    OTHERS = tuple(f"10000000000000000{number}" for number in range(2, 7))

    @pytest.fixture
    def site(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.troubles[Field.SEVERITY] = FieldTrouble.INVALID
        return site

    def opens(self, site: OnePortal, *ticket_ids: str, **facts: Any) -> None:
        """Open more tickets of the account, and look at each."""
        first = site.desk.tickets[TICKET]
        for ticket_id in ticket_ids:
            opened = {"ticket_id": ticket_id, "large_user": False, "severity": "S2-Moderate", "threads": 1}
            site.desk.tickets[ticket_id] = replace(first, **opened | facts)
            site.world.receives(key=ticket_id, ticket_id=ticket_id, modified_at=site.world.now())
            site.world.look()

    def sent(self, site: OnePortal) -> int:
        return sum(Field.SEVERITY in values for values in site.desk.writes)

    def test_the_fourth_ticket_is_not_sent_the_field_and_says_so(self, site):
        site.world.look()
        self.opens(site, *self.OTHERS[:2])
        sent = self.sent(site)
        self.opens(site, self.OTHERS[3])

        [entry] = site.world.held_back.listed()
        assert (sent, self.sent(site)) == (3, 3)
        assert (entry.everywhere, len(entry.tickets)) == (True, 4)
        assert site.desk.tickets[self.OTHERS[3]].large_user

    def test_there_is_one_alarm_for_the_department(self, site):
        with capture_logs() as lines:
            site.world.look()
            self.opens(site, *self.OTHERS)

        alarms = [each for each in lines if each["event"] == "field.held_back_everywhere"]
        assert [each["mapping_key"] for each in alarms] == ["fields.severity"]

    def test_another_department_is_not_concerned(self, site):
        site.world.look()
        self.opens(site, *self.OTHERS[:2])
        site.desk.troubles.clear()
        self.opens(site, self.OTHERS[3], department_id="200000000000000002")

        assert site.desk.tickets[self.OTHERS[3]].severity == "S1-Critical"

    def test_one_ticket_tries_it_again_each_hour_for_all(self, site):
        site.world.look()
        self.opens(site, *self.OTHERS[:2])
        site.world.waits(minutes=61)
        before = self.sent(site)
        self.opens(site, *self.OTHERS[3:])

        assert self.sent(site) - before <= 4, "three that met it, and one that was elected"

    def test_when_desk_accepts_it_every_ticket_gets_it(self, site):
        site.world.look()
        self.opens(site, *self.OTHERS)
        site.desk.troubles.clear()
        site.world.waits(hours=1)
        site.runs(hours=1.1)

        assert {each.severity for each in site.desk.tickets.values()} == {"S1-Critical"}
        assert site.world.held_back.listed() == []

    def test_another_mapping_lifts_it(self, site):
        site.world.look()
        self.opens(site, *self.OTHERS[:2])
        site.desk.troubles.clear()
        site.world.policy = replace(POLICY, version="p2")
        self.opens(site, self.OTHERS[3])

        assert site.desk.tickets[self.OTHERS[3]].severity == "S1-Critical"
        assert self.OTHERS[3] not in site.world.held_back.everywhere("200000000000000001")

    def test_what_follows_from_a_tickets_own_values_is_never_held_back_for_others(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.mandatory = "cf_region"
        site.world.look()
        self.opens(site, *self.OTHERS[:3])
        site.desk.mandatory = None
        self.opens(site, self.OTHERS[4])

        assert site.desk.tickets[self.OTHERS[4]].severity == "S1-Critical"
