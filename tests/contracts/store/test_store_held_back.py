"""The port HeldBackStore, and what the looks record of held-back fields."""

from __future__ import annotations

import pytest

from desk_sync.adapters.store.held_back import SqlHeldBack
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.domain.ticket.held_back import EVERY, FieldRefusal, RefusalKind, hold_back
from desk_sync.domain.ticket.ticket import Field
from desk_sync.ports.held_back import DepartmentHold, HeldBackField, HeldBackOnTicket
from tests.contracts.store.steps import A_WHILE, begin, claim_due, finish, take
from tests.support.makers import NOW, make_event

DEPARTMENT = "200000000000000001"
INVALID = FieldRefusal(kind=RefusalKind.INVALID)


@pytest.fixture
def held_back(engine):
    return SqlHeldBack(engine, "default")


@pytest.fixture
def look(inbox, tickets):
    """Record a look at a ticket on which these fields are held back."""

    def look(ticket_id, *fields, refusal=INVALID, now=NOW, department_id=DEPARTMENT):
        inbox.record([make_event(key=f"{ticket_id} {now}", ticket_id=ticket_id)], now=now)
        held = {name: hold_back(refusal, None, value="x", found=None, now=now, mapping="p1") for name in fields}
        finish(tickets, now=now, held_back=HeldBackOnTicket(department_id=department_id, fields=held))

    return look


def spread(held_back, refusal=INVALID, department_id=DEPARTMENT, **facts):
    given = {"mapping": "p1", "now": NOW, "until": NOW + EVERY} | facts
    return held_back.spread(department_id, {Field.SEVERITY: refusal}, **given)


@pytest.fixture
def hold(held_back, look):
    """A hold of the department, after three tickets."""
    for ticket_id in ("1", "2", "3"):
        look(ticket_id, Field.SEVERITY)
    spread(held_back)
    return held_back.everywhere(DEPARTMENT)[Field.SEVERITY]


class TestTheListForPeople:
    def test_it_has_one_entry_for_a_field_a_department_and_a_reason(self, held_back, look):
        look("1", Field.SEVERITY, Field.STATUS)
        look("2", Field.SEVERITY, now=NOW + A_WHILE)
        look("3", Field.SEVERITY, refusal=FieldRefusal(kind=RefusalKind.MISSING, detail="cf_x"), now=NOW + 2 * A_WHILE)

        first, second, third = held_back.listed()
        assert first == HeldBackField(
            field=Field.SEVERITY,
            reason=INVALID.reason,
            department_id=DEPARTMENT,
            since=NOW,
            try_again_at=NOW + EVERY,
            tickets=["1", "2"],
            everywhere=False,
        )
        assert (second.field, second.tickets) == (Field.STATUS, ["1"])
        assert third.reason == "Desk requires another field first: cf_x"

    def test_a_later_look_replaces_what_is_held_back_on_the_ticket(self, held_back, look):
        look("1", Field.SEVERITY)
        look("1", Field.STATUS, now=NOW + A_WHILE)

        assert held_back.count() == {Field.STATUS: 1}

    def test_a_look_that_holds_nothing_back_empties_it(self, held_back, look):
        look("1", Field.SEVERITY)
        look("1", now=NOW + A_WHILE)

        assert held_back.listed() == []

    def test_a_ticket_that_is_gone_leaves_it(self, held_back, look, tickets):
        look("1", Field.SEVERITY)
        tickets.look_now(["1"], now=NOW + A_WHILE)
        lease = take(tickets, now=NOW + A_WHILE)
        begin(tickets, lease, now=NOW + A_WHILE)
        tickets.end(lease, now=NOW + A_WHILE)

        assert held_back.listed() == []

    def test_each_portal_has_its_own(self, look, engine):
        look("1", Field.SEVERITY)
        other = SqlHeldBack(engine, "other")

        assert (other.listed(), other.count(), other.everywhere(DEPARTMENT)) == ([], {}, {})

    def test_the_metrics_have_the_same(self, look, engine):
        look("1", Field.SEVERITY)
        metrics = SqlMetrics(engine, "default")

        assert [each.field for each in metrics.held_back()] == [Field.SEVERITY]
        assert metrics.held_back_tickets() == {Field.SEVERITY: 1}


class TestADepartment:
    def test_it_takes_three_tickets_with_the_same_refusal(self, held_back, look):
        look("1", Field.SEVERITY)
        look("2", Field.SEVERITY)
        look("3", Field.SEVERITY, refusal=FieldRefusal(kind=RefusalKind.DROPPED))
        look("4", Field.SEVERITY, department_id="other")
        assert spread(held_back) == []

        look("5", Field.SEVERITY)
        assert spread(held_back) == [Field.SEVERITY]
        assert held_back.everywhere(DEPARTMENT) == {
            Field.SEVERITY: DepartmentHold(
                department_id=DEPARTMENT,
                field=Field.SEVERITY,
                refusal=INVALID,
                since=NOW,
                try_again_at=NOW + EVERY,
                mapping="p1",
            )
        }

    def test_it_begins_once(self, held_back, hold):
        assert spread(held_back, now=NOW + A_WHILE) == []
        assert held_back.everywhere(DEPARTMENT)[Field.SEVERITY] == hold

    def test_the_list_says_that_it_is_held_back_everywhere(self, held_back, hold):
        [entry] = held_back.listed()

        assert (entry.everywhere, entry.tickets) == (True, ["1", "2", "3"])

    def test_one_caller_is_elected_to_try_again(self, held_back, hold):
        until = NOW + 2 * EVERY

        assert [held_back.elect(hold, until=until), held_back.elect(hold, until=until)] == [True, False]
        assert held_back.everywhere(DEPARTMENT)[Field.SEVERITY].try_again_at == until

    def test_when_it_is_lifted_its_open_tickets_are_due(self, held_back, hold, tickets):
        assert held_back.lift(hold, now=NOW + A_WHILE) == 3
        assert held_back.everywhere(DEPARTMENT) == {}
        assert len(claim_due(tickets, now=NOW + A_WHILE)) == 3

    def test_lifting_it_twice_wakes_no_ticket_twice(self, held_back, hold):
        held_back.lift(hold, now=NOW + A_WHILE)

        assert held_back.lift(hold, now=NOW + A_WHILE) == 0
