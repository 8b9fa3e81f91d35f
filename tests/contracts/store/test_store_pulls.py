"""The port PullStore: one process has the turn, a run is whole or none, and the result is recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from desk_sync.adapters.store.engine import writing
from desk_sync.adapters.store.pulls import MOST_LISTED, YOUNG, SqlPulls
from desk_sync.adapters.store.subscription_tables import pages
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.errors import TurnLost
from desk_sync.ports.pulling.pulls import PullOutcome, PullState
from desk_sync.ports.subscriptions import PullProgress, SourcePage, SourceProblem
from tests.support.makers import FRESHNESS, NOW, make_account

TURN = timedelta(minutes=15)
EVERY = timedelta(hours=6)
DUE = NOW + EVERY
AN_HOUR = timedelta(hours=1)
NOTHING = PullOutcome()
PROBLEM = SourceProblem(account="A1", subscription="S1", field="plan.quantity", message="1.125 is not a whole number")
FIRST = SourcePage(accounts=(make_account(1), make_account(2, account_id="A2")), after="1", problems=(PROBLEM,))
SECOND = SourcePage(accounts=(make_account(3, account_id="A3"),), rows=({"email": "x"},), before="1", after="2")
THIRD = SourcePage(before="2", after="3")


@pytest.fixture
def pulls(engine):
    return SqlPulls(engine)


def takes(pulls, source="store", now=NOW, every=EVERY):
    return pulls.acquire(source, now=now, until=now + TURN, every=every, holder="process 7")


def test_one_of_two_that_try_together_gets_the_turn(pulls):
    assert takes(pulls)
    assert not takes(pulls)


def test_another_source_has_a_turn_of_its_own(pulls):
    assert takes(pulls)
    assert takes(pulls, "billing")


def test_the_turn_of_a_pull_that_died_runs_out(pulls):
    takes(pulls)

    assert not takes(pulls, now=NOW + TURN - timedelta(seconds=1))
    assert takes(pulls, now=NOW + TURN)


def test_a_pull_that_goes_on_keeps_its_turn_and_says_who_has_it_since_when_and_how_far(pulls):
    progress = PullProgress(pages=2, calls=9, accounts=50, customers=200)
    pulls.hold(takes(pulls), now=NOW + AN_HOUR, until=NOW + AN_HOUR + TURN, progress=progress)

    state = pulls.states()["store"]
    assert not takes(pulls, now=NOW + AN_HOUR)
    assert (state.held_by, state.begun_at, state.progress) == ("process 7", NOW, progress)
    assert state.is_under_way(NOW + AN_HOUR)
    assert not state.is_under_way(NOW + AN_HOUR + TURN)


def test_a_pull_that_is_done_comes_again_when_it_is_due(pulls):
    pulls.succeeded(takes(pulls), NOTHING, now=NOW, due_at=DUE)

    assert not takes(pulls, now=DUE - timedelta(seconds=1))
    assert takes(pulls, now=DUE)


def test_by_hand_a_source_is_pulled_though_it_is_not_due_but_not_beside_another_pull(pulls):
    pulls.succeeded(takes(pulls), NOTHING, now=NOW, due_at=DUE)

    assert takes(pulls, every=None)
    assert not takes(pulls, every=None)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(lambda pulls: takes(pulls), id="a turn was taken"),
        pytest.param(lambda pulls: pulls.succeeded(takes(pulls), NOTHING, now=NOW, due_at=DUE), id="a pull was done"),
    ],
)
def test_what_was_recorded_before_the_clock_was_put_back_is_void(pulls, before):
    before(pulls)

    assert takes(pulls, now=NOW - AN_HOUR)


@pytest.mark.parametrize(
    ("due_at", "due"),
    [
        pytest.param(None, True, id="never pulled"),
        pytest.param(NOW, True, id="its time has come"),
        pytest.param(NOW + timedelta(seconds=1), False, id="not yet"),
        pytest.param(DUE, False, id="just pulled"),
        pytest.param(DUE + AN_HOUR, True, id="pulled by a clock that was ahead"),
    ],
)
def test_a_source_is_pulled_when_it_is_due(due_at, due):
    assert PullState(due_at=due_at).is_due(NOW, every=EVERY) is due


def test_a_pause_that_the_source_asked_for_is_kept_however_long_it_is(pulls):
    later = NOW + timedelta(days=3)
    state = pulls.postponed(takes(pulls), "300 calls a day are allowed", now=NOW, due_at=later)

    assert (state.waiting, state.failing_since) == ("300 calls a day are allowed", None)
    assert not state.is_due(later - timedelta(seconds=1), every=EVERY)
    assert not takes(pulls, now=later - timedelta(seconds=1))
    assert takes(pulls, now=later)


def test_the_first_of_several_failures_is_remembered_until_a_pull_is_good(pulls):
    later = NOW + timedelta(minutes=10)
    pulls.failed(takes(pulls), "down", now=NOW, due_at=later, goes_on=False)

    assert pulls.failed(takes(pulls, now=later), "slow", now=later, due_at=DUE, goes_on=False) == PullState(
        due_at=DUE, failing_since=NOW, error="slow"
    )
    pulls.succeeded(takes(pulls, now=later, every=None), NOTHING, now=later, due_at=DUE)
    assert pulls.states() == {"store": PullState(due_at=DUE, pulled_at=later)}


def test_problems_and_remarks_are_kept_some_of_them_and_all_are_counted(pulls):
    outcome = PullOutcome(problems=[PROBLEM] * (MOST_LISTED + 5), remarks=["grown"])
    pulls.succeeded(takes(pulls), outcome, now=NOW, due_at=DUE)

    state = pulls.states()["store"]
    assert (state.flawed, len(state.problems), state.problems[0]) == (MOST_LISTED + 5, MOST_LISTED, PROBLEM)
    assert state.remarks == ("grown",)


class TestARun:
    def keep(self, pulls, turn, *read, now=NOW):
        for page in read:
            pulls.keep(turn, page, now=now)

    def test_has_its_pages_in_their_order(self, pulls):
        turn = takes(pulls)
        self.keep(pulls, turn, FIRST, SECOND)

        assert list(pulls.pages(turn)) == [FIRST, SECOND]

    def test_of_another_source_stays_apart(self, pulls):
        turn, other = takes(pulls), takes(pulls, "billing")
        self.keep(pulls, other, FIRST)
        pulls.succeeded(turn, NOTHING, now=NOW, due_at=DUE)

        assert list(pulls.pages(other)) == [FIRST]

    @pytest.mark.parametrize("end", ["died", "failed", "postponed"])
    def test_goes_on_in_the_next_turn(self, pulls, end):
        turn = takes(pulls)
        self.keep(pulls, turn, FIRST)
        later = NOW + TURN
        if end == "failed":
            pulls.failed(turn, "down", now=NOW, due_at=later, goes_on=True)
        if end == "postponed":
            pulls.postponed(turn, "wait", now=NOW, due_at=later)

        following = takes(pulls, now=later)

        assert (following.run, following.begun_at) == (turn.run, NOW)
        assert following.number > turn.number
        assert list(pulls.pages(following)) == [FIRST]

    @pytest.mark.parametrize("end", ["succeeded", "failed"])
    def test_that_has_ended_is_not_gone_on_with(self, pulls, end):
        turn = takes(pulls)
        self.keep(pulls, turn, FIRST)
        if end == "succeeded":
            pulls.succeeded(turn, NOTHING, now=NOW, due_at=NOW)
        else:
            pulls.failed(turn, "half an answer", now=NOW, due_at=NOW, goes_on=False)

        following = takes(pulls, now=NOW + TURN)

        assert following.run != turn.run
        assert list(pulls.pages(following)) == []

    def test_lives_by_progress_however_long_ago_it_began(self, pulls):
        turn, now = takes(pulls), NOW
        for page in (FIRST, SECOND, THIRD):
            self.keep(pulls, turn, page, now=now)
            now += YOUNG - TURN
            turn = takes(pulls, now=now)

        assert list(pulls.pages(turn)) == [FIRST, SECOND, THIRD]
        assert turn.begun_at == NOW

    def test_without_progress_is_given_up_after_a_day(self, pulls):
        turn = takes(pulls)
        self.keep(pulls, turn, FIRST)

        following = takes(pulls, now=NOW + YOUNG)

        assert (following.begun_at, list(pulls.pages(following))) == (NOW + YOUNG, [])

    def test_that_has_read_nothing_yet_begins_anew_so_that_its_data_are_no_older_than_they_are(self, pulls):
        takes(pulls)

        assert takes(pulls, now=NOW + TURN).begun_at == NOW + TURN

    def test_that_waits_for_its_source_is_not_given_up_while_it_waits(self, pulls):
        turn, later = takes(pulls), NOW + timedelta(days=9)
        self.keep(pulls, turn, FIRST)
        pulls.postponed(turn, "wait", now=NOW, due_at=later)

        assert list(pulls.pages(takes(pulls, now=later + AN_HOUR))) == [FIRST]

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(delete(pages).where(pages.c.number == 1), id="the first page is missing"),
            pytest.param(delete(pages).where(pages.c.number == 2), id="a page in the middle is missing"),
            pytest.param(update(pages).where(pages.c.number == 1).values(before="9"), id="it begins in the middle"),
        ],
    )
    def test_that_is_not_whole_is_none(self, engine, pulls, spoil):
        turn = takes(pulls)
        self.keep(pulls, turn, FIRST, SECOND, THIRD)
        with writing(engine) as connection:
            connection.execute(spoil)

        assert list(pulls.pages(turn)) == []
        self.keep(pulls, turn, FIRST)
        assert list(pulls.pages(turn)) == [FIRST]


class TestATurnThatWasLost:
    """A process was suspended, its turn ran out, and another process goes on with the run."""

    @pytest.fixture
    def lost(self, pulls):
        turn = takes(pulls)
        pulls.keep(turn, FIRST, now=NOW)
        self.holder = takes(pulls, now=NOW + TURN)
        return turn

    @pytest.mark.parametrize(
        "write",
        [
            lambda pulls, turn: pulls.keep(turn, SECOND, now=NOW),
            lambda pulls, turn: pulls.hold(turn, now=NOW, until=DUE, progress=PullProgress()),
            lambda pulls, turn: pulls.succeeded(turn, NOTHING, now=NOW, due_at=DUE),
            lambda pulls, turn: pulls.failed(turn, "down", now=NOW, due_at=DUE, goes_on=False),
            lambda pulls, turn: pulls.postponed(turn, "wait", now=NOW, due_at=DUE),
        ],
        ids=["keep", "hold", "succeeded", "failed", "postponed"],
    )
    def test_records_nothing_and_clears_nothing(self, engine, pulls, lost, write):
        before = pulls.states()

        with pytest.raises(TurnLost):
            write(pulls, lost)

        assert pulls.states() == before
        assert list(pulls.pages(self.holder)) == [FIRST]

    @pytest.mark.parametrize("after", [0, 1, 250], ids=["before the first account", "after it", "after a chunk"])
    def test_makes_no_snapshot_current_and_stops_no_other(self, engine, pulls, after):
        subscriptions = SqlSubscriptions(engine, ("store",))
        turn = takes(pulls)

        def replace(accounts, turn):
            return subscriptions.replace(accounts, source="store", as_of=None, now=NOW, freshness=FRESHNESS, turn=turn)

        def suspended():
            for number in range(300):
                if number == after:
                    other = takes(pulls, now=NOW + TURN)
                    replace([make_account(7)], other)
                yield make_account(1, account_id=f"E{number}", super_admin_email=f"e{number}@e.example")

        with pytest.raises(TurnLost):
            replace(suspended(), turn)

        with engine.connect() as connection:
            accounts = connection.exec_driver_sql(
                "SELECT a.account_id FROM accounts a JOIN snapshots s ON s.id = a.snapshot_id WHERE s.state = 'current'"
            ).all()
        assert [each[0] for each in accounts] == ["A1"]


def test_a_snapshot_is_as_old_as_the_beginning_of_its_run(engine, pulls):
    subscriptions = SqlSubscriptions(engine, ("store",))
    turn = takes(pulls)
    pulls.keep(turn, FIRST, now=NOW)
    later = NOW + TURN

    following = takes(pulls, now=later)
    subscriptions.replace([make_account()], source="store", as_of=None, now=later, freshness=FRESHNESS, turn=following)

    [snapshot] = subscriptions.current()
    assert snapshot.imported_at == NOW


def test_the_run_that_read_a_snapshot_is_recorded(engine, pulls):
    from desk_sync.adapters.store.subscription_tables import snapshots

    turn = takes(pulls)
    SqlSubscriptions(engine, ("store",)).replace(
        [make_account()], source="store", as_of=None, now=NOW, freshness=FRESHNESS, turn=turn
    )

    with engine.connect() as connection:
        assert connection.scalars(select(snapshots.c.run)).all() == [turn.run]
