"""L16: things of different worth do not share a fate. A field that Desk does not accept costs that field."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from desk_sync.adapters.store.engine import open_engine
from desk_sync.domain.ticket.held_back import EVERY
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import NotPermitted, PermanentError, TemporaryError, Unreadable
from desk_sync.services.reconcile.reconcile import LookOutcome
from tests.support.field_troubles import FieldTrouble
from tests.support.makers import NOW, ROBOT
from tests.support.one_portal import ADDRESS, LIMIT, POLICY, TICKET, MakePortal, OnePortal, open_portal

WRITTEN = frozenset(
    {
        ADDRESS,
        Field.LARGE_USER,
        Field.SEVERITY,
        Field.STATUS,
        Field.PRIORITY,
        Field.ASSIGNEE,
        Field.TEAM,
        Field.ACKNOWLEDGEMENT_DUE,
        Field.DETERMINATION_DUE,
        Field.RESOLUTION_DUE,
        Field.CLOCK_STATE,
        Field.NEXT_MILESTONE,
        Field.ESCALATION_LEVEL,
        Field.ESCALATION_OWNER,
    }
)
"""Every field that the ticket gets within its first hours."""


def raising(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def keeps_failing(site: OnePortal, error: Exception) -> None:
    """Make each write fail before Desk has it."""

    def fail() -> None:
        keeps_failing(site, error)
        raise error

    site.desk.before["write_ticket"] = fail


def test_the_fields_of_the_table_are_all_that_the_ticket_gets(make_portal: MakePortal):
    site = make_portal()
    site.runs(hours=8)

    assert {name for values in site.desk.writes for name in values} == WRITTEN


@pytest.fixture(scope="module")
def undisturbed(sqlite_template, tmp_path_factory):
    """What people see of the ticket after eight hours, without each of the fields; and its values after nine."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("undisturbed") / "store.sqlite3")
    engine = open_engine(f"sqlite:///{path}")
    portal = open_portal(engine)
    portal.runs(hours=8)
    seen = {field: portal.everything_else(field) for field in WRITTEN}
    portal.runs(hours=1)
    values = portal.values()
    engine.dispose()
    return seen, values


@pytest.mark.parametrize("trouble", FieldTrouble)
@pytest.mark.parametrize("field", sorted(WRITTEN))
def test_a_field_that_desk_does_not_accept_costs_that_field_until_it_accepts_it(
    make_portal: MakePortal, undisturbed, field, trouble
):
    portal, (seen, values) = make_portal(), undisturbed
    portal.desk.troubles[field] = trouble
    portal.runs(hours=8)
    assert portal.everything_else(field) == seen[field]
    assert portal.held_back().keys() == {field}

    portal.desk.troubles.clear()
    portal.runs(hours=1)
    assert portal.values() == values
    assert (portal.held_back(), portal.world.held_back.listed()) == ({}, [])


