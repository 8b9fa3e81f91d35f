"""The ports UnitStore, CallMeter and LiveAnswerStore: what is kept between two calls to a source, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.adapters.store.answers import SqlAnswers
from desk_sync.adapters.store.source_calls import SqlCallMeter, SqlUnits
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.errors import AllowanceSpent, TemporaryError
from tests.support.makers import FRESHNESS, NOW, make_account

ADMIN = Identifier(IdentifierKind.EMAIL, "admin@large.example")


class TestUnits:
    @pytest.mark.parametrize(("age", "known"), [(timedelta(hours=23), True), (timedelta(days=1), False)])
    def test_are_known_for_a_day(self, engine, age, known):
        SqlUnits(engine, "billing", lambda: NOW).save({"one": "users"})

        assert SqlUnits(engine, "billing", lambda: NOW + age).read() == ({"one": "users"} if known else None)

    def test_are_unknown_before(self, engine):
        assert SqlUnits(engine, "billing", lambda: NOW).read() is None


class TestTheCallMeter:
    def spend(self, engine, after=timedelta(0), *, most=3, source="billing"):
        SqlCallMeter(engine, source, lambda: NOW + after).spend(most)

    def test_allows_so_many_calls_and_says_when_the_next_one_is_allowed(self, engine):
        for _ in range(3):
            self.spend(engine)

        with pytest.raises(AllowanceSpent) as raised:
            self.spend(engine)

        hour = NOW.replace(minute=0, second=0, microsecond=0)
        assert raised.value.retry_after == hour + timedelta(hours=25) - NOW

    @pytest.mark.parametrize("hours", range(24))
    def test_allows_no_more_in_any_24_hours(self, engine, hours):
        for after in (timedelta(0), timedelta(hours=hours), timedelta(hours=hours)):
            self.spend(engine, after)

        with pytest.raises(AllowanceSpent):
            self.spend(engine, timedelta(hours=23, minutes=59))

    def test_allows_them_again_after_a_day(self, engine):
        for _ in range(3):
            self.spend(engine)

        self.spend(engine, timedelta(hours=25))

    def test_counts_each_source_by_itself_and_a_reserve_is_left_by_asking_for_less(self, engine):
        self.spend(engine, most=1)
        self.spend(engine, most=2)
        self.spend(engine, most=1, source="store")

        with pytest.raises(AllowanceSpent):
            self.spend(engine, most=2)

    def test_a_clock_that_was_put_back_does_not_count_the_future(self, engine):
        for _ in range(3):
            self.spend(engine, timedelta(days=3))

        self.spend(engine)


class TestAnswers:
    @pytest.fixture
    def answers(self, engine):
        return SqlAnswers(engine)

    def keep(self, answers, *accounts, source="store", until=NOW + timedelta(minutes=10)):
        answers.keep(source, ADMIN, accounts, now=NOW, until=until)

    @pytest.mark.parametrize("accounts", [(), (make_account(),)], ids=["no account", "an account"])
    def test_are_kept_as_they_were_given(self, answers, accounts):
        self.keep(answers, *accounts)

        assert answers.kept("store", [ADMIN], now=NOW) == {ADMIN: list(accounts)}

    def test_carry_the_time_at_which_they_were_given(self, answers):
        self.keep(answers, make_account())

        [account] = answers.kept("store", [ADMIN], now=NOW)[ADMIN]

        assert (account.origin.source, account.origin.imported_at, account.origin.in_full) == ("store", NOW, False)

    def test_are_good_until_their_time_and_then_forgotten(self, answers, rows):
        self.keep(answers)
        later = NOW + timedelta(minutes=10)
        assert answers.kept("store", [ADMIN], now=later) == {}

        answers.keep(
            "store", Identifier(IdentifierKind.ZOID, "100055000"), (), now=later, until=later + timedelta(hours=1)
        )

        assert len(rows("SELECT * FROM answers")) == 1

    def test_replace_each_other(self, answers):
        self.keep(answers)
        self.keep(answers, make_account())

        assert len(answers.kept("store", [ADMIN], now=NOW)[ADMIN]) == 1

    def test_of_another_source_or_identifier_are_not_given(self, answers):
        self.keep(answers)

        assert answers.kept("billing", [ADMIN], now=NOW) == {}
        assert answers.kept("store", [Identifier(IdentifierKind.DOMAIN, "large.example")], now=NOW) == {}

    def test_cost_no_more_queries_than_a_minute_allows(self, answers):
        for _ in range(2):
            answers.spend("store", now=NOW, per_minute=2)
        answers.spend("billing", now=NOW, per_minute=2)

        with pytest.raises(TemporaryError):
            answers.spend("store", now=NOW + timedelta(seconds=59), per_minute=2)
        answers.spend("store", now=NOW + timedelta(seconds=60), per_minute=2)

    def test_a_clock_that_was_put_back_stops_no_query(self, answers):
        answers.spend("store", now=NOW + timedelta(hours=1), per_minute=1)

        answers.spend("store", now=NOW, per_minute=1)


def test_the_organisations_of_a_source_are_those_of_its_current_snapshot(engine):
    subscriptions = SqlSubscriptions(engine, ("store",))
    for zoids in (("100001000",), ("100002000", "100003000")):
        account = make_account(zoids=zoids, zgids=("100009000",))
        subscriptions.replace([account], source="store", as_of=None, now=NOW, freshness=FRESHNESS)

    assert sorted(subscriptions.zoids("store")) == ["100002000", "100003000"]
    assert subscriptions.zoids("billing") == []
