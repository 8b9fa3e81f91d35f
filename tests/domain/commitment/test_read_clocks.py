"""The commitment's clocks: laws that hold for every history. Single histories are in `test_life_cycles.py`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind, WorkState
from desk_sync.domain.commitment.promise import WALL_CLOCK, CountFrom, DeterminationRule, FirstRound, ReopenedRule
from desk_sync.domain.commitment.read_clocks import KEPT_TYPES, ClockBasis, FormerIssueType, read_clocks
from tests.support.clock_scenes import (
    ACK,
    BERLIN,
    DET,
    HOUR,
    LARGE,
    MONDAY,
    PROMISE,
    RES,
    after,
    describe,
    events,
    read,
    under,
)

# The programme's own examples (§3), in the region's time.


@pytest.mark.parametrize(
    ("created", "severity", "issue_type", "acknowledgement", "determination"),
    [
        pytest.param("20 22:30", "s1", None, ("20 23:30", "23 01:30"), ("23 00:30", "23 06:30"), id="Friday night"),
        pytest.param("21 10:00", "s1", None, ("23 01:00", "23 03:00"), ("23 02:00", "23 08:00"), id="Saturday"),
        pytest.param("21 10:00", "s1", "login", ("21 11:00", "21 13:00"), ("21 12:00", "21 18:00"), id="login problem"),
        pytest.param("19 20:00", "s2", None, ("20 02:00", "20 08:00"), ("20 20:00", "23 20:00"), id="S2"),
        pytest.param("20 09:00", "s3", None, ("23 01:00", "23 09:00"), ("24 09:00", "25 09:00"), id="S3"),
    ],
)
def test_the_programmes_examples_come_out(created, severity, issue_type, acknowledgement, determination):
    def local(day_and_time: str) -> datetime:
        return datetime.fromisoformat(f"2026-11-{day_and_time}").replace(tzinfo=BERLIN).astimezone(UTC)

    about = ClockBasis(issue_type=issue_type)
    clocks = {clock.milestone: clock for clock in read(f"0h {severity}", "0h", basis=about, created_at=local(created))}

    for milestone, expected in ((ACK, acknowledgement), (DET, determination)):
        assert (clocks[milestone].target_at, clocks[milestone].due_at) == tuple(map(local, expected))


# Days that are not 24 hours long.


@pytest.mark.parametrize(
    ("tz", "created", "due"),
    [
        pytest.param(
            "America/New_York", "2026-10-31 23:00", "2026-11-01 01:00-05:00", id="New York, 01:00 shows twice"
        ),
        pytest.param("America/New_York", "2026-11-01 00:00", "2026-11-01 02:00-05:00", id="New York, 25 hours"),
        pytest.param("America/New_York", "2026-03-08 01:00", "2026-03-08 05:00-04:00", id="New York, 23 hours"),
        pytest.param("Europe/Berlin", "2026-10-25 00:00", "2026-10-25 02:00+01:00", id="Berlin, 25 hours"),
        pytest.param("Europe/Berlin", "2026-03-29 01:00", "2026-03-29 05:00+02:00", id="Berlin, 23 hours"),
        pytest.param(
            "Australia/Lord_Howe", "2026-04-05 00:00", "2026-04-05 02:30+10:30", id="Lord Howe, half an hour back"
        ),
        pytest.param(
            "Australia/Lord_Howe", "2026-10-04 01:00", "2026-10-04 04:30+11:00", id="Lord Howe, half an hour on"
        ),
        pytest.param("Pacific/Chatham", "2026-11-16 22:30", "2026-11-17 01:30+13:45", id="Chatham, +13:45"),
        pytest.param("Asia/Kolkata", "2026-11-16 22:30", "2026-11-17 01:30+05:30", id="Kolkata, +05:30"),
    ],
)
def test_a_commitment_of_three_hours_is_three_hours_also_as_clocks_change(tz, created, due):
    created_at = datetime.fromisoformat(created).replace(tzinfo=ZoneInfo(tz)).astimezone(UTC)
    every_day = replace(WALL_CLOCK, tz=tz)

    clock = read("0h s1", "0h", replace(PROMISE, calendar=every_day), created_at=created_at)[0]

    assert clock.due_at == datetime.fromisoformat(due)
    assert clock.due_at - clock.started_at == 3 * HOUR


def test_a_holiday_does_not_count_except_for_an_outage():
    closed = replace(PROMISE, calendar=replace(PROMISE.calendar, holidays=frozenset({date(2026, 11, 16)})))
    usual, outage = (read("0h s1", "1h", closed, ClockBasis(issue_type=about))[0] for about in (None, "outage"))

    assert describe(usual) == "A running 0h> used 0h due 25h/27h"
    assert describe(outage) == "A running 0h> used 1h due 1h/3h at risk"


# Laws.

instants = st.integers(0, 400).map(lambda halves: MONDAY + halves * HOUR / 2)
stages = st.sampled_from([WorkState.OPEN, WorkState.OPEN, WorkState.PAUSED, WorkState.SOLVED, WorkState.ENDED])
histories = st.lists(
    st.one_of(
        st.builds(
            HistoryEvent,
            kind=st.sampled_from([HistoryEventKind.MESSAGE, HistoryEventKind.REPLY, HistoryEventKind.MOVE]),
            at=instants,
        ),
        st.builds(HistoryEvent, kind=st.just(HistoryEventKind.STAGE), at=instants, stage=stages),
        st.builds(
            HistoryEvent, kind=st.just(HistoryEventKind.SEVERITY), at=instants, level=st.sampled_from([None, 1, 2, 3])
        ),
    ),
    max_size=10,
)
promises = st.builds(
    under,
    reopened=st.sampled_from(ReopenedRule),
    severity_changed=st.sampled_from(CountFrom),
    found_large_late=st.sampled_from(CountFrom),
    determination=st.sampled_from(DeterminationRule),
    first_round=st.sampled_from(FirstRound),
)
tickets = st.builds(
    ClockBasis,
    large=st.booleans(),
    large_since=st.none() | instants,
    issue_type=st.sampled_from([None, "outage", "defect"]),
)


@given(histories, promises, tickets, instants, st.randoms())
def test_clocks_do_not_depend_on_the_order_of_the_reports(happened, promise, about, now, chance):
    shuffled = chance.sample(happened * 2, len(happened) * 2)
    one, other = (History(created_at=MONDAY, events=tuple(each)) for each in (happened, shuffled))

    assert read_clocks(one, promise, about, now) == read_clocks(other, promise, about, now)


@given(histories, promises, tickets, instants)
def test_later_events_do_not_change_earlier_clocks(happened, promise, about, now):
    known = tuple(act for act in happened if act.at <= now)
    now_known, later_known = (History(created_at=MONDAY, events=each) for each in (known, tuple(happened)))

    assert read_clocks(now_known, promise, about, now) == read_clocks(later_known, promise, about, now)


@given(histories, promises, tickets, instants)
def test_time_is_counted_or_paused_and_the_state_agrees_with_the_figures(happened, promise, about, now):
    for clock in read_clocks(History(created_at=MONDAY, events=tuple(happened)), promise, about, now):
        end = clock.ended_at or now

        assert sum((ends - begins for begins, ends in clock.counted), timedelta(0)) == clock.used
        assert clock.used + clock.paused == clock.calendar.elapsed(clock.started_at, end)
        assert clock.left == max(clock.window.commitment - clock.used, timedelta(0))
        assert clock.left > timedelta(0) or clock.state in (ClockState.BREACHED, ClockState.CANCELLED)
        assert (clock.state in (ClockState.RUNNING, ClockState.PAUSED)) <= clock.open
        assert (clock.met_at is not None) == (clock.state is ClockState.MET) or clock.state is ClockState.BREACHED


@given(histories, promises, tickets, instants)
def test_without_events_a_clock_changes_at_next_at_and_not_before(happened, promise, about, now):
    assume(about.large_since is None or about.large_since <= now)
    history = History(created_at=MONDAY, events=tuple(act for act in happened if act.at <= now))
    for clock in read_clocks(history, promise, about, now):
        if clock.next_at:
            before, then = (
                next(each for each in read_clocks(history, promise, about, at) if each.key == clock.key)
                for at in (clock.next_at - timedelta(microseconds=1), clock.next_at)
            )

            assert (before.state, before.at_risk) == (clock.state, clock.at_risk)
            assert (then.state, then.at_risk) != (clock.state, clock.at_risk)


@given(histories, promises, tickets, instants)
def test_of_each_milestone_one_cycle_is_open_at_most(happened, promise, about, now):
    clocks = read_clocks(History(created_at=MONDAY, events=tuple(happened)), promise, about, now)
    still_open = [clock.milestone for clock in clocks if clock.open]

    assert len(still_open) == len(set(still_open))
    assert len({clock.key for clock in clocks}) == len(clocks)
    assert list(clocks) == sorted(clocks, key=lambda clock: clock.started_at)


# The reasons of a clock.


def test_there_are_no_clocks_before_there_is_a_ticket():
    assert read_clocks(History(created_at=MONDAY), PROMISE, LARGE, MONDAY - HOUR) == ()


@pytest.mark.parametrize(
    ("unknown", "certain"),
    [
        pytest.param(None, True, id="all is known"),
        pytest.param(("1h", "2h"), False, id="while it ran"),
        pytest.param(("3h", "4h"), True, id="after it was met"),
    ],
)
def test_a_clock_over_an_unknown_span_is_not_certain(unknown, certain):
    spans = (tuple(MONDAY + after(edge) for edge in unknown),) if unknown else ()
    history = History(created_at=MONDAY, events=events("0h s3, 3h reply"), unknown=spans)
    clock = read_clocks(history, PROMISE, ClockBasis(), MONDAY + after("5h"))[0]

    assert clock.certain is certain
    assert (clock.state, clock.used) == (ClockState.MET, 3 * HOUR)
    assert any("nothing is known" in str(reason) for reason in clock.reasons) is not certain


def test_an_exempt_clock_counts_nothing():
    clock = read("0h s1", "5h", basis=ClockBasis(issue_type="limitation"))[0]

    assert (clock.open, clock.counted, clock.left, clock.next_at) == (False, [], timedelta(0), None)


@pytest.mark.parametrize(
    ("happened", "promise", "about", "milestone", "reasons"),
    [
        pytest.param(
            "0h s1, 30m reply",
            PROMISE,
            LARGE,
            ACK,
            [
                "R29: starts with the creation",
                "R29: met by a person's first reply",
                "R18: severity 1: target 1 h, commitment 3 h",
                "R21: by the calendar of EUROPE_UK, Europe/Berlin",
            ],
            id="acknowledgement",
        ),
        pytest.param(
            "",
            under(windows={3: {DET: PROMISE.terms.windows[3][DET]}}),
            ClockBasis(inferred_issue_type="outage"),
            DET,
            [
                "R30: starts with the creation",
                "R20: no severity, so severity 3: target 48 h, commitment 72 h",
                "R21: outage, as its words say: by the wall clock, at weekends too",
            ],
            id="no severity, and an inferred outage",
        ),
        pytest.param(
            "0h s3, 1h s2, 2h move",
            under(severity_changed=CountFrom.CHANGE),
            ClockBasis(issue_type="login"),
            ACK,
            [
                "R29: starts with the creation",
                "R24: counts from the change to severity 2",
                "R19: severity 2: target 6 h, commitment 12 h",
                "R21: login: by the wall clock, at weekends too",
                "L9: moved to another department, and goes on",
            ],
            id="counted from a change, and moved",
        ),
        pytest.param(
            "0h s1",
            under(found_large_late=CountFrom.CHANGE),
            replace(LARGE, large_since=MONDAY + HOUR),
            RES,
            [
                "R32: starts with the creation",
                "R49: counts from when the account was found to be large",
                "R32: target 24 h, commitment 48 h",
                "R21: by the calendar of EUROPE_UK, Europe/Berlin",
            ],
            id="resolution of an account that was found late",
        ),
        pytest.param(
            "0h s1",
            PROMISE,
            ClockBasis(issue_type="limitation"),
            ACK,
            ["R25: exempt: limitation"],
            id="exempt",
        ),
    ],
)
def test_a_clock_has_the_reasons_of_its_rules(happened, promise, about, milestone, reasons):
    clock = next(each for each in read(happened, "3h", promise, about) if each.milestone is milestone)

    assert list(map(str, clock.reasons)) == reasons


def test_a_ticket_that_is_exempt_by_its_request_type_has_that_as_its_reason():
    exempt = replace(PROMISE.terms.exempt, request_types=frozenset({"INVOICE_CHANGES"}))
    about = ClockBasis(issue_type="defect", request_type="INVOICE_CHANGES")

    assert str(read("0h s1", "1h", under(exempt=exempt), about)[0].reasons[0]) == "R25: exempt: INVOICE_CHANGES"


def test_odd_figures_are_written_in_hours_and_minutes():
    odd = replace(PROMISE.terms.windows[1][ACK], target=90 * HOUR / 60, commitment=100 * HOUR / 60)

    assert "target 1 h 30 min, commitment 1 h 40 min" in str(
        read("0h s1", "0h", under(windows={1: {ACK: odd}}))[0].reasons
    )


class TestALaterIssueType:
    """R21: a clock that is met, or that ended otherwise, stays as it was judged, whatever the type becomes."""

    SATURDAY = MONDAY - timedelta(days=2)

    def read(self, happened: str, former: str | None, at: str, issue_type: str | None):
        past = FormerIssueType(issue_type=former, until=self.SATURDAY + after(at))
        basis = ClockBasis(issue_type=issue_type, former_issue_types=(past,))
        return read(f"0h s1, {happened}", "20h", basis=basis, created_at=self.SATURDAY)[0]

    @pytest.mark.parametrize(
        ("former", "at", "issue_type", "state"),
        [
            pytest.param("howto", "6h", "outage", ClockState.MET, id="an outage only after the reply"),
            pytest.param("howto", "5h", "outage", ClockState.MET, id="with the reply: the change comes later"),
            pytest.param("howto", "4h", "outage", ClockState.BREACHED, id="an outage before the reply"),
            pytest.param("outage", "6h", "howto", ClockState.BREACHED, id="no outage any more: it was met late"),
            pytest.param("outage", "4h", "howto", ClockState.MET, id="no outage any more before the reply"),
        ],
    )
    def test_a_clock_that_was_met_is_judged_by_the_type_of_that_time(self, former, at, issue_type, state):
        assert self.read("5h reply", former, at, issue_type).state is state

    def test_a_clock_that_is_open_is_judged_by_the_present_type(self):
        assert self.read("30h reply", "howto", "6h", "outage").state is ClockState.BREACHED

    def test_a_change_is_remembered_and_the_same_type_is_none(self):
        basis = ClockBasis(issue_type="howto")

        assert basis.types_before("howto", MONDAY) == ()
        assert basis.types_before("outage", MONDAY) == (FormerIssueType(issue_type="howto", until=MONDAY),)

    def test_only_the_newest_are_kept(self):
        basis = ClockBasis()
        for number in range(KEPT_TYPES + 2):
            former = basis.types_before(f"type {number}", MONDAY + timedelta(hours=number))
            basis = ClockBasis(issue_type=f"type {number}", former_issue_types=former)

        assert [each.issue_type for each in basis.former_issue_types] == [f"type {n}" for n in range(1, KEPT_TYPES + 1)]
