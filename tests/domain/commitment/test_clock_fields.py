"""The fields that show a ticket's clocks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.clock_fields import CLOCK_FIELDS, StandingState, clock_fields
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.ticket.ticket import Field
from tests.support.clock_scenes import DET, LARGE, MONDAY, PROMISE, read, under

ANSWERED = "0h s1, 30m reply, 1h reply"


def shown(happened: str, now: str, promise=PROMISE, basis=None, **rest) -> dict[Field, str | None]:
    return {name: each.value for name, each in clock_fields(read(happened, now, promise, basis, **rest))}


@pytest.mark.parametrize(
    ("happened", "now", "state", "next_milestone"),
    [
        pytest.param("0h s1", "30m", StandingState.ON_TRACK, "acknowledgement", id="all on track"),
        pytest.param("0h s1", "1h", StandingState.AT_RISK, "acknowledgement", id="one at risk"),
        pytest.param("0h s1", "3h", StandingState.BREACHED, "acknowledgement", id="one breached, one at risk"),
        pytest.param("0h s1, 30m paused", "9h", StandingState.PAUSED, "acknowledgement", id="all paused"),
        pytest.param("0h s1, 30m reply", "1h", StandingState.ON_TRACK, "determination", id="the first one is met"),
        pytest.param("0h s1, 4h reply", "5h", StandingState.AT_RISK, "determination", id="a late one has ended"),
        pytest.param(ANSWERED, "2h", StandingState.MET, None, id="all met"),
        pytest.param("0h s1, 4h reply, 5h reply", "6h", StandingState.BREACHED, None, id="all ended, one of them late"),
        pytest.param("0h s1, 30m ended", "2h", None, None, id="all cancelled"),
    ],
)
def test_the_state_is_the_worst_of_what_is_open(happened, now, state, next_milestone):
    fields = shown(happened, now)

    assert (fields[Field.CLOCK_STATE], fields[Field.NEXT_MILESTONE]) == (state, next_milestone)


def test_a_ticket_is_paused_only_if_every_open_clock_is():
    fields = shown("0h s1, 30m paused", "50m", under(paused=frozenset({DET})))

    assert fields[Field.CLOCK_STATE] is StandingState.ON_TRACK


def test_a_paused_clock_comes_after_those_that_are_due():
    fields = shown("0h s1, 30m reply, 40m paused", "50m", under(paused=frozenset({DET})), LARGE)

    assert fields[Field.NEXT_MILESTONE] == "resolution"
    assert (fields[Field.DETERMINATION_DUE], fields[Field.RESOLUTION_DUE]) == (None, "2026-11-17T23:00Z")


@pytest.mark.parametrize(
    ("promise", "basis"),
    [
        pytest.param(under(without_severity=None), None, id="no clocks"),
        pytest.param(PROMISE, ClockBasis(issue_type="limitation"), id="exempt clocks"),
    ],
)
def test_fields_without_a_due_clock_are_emptied(promise, basis):
    assert shown("", "1h", promise, basis) == dict.fromkeys(CLOCK_FIELDS)


def test_the_latest_cycle_of_a_milestone_is_the_one_that_is_shown():
    fields = shown(f"{ANSWERED}, 5h message", "6h")

    assert (fields[Field.ACKNOWLEDGEMENT_DUE], fields[Field.DETERMINATION_DUE]) == (
        "2026-11-16T02:00Z",
        "2026-11-16T12:00Z",
    )


def test_due_instants_have_no_seconds_for_desk_to_drop():
    fields = shown("0h s1", "1h", created_at=MONDAY + timedelta(seconds=59, microseconds=1))

    assert fields[Field.ACKNOWLEDGEMENT_DUE] == "2026-11-16T02:00Z"
    assert all(re.fullmatch(r"\S{16}Z", text) for name, text in fields.items() if text and name.endswith("_due"))


def test_fields_do_not_count_the_time_down():
    assert shown("0h s1", "1h") == shown("0h s1", "2h59m")


def test_a_new_due_instant_is_a_new_basis_for_the_field():
    one, other = (dict(clock_fields(read(happened, "1h"))) for happened in ("0h s1", "0h s2"))

    assert one[Field.DETERMINATION_DUE].basis != other[Field.DETERMINATION_DUE].basis
    assert one[Field.UPDATE_DUE] == other[Field.UPDATE_DUE]
