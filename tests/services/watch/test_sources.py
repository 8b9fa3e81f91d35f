"""Reports on the sources: the ages and the size of their data, and their pulls."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.ports.pulling.pulls import PullOutcome
from desk_sync.ports.subscriptions import PullProgress, SourceProblem
from desk_sync.services.watch.sources import SourceWatch
from tests.support.makers import FRESHNESS, NOW, make_account

TURN = timedelta(minutes=15)
HOUR = timedelta(hours=1)


@pytest.fixture
def watch(world):
    subscriptions = SqlSubscriptions(world.engine, ("store", "file"))
    return SourceWatch(subscriptions=subscriptions, pulls=SqlPulls(world.engine), freshness=FRESHNESS, now=world.now)


def turn(watch):
    return watch.pulls.acquire("store", now=NOW, until=NOW + TURN, every=None, holder="process 7")


def succeed(watch, due_at=NOW + HOUR, **facts):
    watch.pulls.succeeded(turn(watch), PullOutcome(**facts), now=NOW, due_at=due_at)


def store(watch):
    return watch.reports(["store"])[0]


def bring(watch, *accounts, **facts):
    watch.subscriptions.replace(
        accounts, **{"source": "store", "as_of": None, "now": watch.now(), "freshness": FRESHNESS} | facts
    )


def many(count):
    return [make_account(1, account_id=f"E{n}", super_admin_email=f"e{n}@e.example") for n in range(count)]


def test_sources_are_listed_in_their_order_and_imported_files_last(watch):
    names = [(each.name, each.is_pulled, each.was_never_pulled) for each in watch.reports(["store"], ["store", "file"])]

    assert names == [("store", True, True), ("file", False, False)]


class TestTheData:
    def test_a_source_without_data_has_none(self, watch):
        assert store(watch).data() == "no data"
        assert not store(watch).is_empty

    def test_an_empty_source_is_called_empty(self, watch):
        bring(watch)

        assert store(watch).is_empty
        assert store(watch).data().startswith("empty, read just now")

    def test_both_ages_are_shown(self, watch, world):
        bring(watch, *many(2), as_of=date(2026, 11, 20))
        world.waits(hours=3)

        assert store(watch).data() == (
            "2 accounts, 0 licences, read 3 h ago, data of 2026-11-20 (3 days old), valid until 2026-11-30 09:00Z"
        )

    def test_the_change_since_the_data_before_is_shown(self, watch):
        bring(watch, *many(5))
        bring(watch, *many(3))

        assert store(watch).data().startswith("3 accounts (-2), 0 licences (+0), read")


class TestThePulls:
    def test_one_that_was_never_pulled(self, watch):
        assert list(store(watch).pulls()) == ["never pulled"]

    def test_one_that_is_in_order_is_not_mentioned(self, watch):
        succeed(watch)

        assert list(store(watch).pulls()) == []

    def test_one_that_is_under_way_is_shown_with_its_begin_and_its_progress(self, watch):
        succeed(watch)
        own = turn(watch)
        assert list(store(watch).pulls()) == ["under way since 2026-11-23 09:00:00Z by process 7: it has just begun"]

        watch.pulls.hold(own, now=NOW, until=NOW + TURN, progress=PullProgress(pages=2, accounts=50, calls=3))

        assert list(store(watch).pulls()) == [
            "under way since 2026-11-23 09:00:00Z by process 7: 50 accounts on 2 pages, 3 calls"
        ]

    def test_a_pull_of_a_process_without_a_name_is_under_way_too(self, watch):
        watch.pulls.acquire("store", now=NOW, until=NOW + TURN, every=None)

        assert "under way since 2026-11-23 09:00:00Z: it has just begun" in list(store(watch).pulls())

    @pytest.mark.parametrize(
        ("due_at", "notes"),
        [
            pytest.param(NOW, [], id="due now"),
            pytest.param(NOW - HOUR, ["overdue since 2026-11-23 08:00:00Z"], id="due an hour ago"),
        ],
    )
    def test_one_that_is_overdue(self, watch, due_at, notes):
        succeed(watch, due_at=due_at)

        assert list(store(watch).pulls()) == notes

    def test_one_that_waits_for_its_source(self, watch):
        succeed(watch)
        watch.pulls.postponed(turn(watch), "300 calls a day", now=NOW, due_at=NOW + HOUR)

        assert list(store(watch).pulls()) == ["waits: 300 calls a day"]

    def test_one_that_was_refused(self, watch):
        succeed(watch)
        watch.pulls.failed(turn(watch), "503 to /x", now=NOW, due_at=NOW + HOUR, goes_on=True)

        assert list(store(watch).pulls()) == ["refused since 2026-11-23 09:00:00Z: 503 to /x"]

    def test_bad_rows_and_remarks(self, watch):
        problem = SourceProblem(account="1", subscription="S", field="quantity", message="1.125")
        succeed(watch, problems=[problem], remarks=["grown"])

        assert list(store(watch).pulls()) == ["1 accounts or rows could not be read", "grown"]
