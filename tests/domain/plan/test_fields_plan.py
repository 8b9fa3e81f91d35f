"""The writes of a plan: only values that differ, never over a person's, never without end (L5, L7, L14)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given

from desk_sync.domain.commitment.clock_fields import CLOCK_FIELDS
from desk_sync.domain.plan.draft import draft_plan
from desk_sync.domain.plan.memory import AppliedValue, Override
from desk_sync.domain.plan.policy import Mode
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.ticket import Field
from tests.support.makers import PERSON, POLICY, ROBOT, TICKETS, changed, make_event, make_memory, make_ticket
from tests.support.plan_scenes import (
    BOX,
    EVERYTHING,
    LARGE,
    LARGE_BASIS,
    LATE,
    LATE_TICKET,
    OURS,
    SEVERITY,
    SMALL,
    TREATED,
    UNKNOWN,
    after_ours,
    carry_out,
    draft,
    look,
    memories,
    modes,
    observations,
    past,
    with_rules,
)

DUE, CLOCK_STATE = Field.ACKNOWLEDGEMENT_DUE, Field.CLOCK_STATE
AT_LIMIT = after_ours(consecutive_writes=TICKETS.write_limit)


@given(observations, memories, modes)
def test_a_write_never_replaces_a_persons_value_nor_repeats_the_tickets_nor_needs_a_missing_field(
    observed, memory, mode
):
    plan = draft_plan(observed, memory, with_rules(EVERYTHING, mode=mode)).finish(agents={}, last_education=None)
    writes, ticket = plan.fields.writes, observed.ticket

    assert not writes.keys() & plan.fields.memory.overrides.keys()
    assert not writes.keys() & ticket.not_on_layout
    assert all(value != ticket.value(name) for name, value in writes.items())


@given(observations, memories)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(observed, memory):
    """L5."""
    plan = draft_plan(observed, memory, EVERYTHING).finish(agents={}, last_education=None)
    # A severity that this look takes back still counts for its clocks: the next look reads them by the earlier one.
    assume(SEVERITY not in plan.fields.writes or SEVERITY in plan.fields.memory.applied)
    next_observed, next_memory = carry_out(plan, observed, memory)

    again = draft_plan(next_observed, next_memory, EVERYTHING).finish(agents={}, last_education=None)

    assert again.fields.writes == {}
    assert again.fields.memory.applied == plan.fields.memory.applied
    assert again.fields.memory.consecutive_writes == plan.fields.memory.consecutive_writes
    assert (again.note, again.escalation.wakes) == (None, frozenset())
    assert again.escalation.memory == plan.escalation.memory
    for repeated, made in ((again.effects, plan.effects), (again.escalation.messages, plan.escalation.messages)):
        assert {each.key for each in repeated} <= {each.key for each in made}, "each key is made or sent once"


def test_an_action_of_a_level_is_done_once_so_that_a_persons_later_change_stays():
    first = draft(LATE_TICKET, policy=EVERYTHING, **LATE)
    plan = first.finish(agents={}, last_education=None)
    observed, memory = carry_out(plan, first.observed, first.memory)
    calmed = replace(observed, ticket=replace(observed.ticket, priority="Low"))

    again = draft_plan(calmed, memory, EVERYTHING).finish(agents={}, last_education=None)

    assert plan.fields.writes[Field.PRIORITY] == "High"
    assert again.fields.writes == {}


@pytest.mark.parametrize(
    ("ticket", "memory", "counts"),
    [
        pytest.param(make_ticket(severity="S3-Minimal"), None, "S1-Critical", id="ours, before it is written"),
        pytest.param(
            make_ticket(severity="S3-Minimal", large_user=True), after_ours(), "S3-Minimal", id="a person's instead"
        ),
        pytest.param(
            make_ticket(severity="S3-Minimal", in_bin=True), None, "S3-Minimal", id="Desk's where ours is not set"
        ),
        pytest.param(
            make_ticket(not_on_layout=frozenset({SEVERITY})), None, "S1-Critical", id="ours, also if it has no field"
        ),
    ],
)
def test_the_severity_that_counts_is_ours_unless_a_person_set_another(ticket, memory, counts):
    assert draft(ticket, LARGE, memory).fields.severity == counts


class TestALayoutWithoutTheField:
    """L8: where a ticket's layout has no place for a value, the value is unknown."""

    MOVED = make_ticket(not_on_layout=frozenset({BOX, SEVERITY}), modified_by="a person")

    def test_our_value_is_neither_written_again_nor_taken_for_a_persons_edit(self):
        events = [make_event(changed=frozenset({BOX, SEVERITY}), actor_id="a person")]

        plan = look(self.MOVED, LARGE, after_ours(), events=events)

        assert (plan.fields.writes, plan.fields.memory.overrides, plan.fields.memory.applied) == ({}, {}, OURS)
        assert plan.fields.unplaceable == (BOX, SEVERITY)
        assert plan.urgency == 1

    def test_a_value_that_a_person_set_before_still_holds(self):
        lowered = after_ours(overrides={SEVERITY: Override(value="S3-Minimal", basis=LARGE_BASIS)})

        assert set(look(self.MOVED, LARGE, lowered).fields.memory.overrides) == {SEVERITY}


