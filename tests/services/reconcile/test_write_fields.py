"""The calls of one write: as few as possible, the most valuable fields first, and nothing over a later change (L7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.ticket.held_back import RefusalKind
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import TemporaryError, Unreadable
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


def unanswered():
    raise TemporaryError("Desk did not answer")


def lose_answers(desk, moment, times):
    """Lose the answers to the next writes, before or after Desk has them."""

    def lose():
        if times > 1:
            lose_answers(desk, moment, times - 1)
        unanswered()

    getattr(desk, moment)["write_ticket"] = lose


class TestAWriteWithoutAnAnswer:
    """L7: it is not repeated blind."""

    @pytest.mark.parametrize(
        ("moment", "sent"),
        [
            pytest.param("before", [VALUES], id="Desk has it not: it is sent once more"),
            pytest.param("after", [], id="Desk has it: it is not"),
        ],
    )
    def test_the_ticket_is_read_before_anything_is_sent_again(self, desk, series, moment, sent):
        lose_answers(desk, moment, 1)

        assert series.write(VALUES) == {}
        assert desk.calls == ["write_ticket", "read_ticket", *("write_ticket" for _ in sent)]
        assert {name: series.after.value(name) for name in VALUES} == VALUES

    @pytest.mark.parametrize("moment", ["before", "after"])
    @pytest.mark.parametrize(
        "edit",
        [{"severity": "S3-Minimal"}, {"severity": "S2-Moderate", "product": "CRM"}, {"customer_primary_email": None}],
        ids=["a field of ours", "put back, and another", "what the decision is based on"],
    )
    def test_if_a_person_changed_the_ticket_meanwhile_a_later_look_decides(self, desk, series, moment, edit):
        lose_answers(desk, moment, 1)
        desk.before["read_ticket"] = lambda: desk.person_sets(TICKET.ticket_id, **edit)

        assert kinds(series.write(VALUES)) == dict.fromkeys(VALUES, RefusalKind.UNANSWERED)
        assert desk.count("write_ticket") == 1
        assert {name: desk.tickets[TICKET.ticket_id].value(name) for name in edit} == edit
        assert (series.after, series.author) == (TICKET, None), "nothing is learnt from a person's state"

    def test_it_is_repeated_once(self, desk, series):
        lose_answers(desk, "before", 2)

        assert kinds(series.write(VALUES)) == dict.fromkeys(VALUES, RefusalKind.UNANSWERED)
        assert desk.calls == ["write_ticket", "read_ticket", "write_ticket"]

    @pytest.mark.parametrize("error", [TemporaryError("down"), Unreadable("too large")])
    def test_a_ticket_that_cannot_be_read_is_not_written(self, desk, series, error):
        def fail():
            raise error

        lose_answers(desk, "before", 1)
        desk.before["read_ticket"] = fail

        assert kinds(series.write(VALUES)) == dict.fromkeys(VALUES, RefusalKind.UNANSWERED)
        assert desk.count("write_ticket") == 1

    def test_a_refusal_is_followed_by_a_reading_too(self, desk, series):
        desk.troubles = {OWNER: FieldTrouble.INVALID}
        desk.before["read_ticket"] = lambda: desk.person_sets(TICKET.ticket_id, severity="S3-Minimal")

        assert kinds(series.write(VALUES)) == {OWNER: RefusalKind.INVALID, SEVERITY: RefusalKind.OVERTAKEN}
        assert desk.writes[1:] == [{CLOCK: "paused", BOX: True}]

    @pytest.mark.parametrize(
        ("spoil", "kind"),
        [
            pytest.param(
                lambda desk: desk.person_sets(TICKET.ticket_id, product="CRM"), RefusalKind.OVERTAKEN, id="old"
            ),
            pytest.param(lambda desk: unanswered(), RefusalKind.UNANSWERED, id="no reading"),
        ],
    )
    def test_what_waits_is_not_sent_on_facts_that_may_be_so_no_more(self, desk, series, spoil, kind):
        desk.troubles = {OWNER: FieldTrouble.INVALID}
        desk.before["read_ticket"] = lambda: spoil(desk)

        refused = kinds(series.write(VALUES))

        assert refused == {**dict.fromkeys(VALUES, kind), OWNER: RefusalKind.INVALID}
        assert len(desk.writes) == 1


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
