"""Pulling a source: as one snapshot or not at all, for every failure of the source."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.adapters.store.subscription_tables import pages
from desk_sync.adapters.subscriptions.paging import accounts_of, resumed
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.errors import AllowanceSpent, DeskSyncError, PermanentError, Shrunk, TemporaryError
from desk_sync.ports.pulling.pulls import PullState
from desk_sync.ports.subscriptions import PulledAccounts, PullProgress, SourcePage, SourceProblem
from desk_sync.services import pull as pull_service
from desk_sync.services.import_accounts import ImportAccounts
from desk_sync.services.pull import Pull, PullRhythm, due_sources
from tests.support.makers import NOW, make_account, make_freshness, make_ticket

TICKET = make_ticket().ticket_id
CANARY = "canary@customer.example"
RHYTHM = PullRhythm(every=timedelta(minutes=15), timeout=timedelta(hours=1))

HOUR = timedelta(hours=1)


class FakeSource:
    """A source with these accounts; an error among them is raised when it is reached."""

    def __init__(self, *answer):
        self.answer = answer
        self.pulls = 0

    def pull(self, _):
        self.pulls += 1
        return PulledAccounts(accounts=self._accounts())

    def _accounts(self):
        for each in self.answer:
            if isinstance(each, Exception):
                raise each
            yield each


class Slow(FakeSource):
    """A source that takes some minutes for each account."""

    def __init__(self, world, minutes, *answer):
        super().__init__(*answer)
        self.world, self.minutes = world, minutes

    def _accounts(self):
        for each in self.answer:
            self.world.waits(minutes=self.minutes)
            yield each


@pytest.fixture
def pulls(world):
    return SqlPulls(world.engine)


def puller(world, source, **facts):
    importing = ImportAccounts(subscriptions=world.subscriptions, policy=world.policy.licences, now=world.now)
    return Pull(
        **{
            "name": "file",
            "source": source,
            "importing": importing,
            "pulls": SqlPulls(world.engine),
            "now": world.now,
            "rhythm": RHYTHM,
        }
        | facts
    )


def many(count):
    return [make_account(1, account_id=f"E{n}", super_admin_email=f"e{n}@e.example") for n in range(count)]


def test_the_accounts_of_a_source_become_current(world, pulls):
    assert puller(world, FakeSource(make_account(90), *many(3))).run_if_due().added == 3
    assert pulls.states()["file"].pulled_at == world.now()


def test_a_source_is_pulled_when_it_is_due_and_not_before(world):
    source = FakeSource(make_account())
    for minutes in (0, 14, 1):
        world.waits(minutes=minutes)
        puller(world, source).run_if_due()

    assert source.pulls == 2


def test_each_source_is_due_by_its_own_period_and_a_new_one_at_once(world, pulls):
    puller(world, FakeSource(make_account())).run_if_due()
    every = {"file": timedelta(minutes=15), "new": timedelta(days=1)}

    assert due_sources(pulls.states(), every, world.now()) == ["new"]
    assert due_sources(pulls.states(), every, world.now() + every["file"]) == ["file", "new"]


@pytest.mark.parametrize(
    ("states", "due"),
    [
        pytest.param({}, ["store"], id="both are due"),
        pytest.param({"store": PullState(due_at=NOW + HOUR)}, ["mail"], id="the other one is done"),
        pytest.param({"store": PullState(due_at=NOW + HOUR, turn_until=NOW + HOUR)}, [], id="it is under way"),
    ],
)
def test_a_source_that_depends_on_another_is_due_after_it(states, due):
    every = {"store": timedelta(days=1), "mail": timedelta(days=1)}

    assert due_sources(states, every, NOW, {"mail": "store"}) == due


def test_a_source_that_failed_is_pulled_again_soon(world):
    source = FakeSource(TemporaryError("down"))
    rhythm = PullRhythm(every=timedelta(days=1))
    for minutes in (0, 9, 1):
        world.waits(minutes=minutes)
        puller(world, source, rhythm=rhythm).run_if_due()

    assert source.pulls == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param([TemporaryError("503 to /customers")], "503 to /customers", id="down"),
        pytest.param([make_account(1), PermanentError("half an answer")], "half an answer", id="half an answer"),
        pytest.param([], "0 accounts where there were 1", id="empty"),
        pytest.param([make_account(1)], "1 licences where there were 88", id="shrunk"),
    ],
)
def test_a_refused_pull_keeps_the_last_good_data_and_records_the_error(world, pulls, answer, error):
    before = world.subscriptions.current()

    assert puller(world, FakeSource(*answer)).run_if_due() is None

    state = pulls.states()["file"]
    assert world.subscriptions.current() == before
    assert error in state.error
    assert state.failing_since == world.now()


def test_a_source_that_takes_too_long_is_refused(world, pulls):
    assert puller(world, Slow(world, 31, make_account(), *many(2))).run_if_due() is None
    assert "the pull was not complete within" in pulls.states()["file"].error


def test_a_slow_pull_keeps_its_turn(world, pulls):
    class Looking(Slow):
        def _accounts(self):
            for account in super()._accounts():
                yield account
                taken.append(pulls.acquire("file", now=world.now(), until=world.now() + HOUR, every=HOUR))

    taken = []
    puller(world, Looking(world, 7, make_account(), *many(4))).run_if_due()

    assert taken == [None] * 5


def test_by_hand_a_source_is_pulled_at_once_and_its_error_is_raised(world):
    with pytest.raises(Shrunk):
        puller(world, FakeSource()).run()


def test_a_fault_of_ours_is_recorded_without_its_message(world, pulls):
    with pytest.raises(KeyError):
        puller(world, FakeSource(KeyError(CANARY))).run()

    assert "KeyError in test_pull.py" in pulls.states()["file"].error
    assert CANARY not in pulls.states()["file"].error


class Paged:
    """A source of three pages with an account each; it fails before the page that the test names."""

    def __init__(self, **ends):
        self.ends = {int(page.removeprefix("page_")): error for page, error in ends.items()}
        self.read = []

    def pull(self, checkpoints):
        return PulledAccounts(accounts=accounts_of(resumed(checkpoints, self._page), []))

    def _page(self, after):
        number = int(after or 0) + 1
        if number in self.ends:
            raise self.ends[number]
        self.read.append(number)
        return SourcePage(accounts=many(number)[-1:], after=None if number == 3 else str(number))


class Killed(BaseException):
    """The process was killed here."""


class TestAPullThatDied:
    def run(self, world, source):
        with suppress(Killed):
            return puller(world, source, max_shrink=1.0).run_if_due()

    @pytest.mark.parametrize("end", [TemporaryError("down"), Killed()], ids=["its source went down", "killed"])
    def test_goes_on_from_its_last_page_and_is_still_one_snapshot(self, world, end):
        before = world.subscriptions.current()
        self.run(world, Paged(page_3=end))
        assert world.subscriptions.current() == before
        world.waits(minutes=20)

        second = Paged()

        assert self.run(world, second).added == 3
        assert second.read == [3]

    @pytest.mark.parametrize(
        ("end", "minutes"),
        [
            pytest.param(Killed(), 24 * 60 + 15, id="nothing was read for a day"),
            pytest.param(PermanentError("half an answer"), 20, id="the source was wrong"),
        ],
    )
    def test_begins_anew_where(self, world, end, minutes):
        self.run(world, Paged(page_3=end))
        world.waits(minutes=minutes)
        second = Paged()
        self.run(world, second)

        assert second.read == [1, 2, 3]

    def test_leaves_nothing_behind_when_it_is_done(self, world):
        self.run(world, Paged())

        with reading(world.engine) as connection:
            assert connection.execute(select(pages)).all() == []


class TestASourceThatIsDownForTwoHours:
    """L8, under traffic: an event every five minutes, data that are good for an hour, a pull every quarter of one."""

    def run(self, world, *, down):
        """Return the decision after every fifth minute."""
        world.policy = with_max_age(world.policy, timedelta(hours=1))
        account, decisions = make_account(88), {}
        for minute in range(0, 300, 5):
            failing = down and 30 <= minute < 150
            source = FakeSource(TemporaryError("503") if failing else account)
            puller(world, source).run_if_due()
            world.receives(key=f"k{minute}", state=None)
            world.look()
            decisions[minute] = world.tickets.history(TICKET).decisions[-1].decision
            world.waits(minutes=5)
        return decisions

    def test_nothing_is_taken_away_and_the_reasons_name_the_begin(self, world, desk):
        decisions = self.run(world, down=True)

        unknown = {minute: each for minute, each in decisions.items() if each.verdict is Verdict.UNKNOWN}
        assert min(unknown) == 80, "the last good pull was at 15, and good for an hour"
        assert max(unknown) == 145
        assert all("unknown since 2026-11-23 10:15Z" in str(each.reasons[-1]) for each in unknown.values())
        assert (desk.tickets[TICKET].large_user, desk.tickets[TICKET].severity) == (True, "S1-Critical")
        assert desk.count("write_ticket") == 1

    def test_after_recovery_the_decisions_are_those_of_an_undisturbed_run(self, world, desk):
        down = self.run(world, down=True)[295]

        assert (down.verdict, down.licences, down.account_id) == (Verdict.PRIORITY, 88, "A1")
        assert desk.count("write_ticket") == 1

    def test_an_undisturbed_run_decides_all_the_time(self, world):
        decisions = self.run(world, down=False)

        assert {each.verdict for each in decisions.values()} == {Verdict.PRIORITY}

    def test_without_traffic_the_tickets_are_looked_at_when_the_source_is_back(self, world, desk):
        world.policy = with_max_age(world.policy, timedelta(hours=1))
        world.waits(hours=2)
        world.receives(state=None)
        world.look()
        assert not desk.tickets[TICKET].large_user

        puller(world, FakeSource(make_account(88))).run_if_due()
        world.look()

        assert desk.tickets[TICKET].large_user


def with_max_age(policy, max_age):
    return replace(policy, licences=replace(policy.licences, freshness=make_freshness(max_age)))


def test_what_is_in_no_account_is_counted_and_named(world, pulls):
    left_out = SourceProblem(account="", subscription="S1", field="email", message="neither an address nor a ZOID")
    bad = SourceProblem(account="E1", subscription="S2", field="quantity", message="1.125")

    replaced = puller(world, Flawed([make_account(88)], [left_out, bad, left_out])).run()

    remark = "2 customers or rows could not be assigned to an account, and are left out"
    assert replaced.remarks == pulls.states()["file"].remarks == (remark,)


def test_every_error_of_desk_sync_is_a_refusal(world):
    assert puller(world, FakeSource(DeskSyncError("whatever"))).run_if_due() is None


def test_a_fault_of_ours_ends_at_the_door_and_the_pull_is_due_again(world, pulls):
    assert puller(world, FakeSource(KeyError("secret"))).run_if_due() is None

    [state] = pulls.states().values()
    assert state.error.startswith("KeyError in test_pull.py")
    assert state.due_at > world.now()


def test_a_source_without_an_end_is_refused_after_so_many_calls_over_all_turns(world, pulls, monkeypatch):
    monkeypatch.setattr(pull_service, "MOST_CALLS", 5)

    class Endless(FakeSource):
        def pull(self, checkpoints):
            for _ in range(3):
                checkpoints.work()
            checkpoints.keep(SourcePage(after=f"{self.pulls}"))
            self.pulls += 1
            checkpoints.work()
            raise TemporaryError("503")

    source = Endless()
    for _ in range(2):
        puller(world, source).run_if_due()
        world.waits(hours=1)

    assert "the source has no end: 5 calls were made" in pulls.states()["file"].error


class TestAPullByHand:
    def test_beside_another_pull_says_who_has_the_turn_since_when_and_how_far(self, world, pulls):
        now, until = world.now(), world.now() + RHYTHM.turn
        turn = pulls.acquire("file", now=now, until=until, every=None, holder="process 7")
        pulls.hold(turn, now=now, until=until, progress=PullProgress(pages=3, calls=9, accounts=75))

        with pytest.raises(DeskSyncError) as raised:
            puller(world, FakeSource(make_account())).run()

        assert str(raised.value) == (
            f"file is being pulled by process 7 since {world.now():%F %T}Z: 75 accounts on 3 pages, 9 calls"
        )
        assert pulls.states()["file"].is_under_way(world.now())

    def test_beside_one_that_has_just_begun_says_so(self, world, pulls):
        pulls.acquire("file", now=world.now(), until=world.now() + RHYTHM.turn, every=None)

        with pytest.raises(DeskSyncError, match="it has just begun"):
            puller(world, FakeSource(make_account())).run()

    def test_makes_no_call_while_the_source_wants_none(self, world):
        source = FakeSource(AllowanceSpent("429", retry_after=timedelta(hours=3)))
        puller(world, source).run_if_due()

        with pytest.raises(TemporaryError, match="file waits: 429"):
            puller(world, source).run()

        assert source.pulls == 1

    def test_with_force_takes_data_that_have_shrunk(self, world):
        assert puller(world, FakeSource(), max_shrink=1.0).run().removed == 1

    def test_a_refusal_names_the_option_that_exists(self, world):
        with pytest.raises(Shrunk) as raised:
            puller(world, FakeSource()).run()

        assert "`subscriptions pull file --force` takes it anyway" in raised.value.hint


class TestAPause:
    @pytest.mark.parametrize("pause", [timedelta(minutes=20), timedelta(days=3)])
    def test_that_the_source_asks_for_is_kept_and_is_no_failure(self, world, pulls, pause):
        source = FakeSource(AllowanceSpent("429 to /customers", retry_after=pause))
        assert puller(world, source).run_if_due() is None

        state = pulls.states()["file"]
        assert (state.failing_since, state.due_at) == (None, world.now() + pause)
        assert "429 to /customers" in state.waiting
        world.waits(minutes=pause / timedelta(minutes=1) - 1)
        puller(world, source).run_if_due()
        assert source.pulls == 1
        world.waits(minutes=1)
        puller(world, source).run_if_due()
        assert source.pulls == 2

    def test_after_a_failure_is_not_cut_to_our_own(self, world, pulls):
        puller(world, FakeSource(TemporaryError("down", retry_after=timedelta(hours=2)))).run_if_due()

        assert pulls.states()["file"].due_at == world.now() + timedelta(hours=2)

    def test_says_when_the_source_will_be_read(self, world, pulls):
        class Large(FakeSource):
            def pull(self, checkpoints):
                checkpoints.expect(customers=5000, calls=5000)
                checkpoints.work()
                raise AllowanceSpent("300 calls a day are allowed", retry_after=timedelta(hours=24))

        puller(world, Large(), rhythm=replace(RHYTHM, per_day=300)).run_if_due()

        waiting = pulls.states()["file"].waiting
        assert "0 of 5,000 accounts on 0 pages, 1 calls, 4,999 more are needed" in waiting
        assert "with 300 calls a day complete in about 18 days, on 2026-12-11" in waiting


def flawed(count):
    return [
        SourceProblem(account=f"E{number}", subscription="S", field="plan.quantity", message="1.125")
        for number in range(count)
    ]


class Flawed(FakeSource):
    def __init__(self, accounts, problems):
        super().__init__(*accounts)
        self.problems = problems

    def pull(self, _):
        return PulledAccounts(accounts=self._accounts(), problems=self.problems)


class TestRowsThatCouldNotBeRead:
    @pytest.mark.parametrize(("accounts", "bad"), [(5, 3), (100, 10)], ids=["a few of few", "a tenth"])
    def test_cost_their_accounts_and_are_listed(self, world, pulls, accounts, bad):
        puller(world, Flawed(many(accounts), flawed(bad)), max_shrink=1.0).run()

        state = pulls.states()["file"]
        assert (state.flawed, len(state.problems), state.error) == (bad, bad, None)
        assert str(state.problems[0]) == "account E0 subscription S: plan.quantity: 1.125"

    @pytest.mark.parametrize(("accounts", "bad"), [(5, 4), (100, 11)], ids=["four of five", "more than a tenth"])
    def test_refuse_the_pull_if_they_are_too_many(self, world, pulls, accounts, bad):
        before = world.subscriptions.current()

        with pytest.raises(PermanentError, match=f"{bad} of {accounts} accounts could not be read, such as account E0"):
            puller(world, Flawed(many(accounts), flawed(bad)), max_shrink=1.0).run()

        assert world.subscriptions.current() == before
        assert pulls.states()["file"].flawed == bad

    def test_a_row_of_no_account_is_named_too(self):
        left = SourceProblem(account="", subscription="", field="email", message="nothing")

        assert str(left) == "left out: email: nothing"


def test_two_accounts_with_one_id_are_refused(world):
    with pytest.raises(PermanentError, match="two accounts with the id A1"):
        puller(world, FakeSource(make_account(), make_account())).run()


def test_a_pull_whose_turn_was_taken_ends_without_a_word_to_its_state(world, pulls):
    class Suspended(FakeSource):
        def _accounts(self):
            world.waits(minutes=20)
            pulls.acquire("file", now=world.now(), until=world.now() + HOUR, every=None, holder="the other")
            yield make_account()

    assert puller(world, Suspended()).run_if_due() is None

    state = pulls.states()["file"]
    assert (state.held_by, state.error) == ("the other", None)


def test_the_turn_is_renewed_by_work_and_not_by_output(world, pulls):
    """A source that yields nothing for hours keeps its turn by its calls."""
    taken = []

    class Silent(FakeSource):
        def pull(self, checkpoints):
            return PulledAccounts(accounts=self._read(checkpoints))

        def _read(self, checkpoints):
            for _ in range(8):
                world.waits(minutes=7)
                checkpoints.work()
                taken.append(pulls.acquire("file", now=world.now(), until=world.now() + HOUR, every=None))
            yield make_account()

    puller(world, Silent()).run_if_due()

    assert taken == [None] * 8


def test_what_is_remarkable_about_a_snapshot_is_kept_in_the_state(world, pulls):
    for count in (20, 20, 50):
        puller(world, FakeSource(*many(count)), max_shrink=1.0).run()
        world.waits(hours=80)

    assert "50 accounts where there were 20, a sudden growth" in pulls.states()["file"].remarks[0]
