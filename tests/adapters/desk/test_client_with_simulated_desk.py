"""The client against the simulated Desk, over real sockets: the two fit together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.adapters.desk.calls import DeskCalls
from desk_sync.adapters.desk.client import DeskClient
from desk_sync.adapters.zoho.auth import AccessTokens, OAuthCredentials
from desk_sync.domain.commitment.calendar import WeeklyHours
from desk_sync.domain.ticket.comment_trace import PrivateTrace, PublicTrace
from desk_sync.domain.ticket.ticket import Field, only_ours
from desk_sync.domain.ticket.wording import Wording
from desk_sync.errors import Gone, NotPermitted, PermanentError
from desk_sync.simulated_desk.server import running
from tests.adapters.desk.portal import NOW, VOCABULARY, FakeTokens, make_token
from tests.support.fake_budget import FakeBudget

MARK = "ds-0123456789ab"


@pytest.fixture(scope="module")
def simulated():
    with running() as (simulation, url):
        yield simulation, simulation.facts(url)


@pytest.fixture(scope="module")
def tokens():
    """One token store for all clients: Zoho grants ten tokens in ten minutes."""
    return FakeTokens(make_token("1000.expired"))


@pytest.fixture
def client(simulated, tokens):
    _, facts = simulated
    credentials = OAuthCredentials(
        client_id=facts["client_id"],
        client_secret=facts["client_secret"],
        refresh_token=facts["refresh_token"],
        accounts_url=facts["accounts_url"],
    )
    calls = DeskCalls(
        desk_url=facts["desk_url"],
        org_id=facts["org_id"],
        our_words=VOCABULARY.our_words,
        access=AccessTokens(credentials, tokens, now=lambda: NOW),
        budget=FakeBudget(),
        now=lambda: NOW,
    )
    return DeskClient(calls, VOCABULARY)


@pytest.fixture
def ticket_id(simulated):
    simulation, facts = simulated
    portal = simulation.portal
    wanted = {
        "departmentId": facts["department_id"],
        "subject": "A question",
        "contact": {"lastName": "Partner", "email": "help@partner.example"},
        "cf": {"cf_customer_primary_email_address": "Admin@large.example"},
    }
    return portal.open_ticket(wanted, by=portal.own_agent["id"]).ticket_id


def test_a_ticket_is_read_although_the_stored_token_is_unknown_to_desk(client, ticket_id):
    ticket = client.read_ticket(ticket_id)

    assert (ticket.ticket_id, ticket.customer_primary_email) == (ticket_id, "admin@large.example")
    assert ticket.sender == "help@partner.example"


def test_a_write_is_what_the_next_read_shows(client, ticket_id):
    written = client.write_ticket(ticket_id, {Field.LARGE_USER: True, Field.SEVERITY: "S1-Critical"})

    assert only_ours(client.read_ticket(ticket_id), written, [])
    assert (written.large_user, written.severity) == (True, "S1-Critical")
    assert client.write_ticket(ticket_id, {Field.LARGE_USER: False, Field.SEVERITY: None}).severity is None


def test_a_private_comment_is_found_again_by_its_reference(client, ticket_id):
    trace = PrivateTrace(reference=MARK)
    assert not client.has_comment(ticket_id, trace)

    client.add_comment(ticket_id, "49 < 60 licences\nso nothing is ticked", MARK)

    assert client.has_comment(ticket_id, trace)
    assert " ".join(client.read_comment(ticket_id, MARK).split()) == "49 < 60 licences so nothing is ticked"
    assert client.read_comment(ticket_id, "ds-none") is None


def test_a_public_comment_is_found_again_by_its_author_and_its_wording(client, ticket_id):
    text = '3 < 4 & "5"\nÀ bientôt  — ご連絡'
    authors = {client.read_own_agent()}
    trace = PublicTrace(reference=MARK, wording=Wording.of([text]), authors=authors)
    assert not client.has_comment(ticket_id, trace)

    assert client.add_public_comment(ticket_id, text).author_id in authors

    assert client.has_comment(ticket_id, trace)
    assert not client.has_comment(ticket_id, replace(trace, authors={"1"}))
    assert not client.has_comment(ticket_id, replace(trace, wording=Wording.of([f"{text} 6"])))


def test_a_ticket_is_found_by_its_last_change_as_our_write_left_it(client, ticket_id):
    written = client.write_ticket(ticket_id, {Field.LARGE_USER: True})
    at = written.modified_at

    def found(start, end):
        return {each.ticket_id: each.at for page in client.modified_between(start, end) for each in page}

    assert found(at, at + timedelta(hours=1))[ticket_id] == at
    assert ticket_id not in found(at - timedelta(hours=1), at - timedelta(seconds=1))
    assert found(at + timedelta(hours=1), at + timedelta(hours=2)) == {}


def test_a_ticket_that_is_not_there_is_gone(client):
    with pytest.raises(Gone):
        client.read_ticket("100000000000000001")


def test_a_value_that_the_pick_list_lacks_is_refused_by_name(client, ticket_id):
    with pytest.raises(PermanentError, match=r"severity \(cf_severity\)"):
        client.write_ticket(ticket_id, {Field.SEVERITY: "S9-Unknown"})


def test_a_greeting_costs_one_credit_and_returns_the_edition(client, simulated):
    simulation, _ = simulated
    before = simulation.desk.credits

    assert client.greet()
    assert simulation.desk.credits == before + 1


def test_a_portal_that_is_not_one_of_our_agents_is_not_greeted(client):
    client._calls.org_id = "7"

    with pytest.raises(NotPermitted, match="does not belong to organisation 7"):
        client.greet()


def test_business_hours_become_a_calendar(client):
    office = client.business_hours("Office hours")

    christmas, new_year = {(12, 24), (12, 25), (12, 26)}, {(12, 31), (1, 1)}
    assert (office.tz, office.yearly) == ("Europe/Berlin", christmas | new_year)
    assert office.weekly["mon"] == (WeeklyHours.of("09:00", "12:30"), WeeklyHours.of("13:30", "18:00"))
    assert office.weekly["sun"] == ()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        pytest.param("Night hours", 'none of them are named "Night hours"', id="no such name"),
        pytest.param("700100999999999999", "422", id="no such id"),
    ],
)
def test_business_hours_that_are_not_there_are_refused(client, named, message):
    with pytest.raises(PermanentError, match=message):
        client.business_hours(named)