class TestACrashAroundAWrite:
    intended = make_memory(intended=OURS)

    def test_an_intended_value_that_the_ticket_has_is_ours(self):
        plan = look(make_ticket(**TREATED), LARGE, self.intended)

        assert (plan.fields.writes, plan.fields.memory.applied) == ({}, OURS)

    def test_one_that_it_does_not_have_is_written_now(self):
        plan = look(make_ticket(severity="S2-Moderate"), LARGE, self.intended)

        assert (plan.fields.writes, plan.fields.memory.overrides) == ({BOX: True, SEVERITY: "S1-Critical"}, {})

    def test_a_plan_names_the_values_that_it_is_about_to_write_and_no_others(self):
        assert look(make_ticket(severity="S2-Moderate"), LARGE).fields.intended == OURS
        assert look(make_ticket(**TREATED), LARGE, after_ours()).fields.intended == {}


class TestValuesThatShowTheClocks:
    shown = replace(POLICY, shown=CLOCK_FIELDS)

    def test_a_persons_value_holds_while_ours_has_not_changed(self):
        ticket = replace(LATE_TICKET, acknowledgement_due="2026-12-01T00:00Z")
        ours = AppliedValue(value="2026-11-23T08:00Z", before=None, basis="2026-11-23T08:00Z")

        plan = look(ticket, memory=make_memory(applied={DUE: ours}), policy=self.shown, **LATE)

        assert DUE not in plan.fields.writes
        assert plan.fields.memory.overrides[DUE].value == "2026-12-01T00:00Z"

    def test_a_new_value_of_ours_ends_it(self):
        ticket = replace(LATE_TICKET, acknowledgement_due="2026-12-01T00:00Z")
        ours = AppliedValue(value="2026-11-23T07:00Z", before=None, basis="2026-11-23T07:00Z")
        known = {DUE: Override(value="2026-12-01T00:00Z", basis="2026-11-23T07:00Z")}

        plan = look(ticket, memory=make_memory(applied={DUE: ours}, overrides=known), policy=self.shown, **LATE)

        assert plan.fields.writes[DUE] == "2026-11-23T08:00Z"

    def test_a_field_that_the_portal_does_not_have_is_not_written(self):
        policy = replace(POLICY, shown=frozenset({Field.CLOCK_STATE}))

        assert set(look(LATE_TICKET, policy=policy, history=past()).fields.writes) == {Field.CLOCK_STATE}


class TestModes:
    @pytest.mark.parametrize(("mode", "writes"), [(Mode.SHADOW, False), (Mode.COMMENT, False), (Mode.WRITE, True)])
    def test_only_the_mode_write_writes_or_remembers_a_write(self, mode, writes):
        fields = look(make_ticket(), LARGE, policy=with_rules(mode=mode)).fields

        assert (bool(fields.writes), bool(fields.memory.applied), fields.memory.consecutive_writes) == (
            writes,
            writes,
            writes,
        )

    def test_a_department_may_have_another_mode(self):
        ticket = make_ticket()
        policy = with_rules(mode=Mode.SHADOW, department_modes={ticket.department_id: Mode.WRITE})

        assert look(ticket, LARGE, policy=policy).fields.writes


class TestLoops:
    """L14: n writes without a person's change in between, then stop and say so."""

    undone = make_ticket(modified_by=ROBOT)

    def test_the_last_write_before_the_limit_is_made(self):
        fields = look(self.undone, LARGE, after_ours(consecutive_writes=TICKETS.write_limit - 1)).fields

        assert (bool(fields.writes), fields.memory.consecutive_writes, fields.looping) == (
            True,
            TICKETS.write_limit,
            False,
        )

    def test_at_the_limit_nothing_more_is_written(self):
        fields = look(self.undone, LARGE, AT_LIMIT).fields

        assert (fields.writes, fields.looping) == ({}, True)
        assert fields.memory.consecutive_writes == TICKETS.write_limit

    @pytest.mark.parametrize("lookup", [SMALL, UNKNOWN], ids=["not large", "unknown"])
    def test_at_the_limit_there_is_no_loop_if_nothing_differs(self, lookup):
        assert not look(self.undone, lookup, AT_LIMIT).fields.looping

    def test_a_person_who_changes_something_else_has_not_set_the_values_that_the_machine_undid(self):
        later = replace(self.undone, status="On Hold", modified_by="300")

        plan = look(later, LARGE, AT_LIMIT, events=[make_event(state="held", before="open", actor_id="300")])

        assert (plan.fields.memory.overrides, bool(plan.fields.writes)) == ({}, True)

    def test_a_persons_change_starts_the_count_again(self):
        events = [changed(make_ticket(**TREATED), self.undone, by=ROBOT), make_event(actor_id="300")]

        plan = look(self.undone, LARGE, AT_LIMIT, events=events)

        assert (bool(plan.fields.writes), plan.fields.memory.consecutive_writes) == (True, 1)


class TestConsecutiveWrites:
    """L14: only writes that may answer another program's are counted."""

    WRITTEN = make_memory(
        consecutive_writes=1, applied={**OURS, CLOCK_STATE: AppliedValue(value="paused", before=None, basis="")}
    )

    @pytest.mark.parametrize(
        ("shown", "by", "counted"),
        [
            pytest.param("running", ROBOT, 1, id="a clock that went on"),
            pytest.param("paused", ROBOT, 2, id="the value that we had set, and another program replaced"),
            pytest.param("running", PERSON, 0, id="a person changed the ticket last: the count begins again"),
        ],
    )
    def test_what_clocks_show_changes_with_time(self, shown, by, counted):
        ticket = make_ticket(**TREATED, clock_state="met", modified_by=by)
        fields = draft(ticket, LARGE, self.WRITTEN).fields

        plan = fields.finish({CLOCK_STATE: DesiredValue(shown, "")}, {}, Mode.WRITE)

        assert plan.memory.consecutive_writes == counted
