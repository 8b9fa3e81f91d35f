"""The port PlaceStore: the countries of partners that persons settled, and the tickets that they concern."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.adapters.store.partner_places import SqlPartnerPlaces
from desk_sync.adapters.store.partners import SqlPartners
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.partner import Partner
from desk_sync.errors import PermanentError
from desk_sync.ports.partners import StoredPartner
from desk_sync.ports.related_tickets import TicketTraits
from desk_sync.ports.review import PartnerPlace, SettledReview
from tests.contracts.store.steps import DECISION, finish
from tests.support.makers import NOW

PLACE = PartnerPlace(partner="Prairie Ltd", country="DE", settled=SettledReview(at=NOW, by="Ada", why="its letterhead"))
LATER = NOW + timedelta(days=1)


@pytest.fixture
def places(engine):
    return SqlPartnerPlaces(engine, "default")


@pytest.fixture
def looked_at(engine):
    """Open tickets of partners with these names, each looked at; and one of another portal."""

    def look(*names, **facts):
        for number, name in enumerate(names):
            tickets = SqlTickets(engine, "default")
            tickets.look_now([f"t{number}"], now=NOW)
            finish(tickets, traits=TicketTraits(partner=name), **facts)
        tickets = SqlTickets(engine, "other")
        tickets.look_now(["t1"], now=NOW)
        finish(tickets, traits=TicketTraits(partner="Prairie Ltd"))

    return look


def due(rows):
    return sorted(row["ticket_id"] for row in rows("SELECT * FROM tickets WHERE look_at IS NOT NULL"))


def test_a_place_is_read_as_it_was_stored(places, engine, looked_at):
    looked_at("Prairie Ltd")
    places.place(PLACE)

    assert places.places() == [PLACE]
    assert places.place_of(["prairie ltd", "else"]) == PLACE
    assert places.place_of(["else"]) is None
    assert places.place_of([]) is None
    assert SqlPartnerPlaces(engine, "other").places() == []


def test_the_last_place_of_a_partner_counts_under_whatever_name(places, looked_at):
    looked_at("Prairie Ltd")
    places.place(PLACE)
    moved = replace(PLACE, partner="PRAIRIE ltd", country="IN", settled=SettledReview(at=LATER))
    places.place(moved)
    assert places.places() == [moved]

    by_domain = replace(PLACE, partner="prairie.example", country="FR")
    places.place(by_domain)
    assert places.place_of(["prairie ltd", "prairie.example"]) == moved


@pytest.mark.parametrize(
    ("partner", "known", "marked"),
    [
        pytest.param("prairie ltd", (), ["t0"], id="by its name"),
        pytest.param("prairie.example", (), ["t0"], id="by a domain that Desk has of it"),
        pytest.param("example.net", (), ["t1"], id="by a domain above the only one"),
        pytest.param("listed.example", ["Listed"], ["t2"], id="by what the partner file has"),
        pytest.param("never.example", (), [], id="a domain that has not written yet"),
    ],
)
def test_the_open_tickets_of_the_partner_are_marked(engine, places, looked_at, rows, partner, known, marked):
    looked_at("Prairie Ltd", "eu.example.net", "Listed", "Another")
    read = Partner(name="Prairie Ltd", domains=frozenset({"prairie.example"}))
    SqlPartners(engine, "default").learn("account:900", StoredPartner(partner=read, at=NOW))
    place = replace(PLACE, partner=partner)

    assert (places.place(place, known=known, dry_run=True), due(rows), places.places()) == (len(marked), [], [])
    assert (places.place(place, known=known), due(rows)) == (len(marked), marked)


def test_an_undecided_ticket_whose_partner_is_not_known_is_marked_too(places, looked_at, rows):
    looked_at(None, decision=replace(DECISION, verdict=Verdict.UNKNOWN, account_id=None))

    assert (places.place(replace(PLACE, partner="prairie.example")), due(rows)) == (1, ["t0"])


def test_without_its_place_a_partners_tickets_are_marked_again(places, looked_at, rows):
    looked_at("Prairie Ltd")
    places.place(PLACE)
    finish(SqlTickets(places.engine, "default"), traits=TicketTraits(partner="Prairie Ltd"))

    assert (places.displace("prairie ltd", now=NOW, dry_run=True), due(rows)) == (1, [])
    assert (places.displace("prairie ltd", now=NOW), due(rows), places.places()) == (1, ["t0"], [])
    assert places.displace("prairie ltd", now=NOW) is None


def test_a_name_that_no_partner_has_is_refused(places, looked_at):
    looked_at("Prairie Ltd")

    with pytest.raises(PermanentError, match="no partner of the portal is called Zylker"):
        places.place(replace(PLACE, partner="Zylker"))
    assert places.places() == []


def test_a_reading_of_desk_is_no_place_and_a_place_is_no_reading(engine, places, looked_at):
    looked_at("Prairie Ltd")
    book = SqlPartners(engine, "default")
    book.learn("account:900", StoredPartner(partner=Partner(name="Prairie Ltd", country="FR"), at=NOW))
    places.place(PLACE)
    places.displace("Prairie Ltd", now=NOW)

    assert book.recall("account:900").partner.country == "FR"
    assert places.places() == []
