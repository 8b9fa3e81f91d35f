"""Tickets by their names: the id of Desk, or the number that people use, which each portal counts for itself."""

from __future__ import annotations

import pytest

from desk_sync.adapters.store.ticket_names import SqlTicketNames
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.ports.related_tickets import TicketTraits
from desk_sync.ports.tickets import NamedTicket
from tests.contracts.store.steps import finish
from tests.support.makers import NOW

PORTALS = ("default", "europe")


@pytest.fixture
def names(engine):
    """Two portals that both have a number 101; and a ticket that was never looked at."""
    for portal, ticket_id in (("default", "7001"), ("europe", "7002"), ("gone", "7003")):
        tickets = SqlTickets(engine, portal)
        tickets.look_now([ticket_id], now=NOW)
        finish(tickets, traits=TicketTraits(number="101", partner="Prairie"))
    SqlTickets(engine, "europe").look_now(["7001"], now=NOW)
    return SqlTicketNames(engine, PORTALS)


def test_a_number_finds_the_tickets_of_these_portals_alone(engine, names):
    assert [(each.portal, each.ticket_id) for each in names.of_number("101")] == [
        ("default", "7001"),
        ("europe", "7002"),
    ]
    assert SqlTicketNames(engine, ["europe"]).of_number("101") == [
        NamedTicket(portal="europe", ticket_id="7002", number="101", partner="Prairie")
    ]


def test_an_id_finds_a_ticket_that_was_never_looked_at_too(names):
    assert names.of_id("7001") == [
        NamedTicket(portal="default", ticket_id="7001", number="101", partner="Prairie"),
        NamedTicket(portal="europe", ticket_id="7001"),
    ]


@pytest.mark.parametrize("name", ["102", "7003", ""])
def test_a_name_that_no_ticket_has_finds_none(names, name):
    assert (names.of_id(name), names.of_number(name)) == ([], [])
