"""The calls of one write: as few as possible, the most valuable fields first, and nothing over a later change (L7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.ticket.held_back import RefusalKind
from desk_sync.domain.ticket.ticket import Field
from desk_sync.services.reconcile.write_fields import WriteSeries
from tests.support.fake_desk import FakeDesk
from tests.support.field_troubles import FieldTrouble
from tests.support.makers import make_ticket

TICKET = make_ticket(severity="S2-Moderate")
BOX, SEVERITY, CLOCK, OWNER = Field.LARGE_USER, Field.SEVERITY, Field.CLOCK_STATE, Field.ESCALATION_OWNER
VALUES = {CLOCK: "paused", OWNER: "lead", BOX: True, SEVERITY: "S1-Critical"}


@pytest.fixture
def desk():
    return FakeDesk(TICKET)


@pytest.fixture
def series(desk):
    renewals = []
    return WriteSeries(desk=desk, before=TICKET, replaced=[], renew=lambda: renewals.append(len(desk.writes)))


def kinds(refused):
    return {name: each.kind for name, each in refused.items()}


def test_what_desk_accepts_is_one_call(desk, series):
    assert series.write(VALUES) == {}
    assert desk.writes == [VALUES]


def test_a_field_that_is_named_is_left_out_of_the_next_call(desk, series):
    desk.troubles = {OWNER: FieldTrouble.INVALID, CLOCK: FieldTrouble.MISSING}

    assert kinds(series.write(VALUES)) == {OWNER: RefusalKind.INVALID, CLOCK: RefusalKind.MISSING}
    assert desk.writes[1:] == [{BOX: True, SEVERITY: "S1-Critical"}]


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [(FieldTrouble.UNNAMED, RefusalKind.REFUSED), (FieldTrouble.FORBIDDEN, RefusalKind.FORBIDDEN)],
)
def test_where_none_is_named_box_and_severity_come_first(desk, series, trouble, kind):
    desk.troubles = {OWNER: trouble}

    assert kinds(series.write(VALUES)) == {OWNER: kind}
    assert desk.writes[1:] == [{BOX: True, SEVERITY: "S1-Critical"}, {OWNER: "lead"}, {CLOCK: "paused"}]


def test_of_a_refused_group_each_field_is_tried(desk, series):
    desk.troubles = {SEVERITY: FieldTrouble.UNNAMED}

    assert kinds(series.write({BOX: True, SEVERITY: "S1-Critical"})) == {SEVERITY: RefusalKind.REFUSED}
    assert desk.writes[1:] == [{BOX: True}, {SEVERITY: "S1-Critical"}]


@pytest.mark.parametrize("before", [None, "set by a rule"], ids=["a rule's", "a rule's, as before"])
def test_a_value_of_a_rule_is_kept_apart_from_one_that_was_ignored(desk, before):
    ticket = replace(TICKET, escalation_owner=before)
    desk.tickets[TICKET.ticket_id] = ticket
    desk.troubles = {OWNER: FieldTrouble.CHANGED, CLOCK: FieldTrouble.DROPPED}
    series = WriteSeries(desk=desk, before=ticket, replaced=[OWNER] if before else [], renew=lambda: None)

    assert kinds(series.write(VALUES)) == {OWNER: RefusalKind.CHANGED, CLOCK: RefusalKind.DROPPED}


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        pytest.param("running", {CLOCK: RefusalKind.OVERTAKEN}, id="another value: it stays"),
        pytest.param("paused", {}, id="the one that we want"),
    ],
)
def test_a_field_that_changed_since_it_was_read_is_not_sent(desk, series, value, refused):
    desk.troubles = {OWNER: FieldTrouble.UNNAMED}
    desk.before["write_ticket"] = lambda: desk.person_sets(TICKET.ticket_id, clock_state=value)

    assert kinds(series.write(VALUES)) == {OWNER: RefusalKind.REFUSED, **refused}
    assert desk.tickets[TICKET.ticket_id].clock_state == value
    assert {CLOCK: "paused"} not in desk.writes
