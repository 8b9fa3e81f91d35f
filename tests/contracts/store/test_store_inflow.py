"""The hourly counts of what comes in, and whether anything was delivered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.adapters.store.inflow import KEPT, SqlInflow
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.errors import DeliveryFault
from desk_sync.ports.desk import ModifiedTickets
from desk_sync.ports.inflow import InflowHour
from tests.contracts.store.conftest import PORTAL
from tests.contracts.store.steps import begin, finish, take
from tests.support.makers import NOW, make_event

HOUR = timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=300)


@pytest.fixture
def inflow(engine):
    return SqlInflow(engine, PORTAL)


@pytest.fixture
def sweeps(engine):
    return SqlSweeps(engine, PORTAL)


def test_refusals_are_added_up_by_hour_and_fault(inflow):
    inflow.refuse({DeliveryFault.FORGED: 2, DeliveryFault.EXPIRED: 1}, now=NOW)
    inflow.refuse({DeliveryFault.FORGED: 3}, now=NOW + timedelta(minutes=5))
    inflow.refuse({DeliveryFault.FORGED: 1}, now=NOW + HOUR)

    first, second = inflow.hours(NOW)

    assert first == InflowHour(at=NOW, refused={DeliveryFault.FORGED: 5, DeliveryFault.EXPIRED: 1})
    assert second == InflowHour(at=NOW + HOUR, refused={DeliveryFault.FORGED: 1})


def test_a_change_counts_in_the_hour_of_its_own(inflow, sweeps):
    found = [ModifiedTickets(ticket_id="1", at=NOW), ModifiedTickets(ticket_id="2", at=NOW + HOUR)]
    sweeps.mark_missed(found, promised_since=NOW, now=NOW + 3 * HOUR)
    sweeps.tally([NOW, NOW + HOUR, NOW + HOUR], missed=2, now=NOW + 3 * HOUR, alarmed=False)

    assert inflow.hours(NOW) == [
        InflowHour(at=NOW, changes=1, missed=1),
        InflowHour(at=NOW + HOUR, changes=2, missed=1),
    ]


def test_counts_are_kept_for_days_only(inflow):
    inflow.refuse({DeliveryFault.FORGED: 1}, now=NOW)
    inflow.refuse({DeliveryFault.FORGED: 1}, now=NOW + KEPT)
    assert len(inflow.hours(LONG_AGO)) == 2

    inflow.refuse({DeliveryFault.FORGED: 1}, now=NOW + KEPT + 2 * HOUR)

    assert len(inflow.hours(LONG_AGO)) == 2


def test_portals_are_apart(inflow, engine):
    other = SqlInflow(engine, "other")
    other.refuse({DeliveryFault.FORGED: 1}, now=NOW)

    assert inflow.hours(LONG_AGO) == []


def test_nothing_is_written_for_no_refusal(inflow):
    inflow.refuse({}, now=NOW)

    assert inflow.hours(LONG_AGO) == []


@pytest.mark.parametrize("processed", [False, True], ids=["waiting", "processed"])
def test_a_delivery_counts_from_its_arrival_on(inflow, inbox, tickets, processed):
    inbox.record([make_event()], now=NOW)
    if processed:
        lease = take(tickets, now=NOW + HOUR)
        begin(tickets, lease, now=NOW + HOUR)
        tickets.skip_look(lease)

    assert inflow.delivered_since(NOW)
    assert not inflow.delivered_since(NOW + timedelta(seconds=1))


def test_a_portal_without_deliveries_has_none(inflow, engine):
    assert not inflow.delivered_since(LONG_AGO)


def test_the_last_write_of_ours_is_not_a_change_by_others(engine, sweeps, tickets, inbox):
    inbox.record([make_event(occurred_at=NOW)], now=NOW)
    finish(tickets, now=NOW, modified_at=NOW + timedelta(seconds=2), written_at=NOW + timedelta(seconds=2))
    found = [ModifiedTickets(ticket_id=make_event().ticket_id, at=NOW + timedelta(seconds=2))]

    assert list(sweeps.own(found, since=NOW)) == []
    assert list(sweeps.own(found, since=NOW + timedelta(seconds=1))) == [make_event().ticket_id]
