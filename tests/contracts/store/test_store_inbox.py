"""SqlInbox: every event is stored once, and its ticket marked, in one transaction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.inbox import EventCounts, SqlInbox
from desk_sync.domain.ticket.event import EventHint
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import TemporaryError
from desk_sync.ports.tickets import RecordedDelivery
from tests.contracts.store.steps import claim_due, finish
from tests.support.makers import NOW, make_event


class TestInbox:
    def test_an_event_is_kept_as_it_came(self, inbox, tickets):
        received = make_event(
            key="k1",
            hint=EventHint.CONVERSATION,
            state="a",
            before="b",
            changed=frozenset({Field.SEVERITY, Field.LARGE_USER}),
            reference="ds-1",
            occurred_at=NOW + timedelta(microseconds=1),
        )
        inbox.record([received], now=NOW)

        assert tickets.history(received.ticket_id).events == [received]

    @pytest.mark.parametrize(
        ("first", "second", "answer"),
        [
            pytest.param([], [], RecordedDelivery(stored=0, known=0), id="an empty delivery"),
            pytest.param([], ["k1", "k2"], RecordedDelivery(stored=2, known=0), id="all new"),
            pytest.param(["k1"], ["k1", "k2"], RecordedDelivery(stored=1, known=1), id="one was delivered before"),
            pytest.param([], ["k1", "k1"], RecordedDelivery(stored=1, known=1), id="twice in one delivery"),
        ],
    )
    def test_an_event_is_stored_once(self, inbox, first, second, answer):
        inbox.record([make_event(key=key) for key in first], now=NOW)

        assert inbox.record([make_event(key=key) for key in second], now=NOW) == answer

    def test_a_new_event_makes_its_ticket_due(self, inbox, tickets):
        inbox.record([make_event(ticket_id="t1")], now=NOW)

        assert [lease.ticket_id for lease in claim_due(tickets)] == ["t1"]

    def test_a_known_event_changes_nothing(self, inbox, tickets):
        inbox.record([make_event()], now=NOW)
        finish(tickets)
        inbox.record([make_event()], now=NOW)

        assert not claim_due(tickets)

    def test_the_same_key_in_another_portal_is_another_event(self, inbox, engine):
        inbox.record([make_event()], now=NOW)

        assert SqlInbox(engine, "other").record([make_event()], now=NOW).stored == 1

    def test_an_event_does_not_put_off_a_look_that_is_due_before(self, inbox, tickets):
        tickets.look_now(["t1"], now=NOW)
        inbox.record([make_event(ticket_id="t1")], now=NOW + timedelta(hours=1))

        assert tickets.history("t1").look_at == NOW

    def test_a_hundred_events_take_one_transaction(self, inbox, engine):
        begun: list[object] = []
        event.listen(engine, "begin", begun.append)

        inbox.record([make_event(key=f"k{n}", ticket_id=f"t{n % 7}") for n in range(100)], now=NOW)

        assert len(begun) == 1

    def test_nothing_is_stored_when_the_ticket_cannot_be_marked(self, inbox, engine):
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE tickets RENAME TO away")
        with pytest.raises(Exception, match="not of this version"):
            inbox.record([make_event()], now=NOW)

        assert inbox.counts() == EventCounts(stored=0, processed=0)

    @pytest.mark.parametrize(
        ("key", "stored"),
        [
            pytest.param("{worker}-{n}-{place}", 800, id="different events of the same tickets"),
            pytest.param("{n}-{ticket}", 200, id="the same events, sent again before the first answer"),
        ],
    )
    def test_deliveries_in_opposite_orders_do_not_deadlock(self, inbox, key, stored):
        def deliver(worker: int) -> int:
            return sum(
                inbox.record(
                    [
                        make_event(
                            key=key.format(worker=worker, n=n, place=place, ticket=ticket), ticket_id=f"t{ticket}"
                        )
                        for place, ticket in enumerate(range(10) if worker % 2 else range(9, -1, -1))
                    ],
                    now=NOW,
                ).stored
                for n in range(20)
            )

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(deliver, range(4))) == stored

    def test_a_database_that_is_busy_for_too_long_is_a_temporary_error(self, url, engine: Engine):
        short = open_engine(url, busy_timeout=timedelta(milliseconds=100))
        SqlInbox(engine, "default").record([make_event(key="k1", ticket_id="t1")], now=NOW)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE tickets SET urgency = 2")
            with pytest.raises(TemporaryError):
                SqlInbox(short, "default").record([make_event(key="k2", ticket_id="t1")], now=NOW)
        short.dispose()
