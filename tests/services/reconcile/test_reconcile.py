"""One look, on a real store and a Desk in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.adapters.desk import calls
from desk_sync.domain.account.licence_policy import AccountScope
from desk_sync.domain.ticket.event import EventHint
from desk_sync.domain.ticket.ticket import Field, digest
from desk_sync.errors import Gone, NotPermitted, NotSent, TemporaryError
from desk_sync.ports.tickets import ParkCause
from desk_sync.services.reconcile.reconcile import LookLimits, LookOutcome
from tests.support.fake_desk import Died
from tests.support.makers import ADMIN, POLICY, make_account, make_item, make_ticket

TICKET = make_ticket(severity="S2-Moderate").ticket_id


def raising(error):
    def act():
        raise error

    return act


def test_a_ticket_of_a_large_account_is_written_once(desk, world):
    world.receives(state=None)

    assert world.look() == [LookOutcome.RECONCILED]
    assert (desk.tickets[TICKET].large_user, desk.tickets[TICKET].severity) == (True, "S1-Critical")
    assert desk.calls == ["read_ticket", "write_ticket", "add_comment"]


class TestWritingByDifference:
    """L5."""

    def test_our_echo_costs_no_call(self, desk, world):
        before = digest(desk.tickets[TICKET])
        world.receives(state=None)
        world.look()
        desk.calls.clear()

        world.receives(key="echo", state=digest(desk.tickets[TICKET]), before=before, actor_id="robot")

        assert world.look() == [LookOutcome.NOTHING_NEW]
        assert desk.calls == []

    def test_an_echo_that_overtakes_the_record_of_our_write_costs_no_call(self, desk, world):
        before = digest(desk.tickets[TICKET])
        world.receives(state=None)
        desk.after["write_ticket"] = lambda: world.receives(
            key="echo", state=digest(desk.tickets[TICKET]), before=before, actor_id="robot"
        )
        world.look()
        desk.calls.clear()

        assert world.look() == [LookOutcome.NOTHING_NEW]
        assert desk.calls == []

    def test_a_field_that_changed_and_changed_back_is_looked_at_and_not_written(self, desk, world):
        world.receives(state=None)
        world.look()
        desk.calls.clear()

        world.receives(key="later", state=digest(desk.tickets[TICKET]), before="another state")

        assert world.look() == [LookOutcome.RECONCILED]
        assert desk.calls == ["read_ticket"]

    def test_many_events_of_one_ticket_are_one_look(self, desk, world):
        for number in range(5):
            world.receives(key=f"k{number}", state=f"s{number}")

        assert world.look() == [LookOutcome.RECONCILED]
        assert desk.count("read_ticket") == 1


def test_an_event_that_comes_during_a_look_is_not_lost(desk, world):
    world.receives(state=None)
    desk.after["read_ticket"] = lambda: world.receives(key="meanwhile", state="changed again")

    world.look()

    assert world.look() == [LookOutcome.RECONCILED]


class TestAPersonsEdit:
    """L7, over two looks."""

    def test_it_wins_and_is_recorded(self, desk, world):
        world.receives(state=None)
        world.look()
        desk.person_sets(TICKET, severity="S3-Minimal")
        world.receives(key="edit", state="lowered", changed=frozenset({Field.SEVERITY}))

        world.look()

        assert desk.tickets[TICKET].severity == "S3-Minimal"
        assert set(world.tickets.history(TICKET).memory.fields.overrides) == {Field.SEVERITY}

    @pytest.mark.parametrize(
        ("seconds", "severity"),
        [
            pytest.param(60, "S3-Minimal", id="a slow look reads again"),
            pytest.param(1, "S1-Critical", id="one second is not seen"),
        ],
    )
    def test_it_wins_over_a_look_that_read_the_ticket_before_it(self, desk, world, seconds, severity):
        def person_acts():
            world.waits(seconds=seconds)
            desk.person_sets(TICKET, severity="S3-Minimal")

        world.receives(state=None)
        desk.after["read_ticket"] = person_acts
        world.look()

        assert desk.tickets[TICKET].severity == severity

    def test_an_edit_by_our_own_agent_is_none(self, desk, world):
        world.receives(state=None)
        world.look()
        desk.tickets[TICKET] = replace(desk.tickets[TICKET], severity="S3-Minimal")
        world.receives(
            key="edit", state="lowered", changed=frozenset({Field.SEVERITY}), actor_id=world.portal.own_agent()
        )

        world.look()

        assert desk.tickets[TICKET].severity == "S1-Critical"


class TestEffectsHappenOnce:
    """L6."""

    @pytest.fixture(autouse=True)
    def undecided(self, world):
        world.imports(make_account(items=(make_item(88, status="unpaid"),)))
        world.receives(state=None)

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_a_death_around_the_call_neither_loses_nor_doubles_the_note(self, desk, world, moment):
        desk.dies(**{moment: "add_comment"})
        with pytest.raises(Died):
            world.look()
        world.waits(minutes=2)

        assert world.look() == [LookOutcome.RECONCILED]
        assert len(desk.comments[TICKET]) == 1

    def test_a_worker_whose_ticket_was_taken_meanwhile_makes_no_note(self, desk, world):
        desk.dies(before="add_comment")
        with pytest.raises(Died):
            world.look()
        world.waits(minutes=2)

        def another_takes_it():
            world.waits(minutes=2)
            world.claim()

        desk.after["edit_comment"] = another_takes_it

        assert world.look() == [LookOutcome.LEASE_LOST]
        assert not desk.comments[TICKET]

    def test_the_lease_holds_while_a_slow_desk_takes_the_note(self, desk, world):
        meanwhile = []
        desk.after["read_ticket"] = lambda: world.waits(seconds=44)

        def another_comes():
            world.waits(seconds=20)
            meanwhile.extend(world.claim())

        desk.before["add_comment"] = another_comes

        assert world.look() == [LookOutcome.RECONCILED]
        assert meanwhile == []

    def test_a_lease_that_is_renewed_outlasts_the_longest_call(self):
        assert calls.TIMEOUT < LookLimits().call < LookLimits().lease

    def test_the_note_is_not_repeated_on_later_looks(self, desk, world):
        world.look()
        world.receives(key="later", state="else")
        world.look()

        assert len(desk.comments[TICKET]) == 1
        assert desk.count("has_comment") == 0

    def test_our_own_note_coming_back_costs_no_call(self, desk, world):
        world.look()
        desk.calls.clear()
        (reference,) = world.references()
        world.receives(key="c", type="Ticket_Comment_Add", hint=EventHint.CONVERSATION, reference=reference)

        assert world.look() == [LookOutcome.NOTHING_NEW]
        assert desk.calls == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_around_a_write_leaves_no_doubt_whose_value_it_is(desk, world, moment):
    world.receives(state=None)
    desk.dies(**{moment: "write_ticket"})
    with pytest.raises(Died):
        world.look()
    world.waits(minutes=2)
    world.look()
    desk.person_sets(TICKET, severity="S3-Minimal")
    world.receives(key="edit", state="lowered", changed=frozenset({Field.SEVERITY}))
    world.look()

    assert desk.tickets[TICKET].large_user
    assert desk.tickets[TICKET].severity == "S3-Minimal"


class TestTrouble:
    def test_a_deleted_ticket_is_never_looked_at_again(self, desk, world):
        world.receives(state=None)
        desk.before["read_ticket"] = raising(Gone("gone"))

        assert world.look() == [LookOutcome.GONE]
        assert world.look() == []

    def test_a_temporary_error_is_tried_again_after_its_pause(self, desk, world):
        world.receives(state=None)
        desk.before["read_ticket"] = raising(TemporaryError("busy", retry_after=timedelta(minutes=5)))

        assert world.look() == [LookOutcome.POSTPONED]
        world.waits(minutes=4)
        assert world.look() == []
        world.waits(minutes=2)
        assert world.look() == [LookOutcome.RECONCILED]

    def test_a_day_of_outages_parks_nothing(self, desk, world):
        world.receives(state=None)
        for _ in range(20):
            desk.before["read_ticket"] = raising(TemporaryError("down"))
            world.look()
            world.waits(minutes=10)

        assert world.look() == [LookOutcome.RECONCILED]

    def test_a_portal_that_refuses_us_is_asked_again_for_as_long_as_it_takes(self, desk, world):
        world.receives(state=None)
        for _ in range(20):
            desk.before["read_ticket"] = raising(NotPermitted("SCOPE_MISMATCH"))
            assert world.look() == [LookOutcome.POSTPONED]
            world.waits(minutes=10)

        assert world.look() == [LookOutcome.RECONCILED]

    @pytest.mark.parametrize(
        ("call", "status"),
        [
            pytest.param("read_ticket", "live", id="the ticket"),
            pytest.param("read_threads", "live", id="its mails"),
            pytest.param("write_ticket", "live", id="box and severity"),
            pytest.param("add_comment", "unpaid", id="a note, as a person must decide"),
        ],
    )
    def test_a_call_that_was_not_made_ends_the_look_and_costs_nothing(self, desk, world, call, status):
        desk.tickets[TICKET] = replace(desk.tickets[TICKET], threads=3, created_at=world.now())
        world.imports(make_account(items=(make_item(88, status=status),)))
        world.receives(state=None)
        desk.before[call] = raising(NotSent("no call to Desk without Redis", retry_after=timedelta(seconds=2)))

        outcomes = world.look()
        history = world.tickets.history(TICKET)
        world.waits(seconds=2)

        assert outcomes == [LookOutcome.POSTPONED]
        assert (history.attempts, history.memory.fields.held_back, history.memory.comments.waiting) == (0, {}, {})
        assert world.look() == [LookOutcome.RECONCILED]

    def test_what_fails_at_a_part_of_the_look_alone_is_tried_after_ever_longer_pauses(self, desk, world):
        world.receives(state=None)
        desk.tickets[TICKET] = replace(desk.tickets[TICKET], threads=3, created_at=world.now())
        looks, begun_at = 0, world.now()
        while world.now() - begun_at < timedelta(hours=6):
            desk.before["read_threads"] = raising(TemporaryError("Desk answered 500"))
            looks += len(world.look())
            world.waits(seconds=30)

        assert 36 <= looks <= 50

    def test_a_parked_ticket_is_looked_at_again_when_a_person_releases_it(self, desk, world):
        world.receives(state=None)
        (lease,) = world.claim()
        world.tickets.park(lease, now=world.now(), error="Desk answered 400", cause=ParkCause.TICKET)

        world.tickets.look_now([TICKET], now=world.now())

        assert world.look() == [LookOutcome.RECONCILED]

    def test_a_fault_of_ours_is_tried_again_and_parked_in_the_end(self, desk, world):
        world.receives(state=None)
        outcomes = []
        for _ in range(LookLimits().attempts + 1):
            desk.before["read_ticket"] = raising(KeyError("bug"))
            outcomes += world.look()
            world.waits(hours=1)

        assert outcomes == [LookOutcome.POSTPONED] * LookLimits().attempts + [LookOutcome.PARKED]

    def test_a_worker_that_lost_its_lease_records_nothing(self, desk, world):
        """L3."""
        world.receives(state=None)

        def another_takes_it():
            world.waits(minutes=5)
            world.claim()

        desk.after["write_ticket"] = another_takes_it

        assert world.look() == [LookOutcome.LEASE_LOST]
        assert world.tickets.history(TICKET).decisions == []


def test_accounts_on_one_domain_can_count_together(desk, world):
    world.imports(make_account(40), make_account(30, account_id="A2", super_admin_email="b@large.example"))
    world.policy = replace(POLICY, licences=replace(POLICY.licences, per=AccountScope.DOMAIN))
    world.receives(state=None)
    world.look()

    assert desk.tickets[TICKET].large_user
    assert world.tickets.history(TICKET).decisions[0].decision.licences == 70


def test_the_history_has_the_reasons(desk, world):
    world.receives(state=None)
    world.look()

    (past,) = world.tickets.history(TICKET).decisions

    assert (past.decision.verdict, past.decision.licences, past.decision.account_id) == ("PRIORITY", 88, "A1")
    assert "R42: 88 licences against >= 60" in map(str, past.decision.reasons)
    assert ADMIN not in "".join(map(str, past.decision.reasons))


@pytest.mark.parametrize(
    ("urgency", "outcome"),
    [
        pytest.param(1, LookOutcome.RECONCILED, id="the worst may use the reserve"),
        pytest.param(2, LookOutcome.POSTPONED, id="the next worst may not"),
    ],
)
def test_when_credits_run_low_only_the_most_urgent_tickets_are_looked_at(world, desk, urgency, outcome):
    world.receives(state=None)
    [lease] = world.claim()
    world.budget.worst_only = True

    assert world.reconcile().look(replace(lease, urgency=urgency)) is outcome
    assert desk.count("read_ticket") == (urgency == 1)


def test_a_look_that_the_budget_does_not_allow_is_made_after_its_pause(world):
    world.receives(state=None)
    world.budget.paused = timedelta(minutes=2)
    world.look()

    history = world.tickets.history(TICKET)
    assert (history.look_at, history.attempts) == (world.now() + timedelta(minutes=2), 0)
