"""Retention: in pieces, within a span, in an order in which nothing is deleted before what depends on it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.services.retention import Retention, RetentionAges
from tests.support.makers import NOW

DAY = timedelta(days=1)
AGES = RetentionAges(details=30 * DAY, keys=400 * DAY, tickets=1100 * DAY)


class Pieces:
    """The port RetentionStore: each step has some pieces of work, and takes a second for each."""

    def __init__(self, **left: int) -> None:
        self.left = left
        self.steps: list[tuple[str, timedelta]] = []
        self.seconds = 0.0
        self.rests: list[float] = []
        self.ended_at = None

    def __getattr__(self, name):
        def step(before):
            if (name, NOW - before) not in self.steps:
                self.steps.append((name, NOW - before))
            self.seconds += 1
            self.left[name] = self.left.get(name, 0) - 1
            return self.left[name] >= 0

        return step

    def end_run(self, *, now):
        self.ended_at = now


def run(store: Pieces, *, ages=AGES, span=20) -> bool:
    return Retention(
        store=store,
        ages=ages,
        now=lambda: NOW,
        monotonic=lambda: store.seconds,
        sleep=store.rests.append,
        span=timedelta(seconds=span),
    ).run()


def test_details_go_before_keys_and_keys_before_tickets_each_by_its_age():
    store = Pieces(shrink_tickets=2)

    assert run(store) is False

    assert store.steps == [
        ("delete_deliveries", 30 * DAY),
        ("shrink_tickets", 30 * DAY),
        ("delete_notices", 30 * DAY),
        ("delete_partners", 30 * DAY),
        ("delete_keys", 400 * DAY),
        ("delete_tickets", 1100 * DAY),
    ]
    assert store.ended_at == NOW


def test_after_each_piece_other_writers_get_their_turn():
    store = Pieces(delete_deliveries=3, delete_keys=2)

    run(store)

    assert store.rests == [0.01] * 5


def test_a_run_ends_after_its_span_and_the_next_one_goes_on():
    store = Pieces(shrink_tickets=10)

    assert [run(store, span=5), store.ended_at] == [True, None]
    assert [run(store, span=5), run(store, span=20), store.ended_at] == [True, False, NOW]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        pytest.param((30, 10, 1100), (30, 30, 1100), id="keys as long as details"),
        pytest.param((30, 400, 90), (30, 400, 400), id="tickets as long as keys"),
        pytest.param((500, 1, 1), (500, 500, 500), id="all as long as details"),
    ],
)
def test_what_a_look_may_need_is_kept_as_long_as_what_needs_it(given, used):
    details, keys, tickets = (days * DAY for days in given)
    ages = RetentionAges(details=details, keys=keys, tickets=tickets)

    assert (ages.details, ages.keys, ages.tickets) == tuple(days * DAY for days in used)
