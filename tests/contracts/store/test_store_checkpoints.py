"""The ports CheckpointStore, UnitStore and LiveAnswerStore: what is kept between two attempts, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.adapters.store.answers import SqlAnswers
from desk_sync.adapters.store.checkpoints import SqlCheckpoints, SqlUnits
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.errors import TemporaryError
from desk_sync.ports.subscriptions import SourcePage
from tests.support.makers import NOW, make_account

FIRST = SourcePage(accounts=(make_account(1), make_account(2, account_id="A2")), after="1")
SECOND = SourcePage(accounts=(make_account(3, account_id="A3"),), after="2")
ADMIN = Identifier(IdentifierKind.EMAIL, "admin@large.example")


def checkpoints(engine, source="store", age=timedelta(0)):
    return SqlCheckpoints(engine, source, lambda: NOW + age)


class TestPages:
    def test_come_back_in_their_order(self, engine):
        for page in (FIRST, SECOND):
            checkpoints(engine).keep(page)

        assert list(checkpoints(engine).pages()) == [FIRST, SECOND]

    def test_of_another_source_stay_apart(self, engine):
        checkpoints(engine, "billing").keep(FIRST)
        checkpoints(engine).keep(SECOND)
        checkpoints(engine).clear()

        assert list(checkpoints(engine, "billing").pages()) == [FIRST]

    def test_are_forgotten_together_once_the_first_is_old(self, engine):
        checkpoints(engine).keep(FIRST)
        checkpoints(engine, age=timedelta(minutes=59)).keep(SECOND)

        assert list(checkpoints(engine, age=timedelta(hours=1)).pages()) == []
        assert list(checkpoints(engine).pages()) == []


class TestUnits:
    @pytest.mark.parametrize(("age", "known"), [(timedelta(hours=23), True), (timedelta(days=1), False)])
    def test_are_known_for_a_day(self, engine, age, known):
        SqlUnits(engine, "billing", lambda: NOW).save({"one": "users"})

        assert SqlUnits(engine, "billing", lambda: NOW + age).read() == ({"one": "users"} if known else None)

    def test_are_unknown_before(self, engine):
        assert SqlUnits(engine, "billing", lambda: NOW).read() is None


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
    week = timedelta(days=7)
    for zoids in (("100001000",), ("100002000", "100003000")):
        account = make_account(zoids=zoids, zgids=("100009000",))
        subscriptions.replace([account], source="store", as_of=None, now=NOW, max_age=week)

    assert sorted(subscriptions.zoids("store")) == ["100002000", "100003000"]
    assert subscriptions.zoids("billing") == []
