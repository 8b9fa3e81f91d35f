"""The port RetentionStore: what is old goes, piece by piece, and nothing that is open, unfinished or young."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, insert, update

from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.adapters.store.partner_places import SqlPartnerPlaces
from desk_sync.adapters.store.partners import SqlPartners
from desk_sync.adapters.store.retention import FEW, SqlRetention
from desk_sync.adapters.store.tables import clocks, decisions, deliveries, effects, messages, notices, tickets
from desk_sync.adapters.store.values import CHUNK
from desk_sync.domain.commitment.seen_items import SeenItems, SeenState
from desk_sync.domain.desk_clock import SAME_CLOCK
from desk_sync.ports.partners import StoredPartner
from desk_sync.ports.retention import Deletion
from desk_sync.ports.review import PartnerPlace, SettledReview
from tests.contracts.store.steps import announce, begin, finish, make_effect, make_look, take
from tests.support.makers import NOW, make_event, make_memory, make_message

DAY = timedelta(days=1)
OLD = NOW - 40 * DAY
SEEN = SeenItems(read_at=OLD, states={"1": SeenState.PUBLIC})
MEMORY = make_memory(threads_seen=SEEN, written_digest="left")


@pytest.fixture
def retention(engine):
    return SqlRetention(engine, "default")


@pytest.fixture
def metrics(engine):
    return SqlMetrics(engine, "default")


@pytest.fixture
def ended(tickets, inbox, engine):
    """A function that makes a ticket that was closed forty days ago, with a row of each kind."""

    def make(ticket_id="t1", **facts):
        inbox.record([make_event(key=f"{ticket_id}:1", ticket_id=ticket_id)], now=OLD)
        lease = take(tickets, now=OLD)
        begin(tickets, lease, now=OLD)
        announce(tickets, lease, make_effect())
        tickets.postpone(lease, look_at=OLD, error="")
        finish(tickets, now=OLD, **{"memory": MEMORY, "closed": True, "effects_done": [make_effect()]} | facts)
        met = {"milestone": "resolution", "round": 1, "severity": 1, "state": "met", "started_at": OLD}
        with engine.begin() as connection:
            connection.execute(insert(clocks).values(portal="default", ticket_id=ticket_id, **met))

    return make


def retain(retention, *, details=30, keys=400, records=1100):
    """Let retention run to its end, with ages in days."""
    pieces = (
        (retention.delete_deliveries, details),
        (retention.shrink_tickets, details),
        (retention.delete_notices, details),
        (retention.delete_partners, details),
        (retention.delete_keys, keys),
        (retention.delete_tickets, records),
    )
    for piece, age in pieces:
        while piece(NOW - age * DAY):
            pass


def everything(rows):
    """Return all rows of the tables that retention deletes from."""
    tables = (tickets, deliveries, decisions, effects, clocks, messages)
    return {table.name: rows(f"SELECT * FROM {table.name} ORDER BY portal, ticket_id") for table in tables}  # noqa: S608


def is_looked_at_later(tickets, inbox, engine):
    set_columns(engine, look_at=NOW + DAY)


def is_open(tickets, inbox, engine):
    set_columns(engine, closed=False)


def is_parked(tickets, inbox, engine):
    set_columns(engine, parked_at=OLD)


def has_a_ladder_that_goes_on(tickets, inbox, engine):
    set_columns(engine, step_at=NOW + DAY)


def has_an_event_that_waits(tickets, inbox, engine):
    inbox.record([make_event(key="new", ticket_id="t1")], now=NOW)


def is_leased(tickets, inbox, engine):
    tickets.look_now(["t1"], now=NOW)
    take(tickets)


def has_an_announced_effect(tickets, inbox, engine):
    row = {"key": "review:A2", "kind": "review", "reference": "ds-2", "planned_at": OLD}
    with engine.begin() as connection:
        connection.execute(insert(effects).values(portal="default", ticket_id="t1", **row))


def has_an_unsent_message(tickets, inbox, engine):
    row = {"topic": "t", "channel": "mail", "address": "a@desk.example", "about": "T", "line": "l", "otherwise": []}
    with engine.begin() as connection:
        connection.execute(insert(messages).values(portal="default", ticket_id="t1", at=OLD, **row))


def set_columns(engine, **values):
    with engine.begin() as connection:
        connection.execute(update(tickets).values(values))


NEEDED = [
    is_open,
    is_looked_at_later,
    is_parked,
    has_a_ladder_that_goes_on,
    has_an_event_that_waits,
    is_leased,
    has_an_announced_effect,
    has_an_unsent_message,
]


@pytest.mark.parametrize("state", [pytest.param(each, id=each.__name__.replace("_", " ")) for each in NEEDED])
def test_a_ticket_of_which_something_is_needed_stays_whole(retention, ended, tickets, inbox, engine, rows, state):
    ended()
    state(tickets, inbox, engine)
    before = everything(rows)

    retain(retention, details=41)  # its processed event goes by its own age
    assert everything(rows) == before
    for ages in ({"details": 1}, {"details": 1, "keys": 1}, {"details": 1, "keys": 1, "records": 1}):
        retain(retention, **ages)

    after = everything(rows)
    assert {**after, "deliveries": []} == {**before, "deliveries": []}
    assert [row for row in before["deliveries"] if row["processed_at"] is None] == after["deliveries"]


def test_a_ticket_that_ended_lately_stays_whole(retention, ended, rows):
    ended()
    before = everything(rows)

    retain(retention, details=41)

    assert everything(rows) == before


def test_a_ticket_that_ended_long_ago_keeps_what_a_look_after_a_reopening_needs(
    retention, ended, tickets, rows, metrics
):
    ended()
    retain(retention)

    left = tickets.history("t1")
    assert left.memory == MEMORY.reopenable()
    assert left.memory.clocks.threads_seen != SEEN
    assert [effect.key for effect in left.effects] == ["review:A1"]
    assert (left.decisions, left.events) == ([], [])
    assert len(rows("SELECT * FROM clocks")) == 1
    deleted = {kind: number for kind, number in metrics.deletions().items() if number}
    assert deleted == {Deletion.DELIVERIES: 1, Deletion.DECISIONS: 1, Deletion.SHRUNK: 1}


def test_one_that_is_gone_in_desk_is_shrunk_too(retention, tickets, rows):
    tickets.look_now(["t1"], now=OLD)
    lease = take(tickets, now=OLD)
    begin(tickets, lease, now=OLD)
    tickets.end(lease, now=OLD)

    retain(retention)

    assert rows("SELECT kept FROM tickets") == [{"kept": "reopenable"}]


def test_an_effect_is_known_as_long_as_its_key_is_kept_and_looked_for_in_desk_afterwards(retention, ended, tickets):
    ended()
    retain(retention)
    tickets.look_now(["t1"], now=NOW)
    lease = take(tickets)
    begin(tickets, lease)
    assert announce(tickets, lease, make_effect()) == {}
    tickets.finish_look(lease, make_closed(at=OLD))

    retain(retention, keys=39)
    assert tickets.history("t1").effects == []
    tickets.look_now(["t1"], now=NOW)
    lease = take(tickets)
    begin(tickets, lease)

    assert announce(tickets, lease, make_effect(), make_effect("review:A2")) == {
        make_effect(): True,
        make_effect("review:A2"): True,
    }


def make_closed(**facts):
    return make_look(closed=True, memory=MEMORY, **facts)


def test_a_ticket_is_forgotten_in_the_end_and_nothing_before_that_raises_an_escalation(retention, ended, facts, rows):
    ended()
    facts.activate(OLD - 100 * DAY)

    retain(retention, keys=35, records=39)

    assert not any(everything(rows).values())
    assert facts.active_since(SAME_CLOCK) == NOW - 39 * DAY


def test_a_ticket_that_is_reopened_while_it_is_deleted_is_left_alone(retention, ended, tickets, rows, monkeypatch):
    ended()
    before, oldest = rows("SELECT memory FROM tickets"), SqlRetention._oldest

    def reopening(self, kept, instant):
        found = oldest(self, kept, instant)
        tickets.look_now(["t1"], now=NOW)
        return found

    monkeypatch.setattr(SqlRetention, "_oldest", reopening)
    for piece in (retention.shrink_tickets, retention.delete_keys, retention.delete_tickets):
        piece(NOW - 30 * DAY)

    assert rows("SELECT memory FROM tickets") == before
    assert (len(rows("SELECT * FROM decisions")), len(rows("SELECT * FROM effects"))) == (1, 1)


def test_no_transaction_deletes_more_than_a_few(retention, ended, inbox, engine, rows):
    for number in range(FEW + 3):
        ended(f"t{number}")
    with engine.begin() as connection:
        processed = {"portal": "default", "type": "t", "hint": "state", "ticket_id": "x", "processed_at": OLD}
        many = [processed | {"key": f"{n}", "occurred_at": OLD, "received_at": OLD} for n in range(2 * CHUNK + 1)]
        connection.execute(insert(deliveries), many)
    changed = []

    @event.listens_for(engine, "after_cursor_execute")
    def see(connection, cursor, statement, parameters, context, executemany):
        changed.append(cursor.rowcount)

    retain(retention, keys=35, records=39)

    assert not any(everything(rows).values())
    assert max(changed) <= CHUNK


def test_a_settled_notice_goes_when_its_messages_are_gone_and_what_was_undelivered_stays_counted(
    engine, retention, ended, rows, metrics
):
    ended(messages=[make_message(ticket_id="t1", otherwise=())])
    store = SqlNotices(engine, "default")
    with engine.begin() as connection:
        row = {"key": "n", "channel": "mail", "address": "a@b.example", "subject": "s", "lines": [], "undelivered": 1}
        connection.execute(insert(notices).values(portal="default", made_at=OLD, due_at=OLD, refused_at=OLD, **row))
        connection.execute(update(messages).values(notice="n"))
    assert store.waiting() == []

    while retention.delete_notices(NOW - 30 * DAY):
        pass
    assert len(rows("SELECT * FROM notices")) == 1
    retain(retention)

    assert (rows("SELECT * FROM messages"), rows("SELECT * FROM notices")) == ([], [])
    assert (metrics.undelivered(), metrics.undelivered(NOW - 100 * DAY)) == (1, 0)


def test_a_partner_that_was_read_long_ago_is_read_anew(engine, retention):
    partners = SqlPartners(engine, "default")
    for key, at in (("old", OLD), ("new", NOW)):
        partners.learn(key, StoredPartner(partner=None, at=at, refused=False))

    retain(retention)

    assert (partners.recall("old"), partners.recall("new") is None) == (None, False)


def test_where_a_person_placed_a_partner_is_kept_however_old(engine, retention):
    places = SqlPartnerPlaces(engine, "default")
    place = PartnerPlace(partner="prairie.example", country="DE", settled=SettledReview(at=OLD, by="Ada"))
    places.place(place)

    retain(retention)

    assert places.places() == [place]


def test_the_end_of_a_run_is_recorded(retention, metrics):
    assert metrics.retained_at() is None

    retention.end_run(now=NOW)

    assert metrics.retained_at() == NOW


def test_the_size_of_the_database_is_that_of_its_pages(metrics):
    size = metrics.database_size()

    assert 100_000 < size.used < 100_000_000
    assert 0 <= size.free < size.used
