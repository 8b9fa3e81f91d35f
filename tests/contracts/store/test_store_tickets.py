"""The port TicketStore: the queue, the records of looks, and which worker may record (L2, L3, L6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.inbox import EventCounts
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.domain.plan.memory import AppliedValue, Memory, Override
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import LeaseLost
from desk_sync.ports.tickets import Lease, ParkedTicket, PastDecision
from tests.contracts.store.steps import (
    A_WHILE,
    DECISION,
    announce,
    begin,
    claim_due,
    finish,
    make_effect,
    make_look,
    take,
)
from tests.support.makers import NOW, make_event, make_memory

LATER = NOW + timedelta(hours=1)
RECORDS: Sequence[Any] = [
    pytest.param(lambda tickets, lease: begin(tickets, lease), id="begin a look"),
    pytest.param(lambda tickets, lease: announce(tickets, lease, make_effect()), id="announce"),
    pytest.param(lambda tickets, lease: tickets.renew(lease, until=LATER), id="renew"),
    pytest.param(lambda tickets, lease: tickets.finish_look(lease, make_look(at=LATER)), id="finish"),
    pytest.param(lambda tickets, lease: tickets.skip_look(lease), id="skip"),
    pytest.param(lambda tickets, lease: tickets.postpone(lease, look_at=LATER, error="no"), id="postpone"),
    pytest.param(lambda tickets, lease: tickets.park(lease, now=LATER, error="no"), id="park"),
    pytest.param(lambda tickets, lease: tickets.end(lease, now=LATER), id="end"),
]
Record = Callable[[SqlTickets, Lease], object]


class TestClaim:
    def test_nothing_is_due_in_an_empty_portal(self, tickets):
        assert not claim_due(tickets)

    def test_the_most_urgent_come_first_and_then_the_oldest(self, tickets):
        for ticket_id, urgency, minutes in [("mild", 3, 1), ("bad and new", 1, 3), ("bad and old", 1, 2)]:
            tickets.look_now([ticket_id], now=NOW)
            finish(tickets, urgency=urgency, next_look_at=NOW + timedelta(minutes=minutes))

        due = claim_due(tickets, now=LATER)

        assert [lease.ticket_id for lease in due] == ["bad and old", "bad and new", "mild"]

    def test_a_ticket_that_was_never_looked_at_counts_as_most_urgent(self, tickets):
        tickets.look_now(["known"], now=NOW)
        finish(tickets, urgency=2, next_look_at=NOW)
        tickets.look_now(["new"], now=LATER)

        assert claim_due(tickets, now=LATER, limit=1)[0].ticket_id == "new"

    def test_no_more_than_the_limit_are_claimed(self, tickets):
        tickets.look_now([f"t{n}" for n in range(5)], now=NOW)

        assert [len(claim_due(tickets, limit=3)) for _ in range(3)] == [3, 2, 0]

    @pytest.mark.parametrize(
        ("wait", "due"),
        [
            pytest.param(A_WHILE - timedelta(microseconds=1), 0, id="the lease still runs"),
            pytest.param(A_WHILE, 1, id="it has just run out"),
        ],
    )
    def test_a_leased_ticket_is_due_again_when_the_lease_has_run_out(self, tickets, wait, due):
        tickets.look_now(["t1"], now=NOW)
        claim_due(tickets)

        assert len(claim_due(tickets, now=NOW + wait)) == due

    def test_a_later_claim_has_a_higher_token(self, tickets):
        tickets.look_now(["t1"], now=NOW)
        first, second = take(tickets), take(tickets, now=LATER)

        assert second.token > first.token

    def test_a_ticket_is_due_from_its_instant_on(self, tickets):
        tickets.look_now(["t1"], now=LATER)

        assert not claim_due(tickets, now=LATER - timedelta(microseconds=1))
        assert claim_due(tickets, now=LATER)

    def test_portals_keep_apart(self, tickets, engine):
        tickets.look_now(["t1"], now=NOW)

        assert not claim_due(SqlTickets(engine, "other"))

    def test_two_workers_never_get_the_same_ticket(self, tickets, url):
        ticket_ids = {f"t{n}" for n in range(200)}
        tickets.look_now(ticket_ids, now=NOW)
        engines = [open_engine(url) for _ in range(4)]
        start = Barrier(len(engines))

        def work(worker: SqlTickets) -> list[str]:
            start.wait()
            got: list[str] = []
            while leases := claim_due(worker, limit=7):
                got += [lease.ticket_id for lease in leases]
            return got

        with ThreadPoolExecutor(len(engines)) as pool:
            shares = list(pool.map(work, [SqlTickets(each, "default") for each in engines]))
        for each in engines:
            each.dispose()

        assert Counter(ticket_id for share in shares for ticket_id in share) == Counter(ticket_ids)


class TestLease:
    @pytest.mark.parametrize("record", RECORDS)
    def test_a_worker_that_lost_its_lease_records_nothing(self, tickets, inbox, rows, record: Record):
        inbox.record([make_event(ticket_id="t1")], now=NOW)
        lost = take(tickets)
        begin(tickets, lost)
        begin(tickets, take(tickets, now=LATER), now=LATER)
        before = everything(rows)

        with pytest.raises(LeaseLost):
            record(tickets, lost)

        assert everything(rows) == before

    @pytest.mark.parametrize("record", RECORDS)
    def test_a_lease_that_was_given_back_records_nothing(self, tickets, rows, record: Record):
        tickets.look_now(["t1"], now=NOW)
        lease = take(tickets)
        tickets.skip_look(lease)
        before = everything(rows)

        with pytest.raises(LeaseLost):
            record(tickets, lease)

        assert everything(rows) == before

    def test_a_lease_that_ran_out_still_counts_while_no_other_worker_took_the_ticket(self, tickets):
        tickets.look_now(["t1"], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.finish_look(lease, make_look(at=LATER))

        assert tickets.history("t1").looked_at == LATER

    def test_a_lease_that_is_renewed_keeps_others_away_for_longer(self, tickets):
        tickets.look_now(["t1"], now=NOW)
        lease = take(tickets)
        tickets.renew(lease, until=LATER)

        assert not claim_due(tickets, now=LATER - timedelta(microseconds=1))
        assert claim_due(tickets, now=LATER)

    def test_beginning_a_look_extends_the_lease(self, tickets):
        tickets.look_now(["t1"], now=NOW)
        tickets.begin_look(take(tickets), now=NOW, until=LATER)

        assert not claim_due(tickets, now=LATER - timedelta(microseconds=1))


class TestBeginLook:
    def test_a_look_starts_from_its_events_in_the_order_in_which_they_happened(self, tickets, inbox):
        late, early = make_event(key="a", occurred_at=LATER), make_event(key="b")
        inbox.record([late, early], now=LATER)

        assert begin(tickets, take(tickets, now=LATER), now=LATER).events == [early, late]

    def test_a_look_does_not_see_what_earlier_looks_have_processed(self, tickets, inbox):
        inbox.record([make_event(key="a")], now=NOW)
        finish(tickets)
        inbox.record([make_event(key="b")], now=NOW)

        assert [event.key for event in begin(tickets, take(tickets)).events] == ["b"]

    def test_a_look_starts_from_what_the_last_one_remembered(self, tickets):
        memory = make_memory(
            written_digest="a",
            read_digest="b",
            applied={Field.LARGE_USER: AppliedValue(value=True, before=None, basis="A1:PRIORITY")},
            overrides={Field.SEVERITY: Override(value="true", basis="A1:PRIORITY")},
            consecutive_writes=2,
        )
        tickets.look_now(["t1"], now=NOW)
        finish(tickets, memory=memory, next_look_at=NOW)

        assert begin(tickets, take(tickets)).memory == memory

    def test_the_first_look_remembers_nothing(self, tickets):
        tickets.look_now(["t1"], now=NOW)

        assert begin(tickets, take(tickets)).memory == Memory()

    def test_attempts_count_whether_they_come_to_an_end_or_not(self, tickets):
        tickets.look_now(["t1"], now=NOW)
        attempts = [
            begin(tickets, take(tickets, now=NOW + n * A_WHILE), now=NOW + n * A_WHILE).attempts for n in range(3)
        ]

        assert attempts == [1, 2, 3]

    def test_a_crash_after_the_beginning_loses_no_event(self, tickets, inbox):
        inbox.record([make_event()], now=NOW)
        begun = begin(tickets, take(tickets))

        assert begin(tickets, take(tickets, now=LATER), now=LATER).events == begun.events

    def test_after_a_crash_the_requested_look_is_still_due(self, tickets, inbox):
        inbox.record([make_event()], now=NOW)
        tickets.look_now([make_event().ticket_id], now=NOW)
        begin(tickets, take(tickets))

        assert begin(tickets, take(tickets, now=LATER), now=LATER).wake_due

    def test_an_event_alone_does_not_request_a_look(self, tickets, inbox):
        inbox.record([make_event()], now=NOW)

        assert not begin(tickets, take(tickets)).wake_due

    def test_a_planned_look_is_due_from_its_instant_on(self, tickets, inbox):
        inbox.record([make_event(key="a")], now=NOW)
        finish(tickets, next_look_at=LATER)
        inbox.record([make_event(key="b")], now=NOW)
        early = begin(tickets, take(tickets))
        late = begin(tickets, take(tickets, now=LATER), now=LATER)

        assert (early.wake_due, late.wake_due) == (False, True)

    def test_a_ticket_that_is_due_without_events_gets_a_look(self, tickets):
        tickets.look_now(["t1"], now=NOW)
        finish(tickets, next_look_at=LATER)

        assert begin(tickets, take(tickets, now=LATER), now=LATER).wake_due


class TestFinishLook:
    def test_a_ticket_is_due_again_at_its_next_look(self, tickets):
        tickets.look_now(["t1"], now=NOW)
        finish(tickets, next_look_at=LATER)

        assert not claim_due(tickets)
        assert claim_due(tickets, now=LATER)

    def test_a_mark_that_was_set_during_the_look_stays(self, tickets, inbox):
        inbox.record([make_event(key="a")], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        inbox.record([make_event(key="b")], now=NOW)
        tickets.finish_look(lease, make_look(next_look_at=LATER))

        pending = begin(tickets, take(tickets))

        assert [event.key for event in pending.events] == ["b"]
        assert not pending.wake_due

    @pytest.mark.parametrize(
        "close",
        [
            pytest.param(lambda tickets, lease: tickets.finish_look(lease, make_look(next_look_at=LATER)), id="finish"),
            pytest.param(lambda tickets, lease: tickets.skip_look(lease), id="skip"),
            pytest.param(lambda tickets, lease: tickets.end(lease, now=NOW), id="end"),
        ],
    )
    def test_a_look_that_was_requested_during_another_stays_due_whatever_its_events(self, tickets, inbox, close):
        inbox.record([make_event(key="a", ticket_id="t1")], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.look_now(["t1"], now=NOW)
        inbox.record([make_event(key="b", ticket_id="t1")], now=NOW)
        close(tickets, lease)

        assert begin(tickets, take(tickets)).wake_due

    def test_a_look_processes_its_events(self, tickets, inbox):
        inbox.record([make_event(key="a"), make_event(key="b")], now=NOW)
        finish(tickets)

        assert inbox.counts().processed == 2

    def test_a_clock_that_is_put_back_makes_no_wait_longer(self, tickets):
        tickets.postpone(begun(tickets), look_at=LATER, error="Desk is busy")

        assert claim_due(tickets, now=NOW - timedelta(hours=1))

    def test_a_good_look_forgets_the_failures_before_it(self, tickets):
        tickets.look_now(["t1"], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.postpone(lease, look_at=LATER, error="Desk is busy")
        finish(tickets, now=LATER)

        assert (tickets.history("t1").attempts, tickets.history("t1").error) == (0, None)

    def test_the_same_decision_is_listed_once(self, tickets):
        for _ in range(3):
            tickets.look_now(["t1"], now=NOW)
            finish(tickets)

        assert tickets.history("t1").decisions == [PastDecision(at=NOW, decision=DECISION, fields_written={})]

    @pytest.mark.parametrize(
        "second",
        [
            pytest.param({"decision": replace(DECISION, reasons=(Reason("R42", "n"),))}, id="another reason"),
            pytest.param({"decision": replace(DECISION, hands_off=True)}, id="hands off"),
            pytest.param({"fields_written": {Field.LARGE_USER: True}}, id="the same decision, but a write"),
        ],
    )
    def test_what_differs_from_the_last_decision_is_listed(self, tickets, second):
        for facts in ({}, second):
            tickets.look_now(["t1"], now=NOW)
            finish(tickets, **facts)

        listed = tickets.history("t1").decisions
        assert len(listed) == 2
        assert listed[1].decision == second.get("decision", DECISION)

    def test_an_address_that_was_written_is_not_kept_in_the_list(self, tickets):
        tickets.look_now(["t1"], now=NOW)
        finish(
            tickets,
            fields_written={Field.CUSTOMER_PRIMARY_EMAIL: "canary@large.example", Field.SEVERITY: "S1-Critical"},
        )

        assert tickets.history("t1").decisions[0].fields_written == {
            Field.CUSTOMER_PRIMARY_EMAIL: "(super admin)",
            Field.SEVERITY: "S1-Critical",
        }


class TestEffects:
    def test_an_effect_that_was_just_written_down_cannot_have_happened(self, tickets):
        lease = begun(tickets)

        assert announce(tickets, lease, make_effect()) == {make_effect(): False}

    def test_an_effect_of_a_look_that_died_may_have_happened(self, tickets):
        announce(tickets, begun(tickets), make_effect("a"))
        lease = take(tickets, now=LATER)
        begin(tickets, lease, now=LATER)

        assert announce(tickets, lease, make_effect("a"), make_effect("b")) == {
            make_effect("a"): True,
            make_effect("b"): False,
        }

    def test_an_effect_that_is_done_is_never_pending_again(self, tickets):
        lease = begun(tickets)
        announce(tickets, lease, make_effect())
        tickets.finish_look(lease, make_look(effects_done=[make_effect()], next_look_at=NOW))

        assert announce(tickets, begun(tickets), make_effect()) == {}

    def test_an_effect_that_was_not_done_stays_pending(self, tickets):
        lease = begun(tickets)
        announce(tickets, lease, make_effect("a"), make_effect("b"))
        tickets.finish_look(lease, make_look(effects_done=[make_effect("a")], next_look_at=NOW))

        assert announce(tickets, begun(tickets), make_effect("a"), make_effect("b")) == {make_effect("b"): True}

    def test_an_effect_belongs_to_its_ticket(self, tickets):
        announce(tickets, begun(tickets), make_effect())

        assert announce(tickets, begun(tickets, "t2"), make_effect()) == {make_effect(): False}

    def test_a_look_gets_the_references_of_our_comments(self, tickets):
        announce(tickets, begun(tickets), make_effect())
        pending = begin(tickets, take(tickets, now=LATER), now=LATER)

        assert pending.references == {make_effect().reference("t1")}

    def test_what_is_about_to_be_written_is_known_after_a_crash(self, tickets):
        ours = {Field.SEVERITY: AppliedValue(value="S1-Critical", before="S2-Moderate", basis="A1:PRIORITY")}
        announce(tickets, begun(tickets), intended=ours)

        assert begin(tickets, take(tickets, now=LATER), now=LATER).memory.fields.intended == ours

    def test_an_attempt_that_writes_something_else_does_not_forget_what_the_one_before_began(self, tickets):
        first = {Field.SEVERITY: AppliedValue(value="S1-Critical", before=None, basis="A1:PRIORITY")}
        second = {Field.LARGE_USER: AppliedValue(value=True, before=False, basis="A1:PRIORITY")}
        announce(tickets, begun(tickets), intended=first)
        lease = take(tickets, now=LATER)
        begin(tickets, lease, now=LATER)
        announce(tickets, lease, intended=second)

        assert tickets.history("t1").memory.fields.intended == first | second


class TestSkipLook:
    def test_nothing_is_due_after_it(self, tickets, inbox):
        inbox.record([make_event()], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.skip_look(lease)

        assert not claim_due(tickets, now=LATER)
        assert inbox.counts().processed == 1

    def test_a_planned_look_stays_planned(self, tickets, inbox):
        inbox.record([make_event(key="a")], now=NOW)
        finish(tickets, next_look_at=LATER)
        inbox.record([make_event(key="b")], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.skip_look(lease)

        assert tickets.history(lease.ticket_id).look_at == LATER


class TestPostpone:
    def test_the_look_is_due_later_with_its_events(self, tickets, inbox):
        inbox.record([make_event()], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.postpone(lease, look_at=LATER, error="Desk is busy")

        assert not claim_due(tickets, now=LATER - timedelta(microseconds=1))
        pending = begin(tickets, take(tickets, now=LATER), now=LATER)
        assert ([event.key for event in pending.events], pending.wake_due) == (["k1"], True)

    @pytest.mark.parametrize(
        ("refund", "attempts"),
        [pytest.param(False, 1, id="the attempt counts"), pytest.param(True, 0, id="it was not the ticket's fault")],
    )
    def test_an_attempt_can_be_taken_back(self, tickets, refund, attempts):
        tickets.postpone(begun(tickets), look_at=LATER, error="Desk is busy", refund=refund)

        assert tickets.history("t1").attempts == attempts

    def test_an_echo_before_the_time_does_not_cancel_the_look(self, tickets, inbox):
        tickets.postpone(begun(tickets), look_at=LATER, error="Desk is busy")
        inbox.record([make_event(ticket_id="t1")], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.skip_look(lease)

        assert tickets.history("t1").look_at == LATER


class TestPark:
    def test_a_parked_ticket_is_never_due_even_when_events_come_in(self, tickets, inbox):
        tickets.park(begun(tickets), now=NOW, error="no such field")
        inbox.record([make_event(ticket_id="t1")], now=NOW)

        assert not claim_due(tickets, now=LATER)

    def test_parked_tickets_are_listed_with_their_error(self, tickets):
        tickets.park(begun(tickets), now=NOW, error="no such field")

        assert tickets.parked() == [ParkedTicket(ticket_id="t1", parked_at=NOW, attempts=1, error="no such field")]

    def test_a_person_puts_it_back_with_its_events_and_new_attempts(self, tickets, inbox):
        inbox.record([make_event(ticket_id="t1")], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.park(lease, now=NOW, error="no such field")
        tickets.look_now(["t1"], now=LATER)

        pending = begin(tickets, take(tickets, now=LATER), now=LATER)

        assert ([event.key for event in pending.events], pending.attempts, pending.wake_due) == (["k1"], 1, True)

    def test_events_that_wait_for_a_parked_ticket_are_counted(self, tickets, inbox):
        inbox.record([make_event(ticket_id="t1", key="k1")], now=NOW)
        tickets.park(begun(tickets), now=NOW, error="no such field")
        inbox.record([make_event(ticket_id="t1", key="k2"), make_event(ticket_id="t2", key="k3")], now=LATER)

        assert [(each.ticket_id, each.events) for each in tickets.parked()] == [("t1", 2)]


class TestDrop:
    @pytest.fixture
    def dropped(self, tickets, inbox):
        inbox.record([make_event(ticket_id="t1")], now=NOW)
        tickets.park(begun(tickets), now=NOW, error="no such field")
        tickets.drop(["t1"], now=LATER)
        return tickets

    def test_a_dropped_ticket_leaves_a_record_and_the_list(self, dropped, inbox):
        assert dropped.parked() == []
        assert (dropped.history("t1").dropped_at, dropped.history("t1").error) == (LATER, "no such field")
        assert inbox.counts().processed == 1

    def test_no_event_brings_it_back(self, dropped, inbox):
        inbox.record([make_event(ticket_id="t1", key="k2")], now=LATER)

        assert not claim_due(dropped, now=LATER)

    def test_its_later_events_count_as_processed(self, dropped, inbox):
        inbox.record([make_event(ticket_id="t1", key="k2"), make_event(ticket_id="t2", key="k3")], now=LATER)

        assert inbox.counts() == EventCounts(stored=3, processed=2)

    def test_a_person_who_requests_a_look_brings_it_back(self, dropped):
        dropped.look_now(["t1"], now=LATER)

        assert take(dropped, now=LATER).ticket_id == "t1"
        assert dropped.history("t1").dropped_at is None

    def test_only_a_parked_ticket_is_dropped(self, tickets, inbox):
        inbox.record([make_event(ticket_id="t1")], now=NOW)
        tickets.drop(["t1", "t9"], now=NOW)

        assert take(tickets).ticket_id == "t1"


class TestEnd:
    def test_nothing_more_is_due_and_the_last_decision_stays(self, tickets, inbox):
        inbox.record([make_event(ticket_id="t1")], now=NOW)
        finish(tickets, next_look_at=NOW)
        tickets.end(begun(tickets), now=NOW)

        ended = tickets.history("t1")

        assert (ended.look_at, ended.ended_at, ended.decisions[-1].decision) == (None, NOW, DECISION)

    def test_a_later_event_brings_it_back(self, tickets, inbox):
        tickets.end(begun(tickets), now=NOW)
        inbox.record([make_event(ticket_id="t1")], now=NOW)

        assert take(tickets).ticket_id == "t1"
        assert tickets.history("t1").ended_at is None


class TestReadModel:
    def test_an_unknown_ticket_has_no_history(self, tickets):
        assert tickets.history("t1") is None

    def test_the_history_shows_which_effects_are_done(self, tickets):
        lease = begun(tickets)
        announce(tickets, lease, make_effect("a"), make_effect("b"))
        tickets.finish_look(lease, make_look(effects_done=[make_effect("a")]))

        assert {each.key: each.state for each in tickets.history("t1").effects} == {"a": "done", "b": "planned"}

    def test_no_text_of_an_effect_is_kept(self, tickets, rows):
        announce(tickets, begun(tickets), make_effect())

        assert "canary" not in str(everything(rows))


def begun(tickets: SqlTickets, ticket_id: str = "t1") -> Lease:
    """A lease on the ticket, with its look begun."""
    tickets.look_now([ticket_id], now=NOW)
    [lease] = [lease for lease in claim_due(tickets) if lease.ticket_id == ticket_id]
    begin(tickets, lease)
    return lease


def everything(rows: Callable[[str], object]) -> list[object]:
    tables = ("tickets", "deliveries", "effects", "decisions")
    return [rows(f"SELECT * FROM {table}") for table in tables]  # noqa: S608 - names of our own tables
