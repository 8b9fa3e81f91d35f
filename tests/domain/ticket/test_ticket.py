"""The state of a ticket: its digest, and the difference of two states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.ticket.template import TemplatePart
from desk_sync.domain.ticket.ticket import Field, differing, digest, only_ours
from tests.support.makers import NOW, make_ticket


@pytest.mark.parametrize(
    ("facts", "same"),
    [
        pytest.param({"modified_by": "another", "modified_at": NOW}, True, id="the last writer"),
        pytest.param({"threads": 2, "comments": 3}, True, id="the number of threads and comments"),
        pytest.param({"evidence": (), "missing": frozenset(TemplatePart)}, True, id="what is found in its texts"),
        pytest.param({"not_on_layout": frozenset(Field), "tags": frozenset({"t"})}, True, id="what no event shows"),
        pytest.param({"evidence_basis": "b"}, False, id="its texts"),
        pytest.param({"status": "On Hold"}, False, id="its status"),
        pytest.param({"severity": ""}, False, id="an empty text is not an empty field"),
        pytest.param({"taken_over": True}, False, id="a box of the agents"),
    ],
)
def test_the_digest_is_of_what_an_event_can_show_of_a_ticket(facts, same):
    ticket = make_ticket()

    assert (digest(replace(ticket, **facts)) == digest(ticket)) is same


def test_every_field_of_ours_can_be_read_by_its_name():
    ticket = make_ticket(severity="S1-Critical", large_user=True)
    values = {name: ticket.value(name) for name in Field}

    assert {name for name in Field if values[name]} == {
        Field.CUSTOMER_PRIMARY_EMAIL,
        Field.LARGE_USER,
        Field.SEVERITY,
        Field.STATUS,
    }
    assert values[Field.SEVERITY] == "S1-Critical"


def test_two_tickets_differ_in_the_fields_of_ours_that_are_not_the_same():
    ticket = make_ticket()

    assert differing(ticket, replace(ticket, large_user=True, modified_at=NOW)) == {Field.LARGE_USER}
    assert differing(ticket, ticket) == frozenset()


@pytest.mark.parametrize(
    ("between", "only"),
    [
        pytest.param({}, True, id="our write alone"),
        pytest.param({"modified_by": "we", "modified_at": NOW}, True, id="who wrote, and when"),
        pytest.param({"comments": 3, "not_on_layout": frozenset(Field)}, True, id="what the answer does not show"),
        pytest.param({"evidence_basis": "b", "evidence": ()}, True, id="the evidence, which follows from the fields"),
        pytest.param({"threads": 2}, False, id="a new mail"),
        pytest.param({"status": "On Hold"}, False, id="what we never write"),
        pytest.param({"large_user": True}, False, id="what we could have written"),
    ],
)
def test_a_change_beside_our_write_is_seen(between, only):
    before = make_ticket(customer_primary_email=None)
    after = make_ticket(severity="S1-Critical", **between)

    assert only_ours(before, after, {Field.SEVERITY, Field.CUSTOMER_PRIMARY_EMAIL}) is only


def test_only_a_ticket_of_the_closed_type_is_closed():
    assert make_ticket(status="Done", status_type="Closed").closed
    assert not make_ticket(status="Closed").closed
