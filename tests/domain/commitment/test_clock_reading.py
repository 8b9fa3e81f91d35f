"""A reading of a ticket's clocks: its alarms, its digest, the next instant, and the severity that counts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.commitment.clock_reading import severity_since, take_reading
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.ticket.ticket import Field
from tests.support.clock_scenes import HOUR, LARGE, MONDAY, PROMISE, after, events
from tests.support.makers import make_event, make_ticket

NOW = MONDAY + 5 * HOUR


def reading(happened: str, now: str, basis: ClockBasis = LARGE):
    return take_reading(make_history(happened), PROMISE, basis, MONDAY + after(now))


def make_history(happened: str) -> History:
    return History(created_at=MONDAY, events=events(happened))


def hours_after(key: str) -> str:
    """Return the key with the hours after Monday's beginning instead of the instants: of its cycle, of what passed."""
    milestone, *instants, alarm = key.split(":")
    hours = [(datetime.strptime(each, "%Y%m%dT%H%M%S%z") - MONDAY) // HOUR for each in instants]
    return f"{milestone}:{hours[0]:02}:{hours[1]:02}:{alarm}"


@pytest.mark.parametrize(
    ("happened", "now", "alarms"),
    [
        pytest.param("0h s1", "59m", set(), id="no alarm"),
        pytest.param("0h s1", "2h", {"acknowledgement:00:01:at_risk", "determination:00:02:at_risk"}, id="two at risk"),
        pytest.param(
            "0h s1", "3h", {"acknowledgement:00:03:breached", "determination:00:02:at_risk"}, id="one breached"
        ),
        pytest.param(
            "0h s1, 30m reply, 1h reply, 5h message",
            "7h",
            {"determination:05:07:at_risk"},
            id="a later cycle is another",
        ),
        pytest.param("0h s1, 2h paused", "9h", set(), id="a paused clock is not at risk"),
        pytest.param("0h s1, 30m reply, 9h solved", "20h", {"determination:00:08:breached"}, id="met late"),
    ],
)
def test_each_alarm_has_a_key_of_its_own(happened, now, alarms):
    assert {hours_after(key) for key in reading(happened, now, ClockBasis()).alarms} == alarms


happenings = st.lists(
    st.builds("{}h {}".format, st.integers(1, 60), st.sampled_from(["message", "reply", "paused", "open", "s1", "s3"])),
    max_size=5,
).map(", ".join)


@given(happenings, st.sampled_from([0, 1, 2, 5, 23, 30, 70]))
def test_without_events_the_digest_changes_at_the_next_instant_and_not_before(happened, hours):
    now = MONDAY + hours * HOUR
    first = take_reading(make_history(happened).until(now), PROMISE, LARGE, now)
    if first.next_at:
        before, then = (
            take_reading(first.history, PROMISE, LARGE, at)
            for at in (first.next_at - timedelta(microseconds=1), first.next_at)
        )

        assert before.digest == first.digest
        assert then.digest != first.digest


def test_a_digest_does_not_depend_on_the_time_that_is_used():
    assert reading("0h s1", "10m").digest == reading("0h s1", "50m").digest


def test_the_stored_inputs_have_the_digest_of_the_promise_and_not_the_promise():
    inputs = reading("0h s1", "1h").inputs

    assert (inputs.promise, inputs.history) == (PROMISE.digest, make_history("0h s1"))


@pytest.mark.parametrize(
    ("level", "reports", "modified", "new", "hours"),
    [
        pytest.param(1, [], 3, True, 0, id="a new ticket had it from the creation"),
        pytest.param(1, [(2, Field.SEVERITY)], 3, False, 2, id="since the event"),
        pytest.param(1, [(2, Field.SEVERITY), (1, Field.SEVERITY)], 3, False, 2, id="since the latest event"),
        pytest.param(1, [(2, Field.STATUS)], 3, False, 3, id="an event without it: since the last change"),
        pytest.param(1, [], 3, False, 3, id="no event: since the last change"),
        pytest.param(1, [], None, False, 5, id="no last change: since now"),
        pytest.param(1, [(6, Field.SEVERITY)], 3, False, 5, id="never later than now"),
        pytest.param(None, [], 3, False, 3, id="taken away"),
    ],
)
def test_a_severity_counts_from_its_change(level, reports, modified, new, hours):
    ticket = make_ticket(modified_at=modified and MONDAY + modified * HOUR)
    reported = [make_event(changed=[name], occurred_at=MONDAY + at * HOUR) for at, name in reports]

    history = severity_since(make_history("" if new else "0h s3"), level, ticket, reported, new=new, now=NOW)

    assert history.level(NOW) == level
    assert history.level(MONDAY + hours * HOUR) == level
    assert not hours or history.level(MONDAY + hours * HOUR - timedelta(microseconds=1)) == 3


def test_a_severity_that_is_known_already_changes_nothing():
    history = make_history("0h s3")

    assert (
        severity_since(history, 3, make_ticket(), [make_event(changed=[Field.SEVERITY])], new=False, now=NOW) == history
    )
