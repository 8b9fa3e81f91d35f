"""Tickets whose field is empty, in real processes: identifiers in their texts lead to the account, for one GET each.

Threads are read only if nothing else leads to an account.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.demo_processes import demo_processes
from desk_sync.domain.account.entitlement import Verdict, entitle_each
from desk_sync.wiring.environment import utc_now
from desk_sync.wiring.process import DEFAULT
from tests.support.processes import wait_until

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
PARTNER = "help@writing-partner.example"
LISTS = "GET /tickets/{id}/threads"


def large_accounts():
    policy = mapping_file.load("partner_support").policy.licences
    decided = entitle_each(read_accounts(ACCOUNTS).accounts, policy)
    return [account for account, found in decided if found.verdict is Verdict.PRIORITY and account.zoids]


ONE, TWO = large_accounts()[:2]
TEMPLATE = f"<p><b>Customer Primary Email Address:</b> <a href='mailto:{ONE.super_admin_email}'>the customer</a></p>"
DESCRIPTIONS = {
    "an address in the template": TEMPLATE,
    "only a ZOID": f"Saving fails for the organisation with ZOID {ONE.zoids[0]}.",
    "only in a later thread": "<div>Saving fails.</div>",
    "two contradicting ids": f"<div>{TEMPLATE}<p>ZOID: {TWO.zoids[0]}</p></div>",
    "the partner's own domain": "<div>Please answer colleague@writing-partner.example</div>",
}
FOUND = ("an address in the template", "only a ZOID", "only in a later thread")


class Seen:
    """The final state of the tickets, and the calls that they cost."""

    def __init__(self, on, tickets):
        self.fields = {name: on.desk.read(ticket) for name, ticket in tickets.items()}
        store = on.desk_sync.portal(DEFAULT).tickets
        self.decisions = {name: store.history(ticket).decisions[-1].decision for name, ticket in tickets.items()}
        self.review = {each.ticket_id for each in on.desk_sync.portal(DEFAULT).review.reviews.undecided()}
        self.tickets = tickets


def quiet(on):
    events, backlog = (
        on.desk_sync.portal("default").inbox.counts(),
        on.desk_sync.portal("default").metrics.backlog(utc_now()),
    )
    return on.desk.counters()["idle"] and events.stored == events.processed and not backlog.due and not backlog.leased


def open_ticket(on, description):
    body = {
        "departmentId": on.desk.facts["department_id"],
        "contact": {"lastName": "Help desk", "email": PARTNER},
        "email": PARTNER,
        "subject": "Records are not saved",
        "description": description,
    }
    return str(on.desk.call("POST", "/api/v1/tickets", json=body)["id"])


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    with demo_processes(tmp_path_factory.mktemp("whose"), ACCOUNTS, record=False) as on:
        tickets = {name: open_ticket(on, description) for name, description in DESCRIPTIONS.items()}
        on.wait_until_quiet(len(tickets))
        first = on.desk.counters()["calls"]
        later = tickets["only in a later thread"]
        reply = {"content": f"<p>The ZOID is {ONE.zoids[0]}</p>", "from": "customer"}
        on.desk.call("POST", f"/_simulator/tickets/{later}/reply", json=reply)
        wait_until(lambda: on.desk.counters()["calls"].get(LISTS) and quiet(on), seconds=20)
        on.desk.nudge(tickets.values())
        wait_until(lambda: on.desk.counters()["calls"]["GET /tickets/{id}"] >= 2 * len(tickets) + 1, seconds=20)
        wait_until(lambda: quiet(on), seconds=20)
        calls = on.desk.counters()["calls"]
        found = Seen(on, tickets)
        found.first, found.calls = first, calls
        yield found


@pytest.mark.parametrize("name", FOUND)
def test_a_named_account_fills_the_field_and_ticks_the_box(seen, name):
    fields = seen.fields[name]

    assert fields["cf_customer_primary_email_address"] == ONE.super_admin_email
    assert fields["cf_priority_customer_large_user_account"] == "true"
    assert seen.decisions[name].account_id == ONE.account_id


@pytest.mark.parametrize("name", sorted(DESCRIPTIONS.keys() - set(FOUND)))
def test_an_uncertain_account_is_left_to_a_person(seen, name):
    fields = seen.fields[name]

    assert fields["cf_customer_primary_email_address"] is None
    assert fields["cf_priority_customer_large_user_account"] == "false"
    assert seen.decisions[name].verdict is (Verdict.REVIEW if name == "two contradicting ids" else Verdict.UNKNOWN)
    assert seen.tickets[name] in seen.review


def test_the_first_look_costs_one_get_and_threads_are_read_once(seen):
    assert seen.first["GET /tickets/{id}"] == len(DESCRIPTIONS)
    assert LISTS not in seen.first
    assert (seen.calls[LISTS], seen.calls["GET /tickets/{id}/threads/{thread_id}"]) == (1, 1)
    assert seen.calls["PATCH /tickets/{id}"] == len(FOUND)


def test_no_reason_names_an_address(seen):
    reasons = "\n".join(str(reason) for decision in seen.decisions.values() for reason in decision.reasons)

    assert "(template)" in reasons
    assert "@" not in reasons
