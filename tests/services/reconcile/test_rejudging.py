"""Running clocks as they were judged, and as a new mapping would judge them; it changes none of them.

The ticket was opened on Monday 23 November 2026 at 10:00 in Berlin, by a large user account: severity 1.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.calendar import WEEKDAYS, WeeklyHours
from desk_sync.domain.commitment.conversation import StatusRules
from desk_sync.domain.commitment.promise import Milestone
from tests.support.clock_scenes import ACK, WEEK, window
from tests.support.makers import NOW, POLICY, make_ticket

TICKET = "100000000000000001"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def under_way(desk, world):
    """Half an hour on hold, an answer, and then another mapping: an hour for everything, and no status waits."""
    desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
    world.receives(key="add")
    world.look()
    for minutes, happen in (
        (10, lambda: desk.changes_status(TICKET, "On Hold", "On Hold")),
        (30, lambda: desk.changes_status(TICKET, "Open", "Open")),
        (5, lambda: desk.agent_replies(TICKET)),
        (0, lambda: desk.person_comments(TICKET, public=False)),
    ):
        world.waits(minutes=minutes)
        happen()
        world.receives(key=f"{world.now()}")
        world.look()
    terms = replace(
        POLICY.commitment.terms,
        windows={1: {Milestone.ACKNOWLEDGEMENT: window(0.1, 0.25)}},
        resolution=None,
        paused=frozenset(),
    )
    world.policy = replace(POLICY, version="p2", commitment=replace(POLICY.commitment, terms=terms))
    return world


def rejudge(world):
    return world.reader().rejudge(world.tickets.history(TICKET))


def test_the_whole_past_is_judged_by_todays_mapping(under_way):
    again = rejudge(under_way)

    (acknowledgement,) = again.clocks
    assert again.promise.mapping_version == "p2"
    assert acknowledgement.state == "breached"
    assert acknowledgement.due_at == NOW + 15 * MINUTE
    assert acknowledgement.met_at == NOW + 45 * MINUTE
    assert acknowledgement.used == 45 * MINUTE


def test_the_promise_stays_and_nothing_is_written(desk, under_way):
    before, comments = under_way.tickets.history(TICKET), dict(desk.comments)
    calls = len(desk.calls)

    rejudge(under_way)

    after = under_way.tickets.history(TICKET)
    assert after == before
    assert dict(desk.comments) == comments
    assert set(desk.calls[calls:]) <= {"read_ticket", "read_threads", "read_comments", "read_status_changes"}
    (then, *_) = after.clocks(under_way.now())
    assert (then.state, then.used) == ("met", 15 * MINUTE)


def test_the_same_mapping_judges_as_it_did(under_way):
    under_way.policy = POLICY

    again = rejudge(under_way)

    then = under_way.tickets.history(TICKET).clocks(under_way.now())
    assert [(each.key, each.state, each.due_at, each.used) for each in again.clocks] == [
        (each.key, each.state, each.due_at, each.used) for each in then
    ]


def test_a_severity_that_a_person_changed_counts_from_when_it_was_changed(desk, under_way):
    under_way.policy = POLICY
    desk.person_sets(TICKET, severity="S2-Moderate")
    under_way.receives(key="lowered")
    under_way.look()

    assert {clock.level for clock in rejudge(under_way).clocks} == {
        clock.level for clock in under_way.tickets.history(TICKET).clocks(under_way.now())
    }


def test_a_ticket_without_clocks_has_none_to_judge(desk, world):
    desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1, status="Closed", status_type="Closed")
    world.receives(key="add")
    world.look()

    assert rejudge(world) is None
    assert world.tickets.history(TICKET).clocks(world.now()) == ()


WAITING = StatusRules(waiting=frozenset({"awaiting partner"}))


@pytest.fixture
def waited(desk, world):
    """Half an hour in a status that the mapping calls waiting, and still unanswered two hours after the creation."""
    world.policy = deciding(statuses=WAITING)
    desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
    for minutes, status in ((0, None), (30, "Awaiting partner"), (30, "Open"), (60, None)):
        world.waits(minutes=minutes)
        if status:
            desk.changes_status(TICKET, status, "Open")
        world.receives(key=f"{world.now()} {status}")
        world.look()
    return world


def deciding(**commitment):
    return replace(POLICY, version="p2", commitment=replace(POLICY.commitment, **commitment))


def calendar_of_afternoons():
    regions = POLICY.commitment.regions
    afternoons = replace(WEEK, weekly=dict.fromkeys(WEEKDAYS, (WeeklyHours.of("13:00", "18:00"),)))
    return replace(regions, calendars=dict.fromkeys(regions.calendars, afternoons))


@pytest.mark.parametrize(
    ("edited", "now_due_after"),
    [
        pytest.param(deciding(), timedelta(hours=3), id="the status has another name in Desk, and in the mapping"),
        pytest.param(
            deciding(statuses=WAITING, regions=calendar_of_afternoons()),
            timedelta(hours=6),
            id="the calendar was edited",
        ),
        pytest.param(
            deciding(statuses=WAITING, terms=replace(POLICY.commitment.terms, windows={1: {ACK: window(1, 2)}})),
            timedelta(hours=2, minutes=30),
            id="a mapping with other windows is active",
        ),
    ],
)
def test_clocks_that_ran_before_an_edit_stay_as_they_were_judged(desk, waited, edited, now_due_after):
    then = waited.tickets.history(TICKET).clocks(waited.now())
    waited.policy = edited
    waited.receives(key="touched")
    waited.look()
    comments = {ticket: list(said) for ticket, said in desk.comments.items()}
    stored = waited.tickets.history(TICKET)

    (judged_now, *_) = rejudge(waited).clocks

    assert stored.clocks(waited.now()) == then
    assert (then[0].due_at, judged_now.due_at) == (NOW + timedelta(hours=3, minutes=30), NOW + now_due_after)
    assert (desk.comments, waited.tickets.history(TICKET)) == (comments, stored)
