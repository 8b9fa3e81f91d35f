"""The portals that the database belongs to, and their renaming in every table that it has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Boolean, Date, DateTime, Engine, Float, Integer, MetaData, Table, insert, select
from sqlalchemy.types import JSON

from desk_sync.adapters.store.belonging import AT_REST, SqlBelonging
from desk_sync.adapters.store.engine import writing
from desk_sync.adapters.store.heartbeats import SqlHeartbeats
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.errors import ConfigurationError
from desk_sync.ports.portal import PortalOrigin
from desk_sync.ports.sweeps import SweepKind
from tests.contracts.store.steps import claim_due, finish
from tests.support.makers import NOW, make_event

OLD, NEW = "default", "europe"
ORIGIN = PortalOrigin(org_id="1", data_center="eu")
A_DAY = timedelta(days=1)


@pytest.fixture
def belonging(engine: Engine) -> SqlBelonging:
    return SqlBelonging(engine)


def tables_of(engine: Engine) -> list[Table]:
    """Return the tables that the database has now and that name a portal, whoever made them."""
    metadata = MetaData()
    metadata.reflect(engine)
    return [table for table in metadata.sorted_tables if key_of(table)]


def key_of(table: Table) -> str | None:
    return "name" if table.name == "portals" else "portal" if "portal" in table.c else None


def make_row(table: Table, portal: str) -> dict[str, Any]:
    """Return a row with a value in every column."""
    numbered = {each.name for each in table.columns if each.primary_key and isinstance(each.type, Integer)}
    automatic = numbered if table.name == "decisions" else set()
    return {each.name: value_of(each.type) for each in table.columns if each.name not in automatic} | {
        key_of(table): portal
    }


def value_of(kind: Any) -> Any:
    values = {Boolean: True, Integer: 1, Float: 1.0, DateTime: NOW - A_DAY, Date: NOW.date(), JSON: {}}
    return next((value for each, value in values.items() if isinstance(kind, each)), "x")


def fill(engine: Engine, portal: str, *names: str) -> None:
    """Put a row of the portal into each table, or into these."""
    chosen = [table for table in tables_of(engine) if not names or table.name in names]
    with writing(engine) as connection:
        for table in chosen:
            connection.execute(insert(table).values(make_row(table, portal)))


def names_in(engine: Engine) -> dict[str, set[str]]:
    tables = tables_of(engine)
    with engine.connect() as connection:
        return {table.name: set(connection.scalars(select(table.c[key_of(table)]))) for table in tables}


class TestOrigins:
    def test_the_first_one_stays(self, belonging):
        belonging.claim(OLD, ORIGIN)
        belonging.claim(OLD, PortalOrigin(org_id="2", data_center="us"))

        assert belonging.origins() == {OLD: ORIGIN}

    def test_a_portal_that_only_has_other_facts_has_none_yet(self, belonging, facts):
        facts.learn_own_agent("7")
        assert belonging.origins() == {}

        belonging.claim(OLD, ORIGIN)
        assert (belonging.origins(), facts.own_agent()) == ({OLD: ORIGIN}, "7")


class TestOpenTickets:
    def test_they_are_counted_by_portal_without_those_that_ended(self, engine, belonging):
        for name, count in (("a", 2), ("b", 1), ("c", 3)):
            for number in range(count):
                SqlInbox(engine, name).record([make_event(key=f"k{number}", ticket_id=f"{number}")], now=NOW)

        assert belonging.open_tickets(without=["a"]) == {"b": 1, "c": 3}
        assert belonging.end("c", now=NOW, dry_run=True) == 3
        assert belonging.open_tickets(without=["a"]) == {"b": 1, "c": 3}
        assert belonging.end("c", now=NOW, dry_run=False) == 3
        assert belonging.open_tickets(without=["a"]) == {"b": 1}
        assert claim_due(SqlTickets(engine, "c")) == []


class TestRenaming:
    def rename(self, belonging, old=OLD, new=NEW, *, dry_run=False):
        return belonging.rename(old, new, now=NOW, dry_run=dry_run)

    def test_every_table_of_the_database_has_the_new_name_also_one_that_this_version_does_not_know(
        self, engine, belonging
    ):
        with writing(engine) as connection:
            connection.exec_driver_sql(
                "CREATE TABLE future (portal VARCHAR, ticket_id VARCHAR, note VARCHAR, PRIMARY KEY (portal, ticket_id),"
                " FOREIGN KEY (portal, ticket_id) REFERENCES tickets (portal, ticket_id))"
            )
        fill(engine, OLD)
        fill(engine, "other")

        renamed = self.rename(belonging)

        assert all(names == {NEW, "other"} for names in names_in(engine).values())
        assert renamed.rows == dict.fromkeys(names_in(engine), 1)
        assert "future" in renamed.rows

    def test_a_ticket_goes_on_under_the_new_name(self, engine, belonging, inbox, tickets):
        inbox.record([make_event(key="k1")], now=NOW)
        finish(tickets)
        inbox.record([make_event(key="k2")], now=NOW)
        before = tickets.history(make_event().ticket_id)

        self.rename(belonging)

        there = SqlTickets(engine, NEW)
        assert there.history(before.ticket_id) == before
        assert tickets.history(before.ticket_id) is None
        assert [lease.ticket_id for lease in claim_due(there)] == [before.ticket_id]

    def test_a_dry_run_counts_and_changes_nothing(self, engine, belonging):
        fill(engine, OLD)
        before = names_in(engine)

        assert self.rename(belonging, dry_run=True).rows == dict.fromkeys(before, 1)
        assert names_in(engine) == before

    @pytest.mark.parametrize("dry_run", [False, True])
    def test_a_name_with_rows_in_any_table_is_refused(self, engine, belonging, dry_run):
        fill(engine, OLD)
        fill(engine, NEW, "tickets")
        for table in tables_of(engine):
            if table.name != "tickets":
                fill(engine, f"new {table.name}", *{"tickets", table.name})
                with pytest.raises(ConfigurationError, match=f"1 in {table.name}"):
                    self.rename(belonging, new=f"new {table.name}", dry_run=dry_run)
        with pytest.raises(ConfigurationError, match="1 in tickets"):
            self.rename(belonging, dry_run=dry_run)
        assert names_in(engine)["deliveries"] >= {OLD}

    def test_a_portal_without_rows_is_refused_with_those_that_there_are(self, belonging, inbox):
        inbox.record([make_event(key="k1")], now=NOW)

        with pytest.raises(ConfigurationError, match="no portal defualt") as caught:
            self.rename(belonging, old="defualt")
        assert caught.value.hint == "it has default"

    @pytest.mark.parametrize("dry_run", [False, True])
    @pytest.mark.parametrize(
        "work",
        [
            pytest.param(lambda engine: claim_due(SqlTickets(engine, OLD)), id="a ticket is leased"),
            pytest.param(
                lambda engine: SqlSweeps(engine, OLD).acquire(SweepKind.FULL, now=NOW, length=A_DAY), id="a sweep"
            ),
            pytest.param(lambda engine: SqlHeartbeats(engine).beat(now=NOW - AT_REST + A_DAY / 86_400), id="a worker"),
        ],
    )
    def test_it_is_refused_while_a_process_is_at_work(self, engine, belonging, inbox, work, dry_run):
        inbox.record([make_event(key="k1")], now=NOW)
        work(engine)

        with pytest.raises(ConfigurationError, match="may be at work") as caught:
            self.rename(belonging, dry_run=dry_run)

        assert "stop serve, worker and beat" in caught.value.hint

    def test_a_worker_that_stopped_long_ago_is_not_at_work(self, engine, belonging, inbox):
        inbox.record([make_event(key="k1")], now=NOW)
        SqlHeartbeats(engine).beat(now=NOW - AT_REST)

        assert self.rename(belonging).rows["tickets"] == 1
