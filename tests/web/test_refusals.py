"""Refused deliveries are counted at once, and written to the store together."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from desk_sync.errors import DeliveryFault, TemporaryError
from desk_sync.web.refusals import RefusalCounter
from tests.support.makers import NOW
from tests.support.processes import wait_until

FORGED, EXPIRED = DeliveryFault.FORGED, DeliveryFault.EXPIRED


class Ledger:
    """An inflow that adds up what is refused; it may be out of order."""

    def __init__(self) -> None:
        self.total: Counter[DeliveryFault] = Counter()
        self.writes = 0
        self.broken = False

    def refuse(self, counts, *, now):
        if self.broken:
            raise TemporaryError("the database does not answer")
        self.total.update(counts)
        self.writes += 1


@pytest.fixture
def ledgers():
    return {"default": Ledger(), "other": Ledger()}


def counter(ledgers, **facts):
    return RefusalCounter(ledgers, lambda: NOW, **facts)


def test_a_flood_is_one_write(ledgers):
    refusals = counter(ledgers)
    for _ in range(10_000):
        refusals.count("default", FORGED)
    refusals.count("other", EXPIRED)
    refusals.write()

    assert ledgers["default"].total == {FORGED: 10_000}
    assert ledgers["other"].total == {EXPIRED: 1}
    assert ledgers["default"].writes == 1


def test_what_was_written_is_not_written_again(ledgers):
    refusals = counter(ledgers)
    refusals.count("default", FORGED)
    refusals.write()
    refusals.write()

    assert ledgers["default"].writes == 1


def test_a_store_that_does_not_answer_loses_no_count(ledgers):
    refusals = counter(ledgers)
    refusals.count("default", FORGED)
    ledgers["default"].broken = True
    refusals.write()
    refusals.count("default", FORGED)
    ledgers["default"].broken = False
    refusals.write()

    assert ledgers["default"].total == {FORGED: 2}


def test_the_thread_writes_by_itself_and_once_more_at_the_end(ledgers):
    with counter(ledgers, pause=timedelta(milliseconds=20)) as refusals:
        refusals.count("default", FORGED)
        wait_until(lambda: ledgers["default"].writes == 1, seconds=5)
    with counter(ledgers, pause=timedelta(hours=1)) as refusals:
        refusals.count("default", FORGED)

    assert ledgers["default"].total == {FORGED: 2}
