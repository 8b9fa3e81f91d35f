"""The spans of a ticket's status by Desk's history, whatever the order of its changes."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from desk_sync.domain.commitment.status_past import StatusChange, status_spans
from tests.support.makers import NOW

CREATED = NOW - timedelta(hours=10)
STATUSES = st.sampled_from(["Open", "On Hold", "Closed", "Waiting"])


def spans(changes, status, *, whole=True):
    return status_spans(changes, status, created_at=CREATED, whole=whole, now=NOW)


@st.composite
def pasts(draw):
    """Real lives of a ticket: statuses in order, each with its second; several changes may be in one second."""
    seconds = sorted(draw(st.lists(st.integers(1, 5), max_size=8)))
    statuses = draw(st.lists(STATUSES, min_size=len(seconds) + 1, max_size=len(seconds) + 1))
    changes = [
        StatusChange(at=CREATED + timedelta(seconds=second), before=before, after=after)
        for second, before, after in zip(seconds, statuses, statuses[1:], strict=False)
    ]
    return changes, statuses[-1]


@given(pasts(), st.randoms(use_true_random=False))
def test_a_real_past_is_found_in_whatever_order_it_is_listed(past, chance):
    changes, status = past
    assume(changes)
    last = {change.at: change.after for change in changes}
    shuffled = chance.sample(changes, len(changes))

    found = spans(shuffled, status)

    assert {each.start: each.begun_in for each in found if each.start > CREATED} == last
    assert all(each.begun_in == each.ended_in for each in found)


def changes_at(second, *statuses):
    """Return the changes of one second from status to status."""
    at = CREATED + timedelta(seconds=second)
    return [StatusChange(at=at, before=before, after=after) for before, after in pairwise(statuses)]


CIRCUITS = [
    *changes_at(1, "Open", "On Hold", "Open"),
    *changes_at(2, "Open", "On Hold", "Waiting", "Open"),
    *changes_at(3, "Open", "On Hold", "Open"),
]


@pytest.mark.parametrize("status", ["Open", "On Hold"])
def test_seconds_that_end_where_they_began_end_with_the_tickets_own_status(status):
    assert {each.begun_in for each in spans(CIRCUITS, status) if each.start > CREATED} == {status}


def test_a_second_that_ends_where_it_began_goes_on_from_the_one_before_if_it_does_not_fit_what_comes_after():
    changes = [*changes_at(1, "Waiting", "On Hold"), *changes_at(2, "Open", "On Hold", "Open")]

    _, first, second = spans(changes, "Closed")

    assert (first.begun_in, first.ended_in) == ("On Hold", "On Hold")
    assert (second.begun_in, second.ended_in) == ("On Hold", "Closed")


@given(pasts())
def test_the_spans_follow_one_another_from_the_creation_to_now(past):
    changes, status = past
    assume(changes)
    found = spans(changes, status)

    ends = [each.end for each in found]
    assert [CREATED, *ends] == [*(each.start for each in found), NOW]


@given(st.lists(st.builds(StatusChange, at=st.just(CREATED + timedelta(hours=1)), before=STATUSES, after=STATUSES)))
def test_changes_that_make_no_chain_are_no_status(changes):
    found = spans(changes, "Open", whole=False)

    assert len(found) == bool(changes)
    known = {change.after for change in changes}
    assert all(each.begun_in is None or each.begun_in in known for each in found)


def test_without_changes_there_are_no_spans():
    assert spans([], "Open") == []
