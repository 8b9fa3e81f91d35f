"""A reading of a ticket's clocks: its alarms, its digest, the next instant, and the severity that counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.commitment.clock_reading import SeverityLevels, take_reading
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

    levels = SeverityLevels(in_desk=level, counts=level)

    history = levels.after(make_history("" if new else "0h s3"), ticket, reported, new=new, now=NOW)

    assert history.level(NOW) == level
    assert history.level(MONDAY + hours * HOUR) == level
    assert not hours or history.level(MONDAY + hours * HOUR - timedelta(microseconds=1)) == 3


def test_a_severity_that_is_known_already_changes_nothing():
    history, known = make_history("0h s3"), SeverityLevels(in_desk=3, counts=3)

    assert known.after(history, make_ticket(), [make_event(changed=[Field.SEVERITY])], new=False, now=NOW) == history


@pytest.mark.parametrize(
    ("happened", "in_desk", "counts", "reports", "changes"),
    [
        pytest.param("0h s3", 3, 1, [], "0h s3, 5h s1 us", id="the ticket was never touched"),
        pytest.param("0h s3", 3, 1, [(2, Field.CUSTOMER_PRIMARY_EMAIL)], "0h s3, 5h s1 us", id="after a correction"),
        pytest.param("0h s3", 2, 1, [(2, Field.SEVERITY)], "0h s3, 5h s1 us", id="after another severity"),
        pytest.param("0h s3, 4h s1", 1, 3, [], "0h s3, 4h s1, 5h s3 us", id="taken back"),
        pytest.param("0h s3, 5h s2", 2, 1, [], "0h s3, 5h s1 us", id="at the instant of somebody's change"),
        pytest.param("0h s3, 5h s1", 2, 2, [(5, Field.SEVERITY)], "0h s3, 5h s2", id="changed again in that second"),
        pytest.param("0h s3, 5h s1", 2, 2, [(4, Field.SEVERITY)], "0h s3, 5h s2", id="the last word is later"),
    ],
)
def test_a_change_of_ours_is_dated_by_the_look_that_makes_it(happened, in_desk, counts, reports, changes):
    ticket = make_ticket(modified_at=MONDAY + 3 * HOUR)
    reported = [make_event(changed=[name], occurred_at=MONDAY + at * HOUR) for at, name in reports]

    history = SeverityLevels(in_desk=in_desk, counts=counts).after(
        make_history(happened), ticket, reported, new=False, now=NOW
    )

    assert shown(history) == changes


@pytest.mark.parametrize(
    ("in_desk", "changes"),
    [
        pytest.param(3, "0h s3, 5h s1 us", id="the severity in Desk counted until now"),
        pytest.param(None, "0h s0, 5h s1 us", id="as did none"),
        pytest.param(1, "0h s1", id="it had ours already"),
    ],
)
def test_the_first_look_raises_a_severity_now(in_desk, changes):
    levels = SeverityLevels(in_desk=in_desk, counts=1)

    history = levels.after(make_history(""), make_ticket(), (), new=True, now=NOW)

    assert shown(history) == changes


def shown(history):
    """Return the changes of severity, each with its hour, and with its author if that is us."""
    hours = [(event, (event.at - MONDAY) // HOUR) for event in history.events]
    return ", ".join(f"{at}h s{event.level or 0}" + (" us" if event.by_us else "") for event, at in hours)


class TestABreachThatRestsOnUnknownTime:
    """It is said where people look, and escalates nothing before it is proven (L8, D3)."""

    @pytest.mark.parametrize(
        ("unknown", "now", "doubtful", "proven"),
        [
            pytest.param((1, 2), "2h", [], None, id="not due yet"),
            pytest.param((1, 2), "3h", ["A"], "4h", id="it may have been paused"),
            pytest.param((1, 2), "4h", [], "4h", id="due all the same, if it was"),
            pytest.param((4, 5), "6h", [], "3h", id="what happened after it does not matter"),
            pytest.param((1, 2), "8h", ["D"], "4h", id="solving would have met the determination"),
            pytest.param((9, 10), "11h", [], "3h", id="unless it was breached before"),
        ],
    )
    def test_it_is_doubtful_until_it_is_proven(self, unknown, now, doubtful, proven):
        found = read_unknown("0h s1", now, unknown)

        acknowledgement = found.clocks[0]
        assert [each.milestone[0].upper() for each in found.doubtful] == doubtful
        assert proven is None or acknowledgement.proven_at == MONDAY + after(proven)

    def test_one_that_was_met_before_it_could_be_proven_stays_doubtful(self):
        (found, *_) = read_unknown("0h s1, 3h reply", "20h", (1, 2)).doubtful

        assert (found.milestone, found.met_at) == ("acknowledgement", MONDAY + 3 * HOUR)

    def test_it_is_no_breach_for_what_is_seen_outside(self):
        found = read_unknown("0h s1", "3h", (1, 2))

        assert [each.state for each in found.proven.clocks] == ["running", "running"]
        assert found.digest != read_unknown("0h s1", "3h", (4, 5)).digest

    @pytest.mark.parametrize(
        ("unknown", "now", "hours"),
        [
            pytest.param((1, 2), "1h30m", 3, id="nothing is doubtful yet"),
            pytest.param((1, 2), "3h", 4, id="when it is proven"),
            pytest.param((1, 2), "4h", None, id="nothing more can change it"),
        ],
    )
    def test_the_instant_of_its_proof_is_looked_at(self, unknown, now, hours):
        next_at = read_unknown("0h s1", now, unknown).clocks[0].next_at

        assert next_at == (MONDAY + hours * HOUR if hours else None)

    @pytest.mark.parametrize(
        ("unknown", "now", "minutes"),
        [
            pytest.param((2, 3), "3h", 1, id="at once"),
            pytest.param((2, 2.95), "3h", 3, id="pauses double"),
            pytest.param((1, 2), "3h", 15, id="up to a quarter of an hour"),
            pytest.param((1, 2), "2h", None, id="nothing is doubtful"),
        ],
    )
    def test_what_happened_is_asked_again(self, unknown, now, minutes):
        at = MONDAY + after(now)

        again_at = read_unknown("0h s1", now, unknown).ask_again_at(at)

        assert again_at == (at + timedelta(minutes=minutes) if minutes else None)


def read_unknown(happened, now, unknown):
    """Return the reading of a ticket of whose past these hours are unknown."""
    span = tuple(MONDAY + hour * HOUR for hour in unknown)
    history = replace(make_history(happened), unknown=(span,))
    return take_reading(history, PROMISE, ClockBasis(), MONDAY + after(now))
