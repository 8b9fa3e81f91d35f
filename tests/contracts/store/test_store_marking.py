"""Marking after an import: a few tickets at a time, and none is lost."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, insert

from desk_sync.adapters.store import tables
from desk_sync.adapters.store.bindings import SqlBindings
from desk_sync.adapters.store.marking import TURN
from desk_sync.adapters.store.queue import WOKEN
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.ports.review import IdentifierBinding, SettledReview
from tests.contracts.store.steps import DECISION, begin, claim_due, make_look, take
from tests.contracts.store.test_store_subscriptions import LATER, decided, replace_with
from tests.support.fake_desk import Died
from tests.support.makers import FRESHNESS, NOW, make_account


@contextmanager
def seen(engine, see):
    """Call `see` with the cursor of each statement that marks tickets, before its commit."""

    def after(_connection, cursor, statement, *_):
        if statement.lstrip().startswith(("UPDATE tickets", "WITH chosen")):
            see(cursor)

    event.listen(engine, "after_cursor_execute", after)
    yield
    event.remove(engine, "after_cursor_execute", after)


def dying(at):
    """Return a callback that kills the process at its `at`-th marking statement."""
    times = []

    def see(_):
        times.append(1)
        if len(times) == at:
            raise Died

    return see


@pytest.fixture
def due(rows):
    return lambda: {row["ticket_id"] for row in rows("SELECT ticket_id FROM tickets WHERE woken")}


@pytest.fixture
def open_tickets(engine):
    """A function that makes open tickets of an account, or without a known account."""

    def make(count, account_id):
        row = {"portal": "default", "first_seen_at": NOW, "account_id": account_id}
        name = account_id or "unknown"
        with engine.begin() as connection:
            connection.execute(insert(tables.tickets), [row | {"ticket_id": f"{name}-{n:04}"} for n in range(count)])

    return make


@pytest.fixture
def cut(engine, subscriptions, open_tickets):
    """An import that died after the first marks; its data are current."""
    open_tickets(1, None)
    open_tickets(1, "A1")
    replace_with(subscriptions, make_account(60), make_account(60, account_id="A2"))
    with engine.begin() as connection:
        connection.execute(tables.tickets.update().values(woken=False))
    with seen(engine, dying(at=2)), pytest.raises(Died):
        replace_with(subscriptions, make_account(61), make_account(60, account_id="A2"), now=LATER)


def test_no_transaction_marks_more_than_a_few(engine, subscriptions, open_tickets, due):
    open_tickets(WOKEN + 1, None)
    open_tickets(2 * WOKEN, "A1")
    set_at_once = []

    with seen(engine, lambda cursor: set_at_once.append(cursor.rowcount)):
        replaced = replace_with(subscriptions, make_account(), now=LATER)

    assert (replaced.tickets, len(due())) == (3 * WOKEN + 1, 3 * WOKEN + 1)
    assert max(set_at_once) <= WOKEN


def test_a_binding_marks_no_more_at_once_and_can_be_repeated_after_a_crash(engine, subscriptions, open_tickets, due):
    replace_with(subscriptions, make_account())
    open_tickets(2 * WOKEN + 1, None)
    named = Identifier(IdentifierKind.EMAIL, "somebody@elsewhere.example")
    bound = IdentifierBinding(identifier=named, account_id="A1", settled=SettledReview(at=LATER))
    bindings = SqlBindings(engine, ("file",))
    set_at_once = []

    with seen(engine, dying(at=2)), pytest.raises(Died):
        bindings.bind(bound)
    assert len(due()) == WOKEN
    with seen(engine, lambda cursor: set_at_once.append(cursor.rowcount)):
        assert bindings.bind(bound) == 2 * WOKEN + 1

    assert len(due()) == 2 * WOKEN + 1
    assert max(set_at_once) <= WOKEN


def test_what_was_not_yet_marked_is_marked_later(subscriptions, cut, due, rows):
    [current] = subscriptions.current()
    assert (current.imported_at, due()) == (LATER, {"unknown-0000"})
    assert subscriptions.mark_rest(now=LATER, freshness=FRESHNESS) == 0

    assert subscriptions.mark_rest(now=LATER + TURN, freshness=FRESHNESS) == 2

    assert due() == {"unknown-0000", "A1-0000"}
    assert {str(row["snapshot_id"]) for row in rows("SELECT snapshot_id FROM accounts")} == {current.snapshot_id}
    assert subscriptions.mark_rest(now=LATER + 2 * TURN, freshness=FRESHNESS) == 0


def test_an_import_that_may_still_be_marking_is_left_alone(subscriptions, cut, due):
    for moment in (LATER + 2 * TURN, LATER + 3 * TURN - timedelta(seconds=1)):
        assert subscriptions.mark_rest(now=moment, freshness=FRESHNESS) == 0
    assert due() == {"unknown-0000"}


def test_a_further_import_takes_no_mark_away(subscriptions, cut, due):
    replace_with(subscriptions, make_account(61), make_account(61, account_id="A2"), now=LATER)
    assert "A1-0000" not in due()

    for moment in (LATER, LATER + TURN):
        subscriptions.mark_rest(now=moment, freshness=FRESHNESS)

    assert "A1-0000" in due()


def test_a_look_that_began_with_the_old_data_is_done_again(subscriptions, tickets):
    replace_with(subscriptions, make_account(60))
    decided(tickets, "t1", "A9")
    tickets.look_now(["t1"], now=NOW)
    lease = take(tickets)
    begin(tickets, lease)

    replace_with(subscriptions, make_account(61), now=NOW)
    tickets.finish_look(lease, make_look(decision=replace(DECISION, account_id="A1")))

    assert len(claim_due(tickets)) == 1
