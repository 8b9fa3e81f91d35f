"""Group commit: one transaction for many deliveries, one answer for each, and no answer before the commit (L1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event

from desk_sync.adapters.store.group_commit import GroupCommit, GroupInbox
from desk_sync.adapters.store.inbox import DeliveryRow, EventCounts, SqlInbox, record_all
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.store.values import CHUNK
from desk_sync.errors import TemporaryError
from desk_sync.ports.tickets import RecordedDelivery
from tests.contracts.store.steps import claim_due
from tests.support.makers import NOW, make_event

PORTAL = "default"


class Gate:
    """Holds the committer before each of its transactions while it is shut, and counts them; one of them may fail."""

    def __init__(self, engine: Engine) -> None:
        self.open = threading.Event()
        self.open.set()
        self.reached = threading.Event()
        self.begun = 0
        self.fails_at = 0
        event.listen(engine, "begin", self._pass)

    def _pass(self, _: object) -> None:
        self.begun += 1
        self.reached.set()
        self.open.wait(10)
        if self.begun == self.fails_at:
            raise OSError("disk full")


@pytest.fixture
def gate(engine: Engine) -> Iterator[Gate]:
    gate = Gate(engine)
    yield gate
    gate.open.set()


@pytest.fixture
def committer(engine: Engine, gate: Gate) -> Iterator[GroupCommit]:
    with GroupCommit(engine, most_waiting=100) as committer:
        yield committer
        gate.open.set()


@pytest.fixture
def group(committer: GroupCommit) -> GroupInbox:
    return GroupInbox(committer, PORTAL)


@pytest.fixture
def held(gate: Gate, group: GroupInbox) -> Gate:
    """The committer is busy with a first delivery, so that what comes now becomes one group."""
    gate.open.clear()
    group.submit([make_event(key="first")], now=NOW)
    assert gate.reached.wait(5)
    return gate


def submit(group: GroupInbox, *keys: str):
    return group.submit([make_event(key=key, ticket_id=f"t-{key}") for key in keys], now=NOW)


def test_the_future_is_done_after_the_commit_and_not_before(held, group, engine):
    future = submit(group, "k1")
    time.sleep(0.05)
    assert not future.done()

    held.open.set()

    assert future.result(5) == RecordedDelivery(stored=1, known=0)
    assert SqlInbox(engine, PORTAL).counts() == EventCounts(stored=2, processed=0)


def test_what_waits_shares_one_transaction(held, group):
    futures = [submit(group, f"k{n}") for n in range(50)]
    held.open.set()

    assert [future.result(5).stored for future in futures] == [1] * 50
    assert held.begun == 2


def test_a_group_is_bounded_by_its_events(held, group):
    futures = [submit(group, *(f"{n}-{m}" for m in range(CHUNK // 2))) for n in range(4)]
    held.open.set()

    assert [future.result(5).stored for future in futures] == [CHUNK // 2] * 4
    assert held.begun == 3


def test_each_delivery_gets_its_own_counts(held, group):
    futures = [submit(group, *keys) for keys in (["a", "b"], ["b", "c"], ["a"], ["first"], ["d", "d"])]
    held.open.set()

    counts = [future.result(5) for future in futures]
    assert counts == [
        RecordedDelivery(stored=2, known=0),
        RecordedDelivery(stored=1, known=1),
        RecordedDelivery(stored=0, known=1),
        RecordedDelivery(stored=0, known=1),
        RecordedDelivery(stored=1, known=1),
    ]


def test_portals_in_one_group_are_kept_apart(held, committer, engine):
    futures = {portal: submit(GroupInbox(committer, portal), "k1") for portal in ("east", "west")}
    held.open.set()

    assert {future.result(5) for future in futures.values()} == {RecordedDelivery(stored=1, known=0)}
    assert held.begun == 2
    for portal in futures:
        assert SqlInbox(engine, portal).counts().stored == 1
        assert [lease.ticket_id for lease in claim_due(SqlTickets(engine, portal))] == ["t-k1"]


def test_one_that_cannot_be_stored_fails_alone(held, group, engine):
    good, bad, other = (
        submit(group, "a"),
        group.submit([make_event(key="b", ticket_id=None)], now=NOW),
        submit(group, "c"),
    )
    held.open.set()

    assert (good.result(5).stored, other.result(5).stored) == (1, 1)
    assert bad.exception(5) is not None
    assert SqlInbox(engine, PORTAL).counts().stored == 3


def test_after_a_transaction_that_fails_each_delivery_is_stored_alone(held, group):
    futures = [submit(group, f"k{n}") for n in range(3)]
    held.fails_at = 2
    held.open.set()

    assert [future.result(5).stored for future in futures] == [1, 1, 1]


def test_a_delivery_that_was_cancelled_in_time_is_not_stored(held, group, engine):
    gone, here = submit(group, "gone"), submit(group, "here")
    assert gone.cancel()
    held.open.set()

    assert here.result(5).stored == 1
    with pytest.raises(CancelledError):
        gone.result(5)
    assert SqlInbox(engine, PORTAL).counts().stored == 2


def test_a_caller_that_cancels_during_the_commit_harms_no_other(gate, group):
    gate.open.clear()
    gone = submit(group, "gone")
    assert gate.reached.wait(5)
    assert gone.cancel()
    gate.open.set()

    assert submit(group, "next").result(5).stored == 1


def test_too_many_that_wait_are_refused_at_once(held, group):
    waiting = [submit(group, f"k{n}") for n in range(100)]

    with pytest.raises(TemporaryError):
        submit(group, "one more")

    held.open.set()
    assert sum(future.result(5).stored for future in waiting) == 100


def test_what_waits_at_the_end_is_committed(engine, gate):
    with GroupCommit(engine) as committer:
        gate.open.clear()
        futures = [submit(GroupInbox(committer, PORTAL), f"k{n}") for n in range(3)]
        gate.open.set()

    assert [future.result(0).stored for future in futures] == [1, 1, 1]


def test_two_processes_commit_groups_in_opposite_orders(engine):
    def deliver(order: int) -> int:
        stored = 0
        for n in range(20):
            taken = [
                DeliveryRow(portal=portal, events=[make_event(key=f"{n}-{ticket}", ticket_id=f"t{ticket}")], at=NOW)
                for portal in ("east", "west")
                for ticket in range(10)
            ][::order]
            stored += sum(recorded.stored for recorded in record_all(engine, taken))
        return stored

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(deliver, (1, -1, 1, -1))) == 400