class TestAWriteThatIsRefusedAsAWhole:
    """Nothing that people must be told waits for it."""

    @pytest.mark.parametrize("trouble", [FieldTrouble.FORBIDDEN, FieldTrouble.UNNAMED])
    def test_comments_notices_levels_and_clocks_go_on(self, make_portal: MakePortal, trouble):
        undisturbed, site = make_portal(), make_portal()
        site.desk.troubles |= dict.fromkeys(WRITTEN, trouble)
        for each in (undisturbed, site):
            each.runs(hours=8)

        seen = {**site.everything_else(ADDRESS), "values": None}
        assert seen == {**undisturbed.everything_else(ADDRESS), "values": None}
        assert site.held_back().keys() >= {Field.LARGE_USER, Field.SEVERITY, Field.ASSIGNEE}

    def test_another_mandatory_field_holds_all_of_ours_back_until_it_is_filled(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.mandatory = "cf_region"
        site.runs(hours=0.1)
        reasons = {held.reason for held in site.held_back().values()}
        site.desk.mandatory = None
        site.person_changes_something_that_is_not_read()
        site.world.look()

        assert reasons == {"Desk requires another field first: cf_region is missing"}
        assert site.desk.tickets[TICKET].large_user
        assert site.held_back() == {}

    def test_a_write_without_an_answer_is_repeated_after_ever_longer_pauses(self, make_portal: MakePortal):
        site = make_portal()
        site.world.look()
        site.desk.writes.clear()
        while site.world.now() < NOW + 3 * EVERY:
            keeps_failing(site, TemporaryError("Desk did not answer"))
            site.runs(hours=0.01)
        levels, tries = site.everything_else(ADDRESS)["levels"], len(site.desk.writes)
        site.desk.before.clear()
        site.runs(hours=1.1)

        assert levels
        assert tries < 20
        assert (site.desk.tickets[TICKET].status, site.held_back()) == ("Escalated", {})

    def test_desk_is_asked_no_sooner_than_it_wants(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.before["write_ticket"] = raising(TemporaryError("busy", retry_after=timedelta(minutes=5)))
        site.world.look()
        assert site.desk.calls[-1] != "read_ticket"

        assert {held.try_again_at for held in site.held_back().values()} == {NOW + timedelta(minutes=5)}

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            pytest.param(Unreadable("too large"), "Desk did not answer the write", id="an answer that cannot be read"),
            pytest.param(
                PermanentError("400"), "Desk refuses the write and names no field: 400", id="a body that Desk refuses"
            ),
        ],
    )
    def test_an_error_that_is_no_fields_costs_the_write_and_nothing_else(self, make_portal: MakePortal, error, reason):
        site = make_portal()
        keeps_failing(site, error)
        outcomes = site.world.look()

        assert outcomes == [LookOutcome.RECONCILED]
        assert {held.reason for held in site.held_back().values()} == {reason}

    def test_credentials_that_are_refused_are_no_fault_of_the_fields(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.before["write_ticket"] = raising(NotPermitted("401"))

        assert site.world.look() == [LookOutcome.POSTPONED]
        assert site.held_back() == {}


class TestWhenItIsTriedAgain:
    @pytest.fixture
    def site(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.troubles[Field.SEVERITY] = FieldTrouble.INVALID
        site.world.look()
        site.desk.troubles.clear()
        return site

    def severity(self, site: OnePortal) -> Any:
        return site.desk.tickets[TICKET].severity

    def test_not_while_nothing_changes(self, site):
        site.world.tickets.look_now([TICKET], now=site.world.now())
        site.world.look()

        assert self.severity(site) == "S2-Moderate"

    def test_when_a_person_changed_the_ticket(self, site):
        site.person_changes_something_that_is_not_read()
        site.world.look()

        assert self.severity(site) == "S1-Critical"

    def test_when_a_sweep_finds_that_a_person_changed_it(self, site):
        site.world.waits(minutes=1)
        site.desk.person_sets(TICKET)
        site.world.tickets.look_now([TICKET], now=site.world.now())
        site.world.look()

        assert self.severity(site) == "S1-Critical"

    def test_when_the_mapping_changed(self, site):
        site.world.policy = replace(POLICY, version="p2")
        site.world.tickets.look_now([TICKET], now=site.world.now())
        site.world.look()

        assert self.severity(site) == "S1-Critical"

    def test_a_program_that_answers_every_try_is_answered_up_to_the_limit_only(self, site):
        """L14."""
        site.desk.troubles[Field.SEVERITY] = FieldTrouble.DROPPED
        site.desk.writes.clear()
        for number in range(2 * LIMIT):
            site.world.waits(seconds=1)
            site.desk.tickets[TICKET] = replace(site.desk.tickets[TICKET], modified_at=site.world.now())
            site.world.receives(key=f"k{number}", actor_id=ROBOT, modified_at=site.world.now())
            site.world.look()

        assert len(site.desk.writes) < LIMIT

    def test_a_persons_value_is_not_replaced_by_an_action_that_waits(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.troubles[Field.PRIORITY] = FieldTrouble.INVALID
        site.runs(hours=3.5)
        site.desk.troubles.clear()
        site.desk.person_sets(TICKET, priority="Low")
        site.runs(hours=1)

        assert site.desk.tickets[TICKET].priority == "Low"
        assert site.held_back() == {}


class TestTheNote:
    """It tells what Desk did not accept, from the look on at which it did not."""

    REFUSED = "could not be written: Desk refuses the value as invalid."
    REPLACED = "Customer Primary Email Address was user@large.example before"

    def test_it_says_which_value_is_missing_and_what_to_do_until_desk_accepts_it(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.troubles[Field.SEVERITY] = FieldTrouble.INVALID
        site.world.look()
        [refused] = site.desk.comments[TICKET]
        site.desk.troubles.clear()
        site.runs(hours=1.1)

        assert refused.startswith("Large account: ")
        assert f"Severity {self.REFUSED}" in refused
        assert "\nTo do: set Severity to S1-Critical by hand" in refused
        [accepted] = [text for text in site.desk.comments[TICKET] if "The clocks, as of" in text]
        assert accepted.startswith("Severity 1: ")
        assert "could not be written" not in accepted

    def test_it_has_the_address_that_was_replaced_once_desk_has_accepted_ours(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.troubles[ADDRESS] = FieldTrouble.INVALID
        site.world.look()
        [refused] = site.desk.comments[TICKET]
        site.desk.troubles.clear()
        site.runs(hours=1.1)

        assert (self.REPLACED in refused, f"Customer Primary Email Address {self.REFUSED}" in refused) == (False, True)
        assert self.REPLACED in site.desk.comments[TICKET][0]

    def test_it_waits_for_a_write_that_has_no_answer_yet(self, make_portal: MakePortal):
        site = make_portal()
        keeps_failing(site, TemporaryError("Desk did not answer"))
        site.world.look()
        before = list(site.desk.comments[TICKET])
        site.desk.before.clear()
        site.runs(hours=0.1)

        assert before == []
        assert site.desk.comments[TICKET][0].startswith("Severity 1: ")


class TestWhoChangedIt:
    """L7, and the rules of a portal that act within our own write."""

    def test_a_rule_that_replaces_our_value_is_no_person_after_a_persons_other_change(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.troubles[Field.NEXT_MILESTONE] = FieldTrouble.CHANGED
        site.world.look()
        site.world.waits(minutes=1)
        site.desk.person_sets(TICKET, product="CRM")
        site.world.receives(key="other", state="else", modified_at=site.world.now())
        site.world.look()

        assert site.world.tickets.history(TICKET).memory.fields.overrides == {}
        assert site.held_back().keys() == {Field.NEXT_MILESTONE}

    def test_a_rule_that_undoes_an_earlier_value_of_ours_within_our_write_is_no_person(self, make_portal: MakePortal):
        site = make_portal()
        site.world.look()
        site.world.waits(hours=1)
        site.desk.side_effects = {"large_user": False}
        site.world.look()
        site.desk.side_effects = {}
        site.world.waits(minutes=1)
        site.desk.person_sets(TICKET, product="CRM")
        site.world.receives(key="other", state="else", modified_at=site.world.now())
        site.world.look()

        assert site.world.tickets.history(TICKET).memory.fields.overrides == {}
        assert site.desk.tickets[TICKET].large_user

    def test_a_persons_later_change_of_a_value_that_a_rule_set_stays(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.troubles[Field.NEXT_MILESTONE] = FieldTrouble.CHANGED
        site.world.look()
        site.world.waits(minutes=1)
        site.desk.person_sets(TICKET, next_milestone="mine")
        site.world.receives(key="other", state="else", modified_at=site.world.now())
        site.world.look()

        assert site.desk.tickets[TICKET].next_milestone == "mine"

    def test_what_a_person_changes_between_two_calls_of_one_write_is_not_overwritten(self, make_portal: MakePortal):
        site = make_portal()
        site.desk.troubles[Field.CLOCK_STATE] = FieldTrouble.UNNAMED

        def person_acts():
            site.desk.person_sets(TICKET, acknowledgement_due="2026-12-24T00:00Z", next_milestone="ours already")

        def at_the_second_call():
            site.desk.before["write_ticket"] = person_acts

        site.desk.before["write_ticket"] = at_the_second_call
        site.world.look()

        held = {name: each.reason for name, each in site.held_back().items()}
        assert site.desk.tickets[TICKET].acknowledgement_due == "2026-12-24T00:00Z"
        assert held[Field.ACKNOWLEDGEMENT_DUE] == "the field was changed between our reading and our write"
