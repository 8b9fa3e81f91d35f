"""The schema of the database: what a process of another version may still do, and the way forth and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, update

from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.store.schema import OURS, SCHEMAS, check_schema
from desk_sync.adapters.store.tables import tickets as tickets_table
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.store.unknown_keys import keep_unknown
from desk_sync.adapters.store.upgrade import _config, downgrade, migrate
from desk_sync.domain.plan.memory import Memory
from desk_sync.errors import ConfigurationError, DeskSyncError, LeaseLost
from tests.contracts.store.steps import begin, claim_due, finish, make_look, take
from tests.support.makers import NOW, make_event
from tests.support.older import create_schema

NEWER = "9999"


def set_schema(engine: Engine, schema: str) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema}'")  # noqa: S608


@pytest.fixture
def columns(engine: Engine) -> Any:
    """A function that returns the columns of every table."""

    def read() -> dict[str, Sequence[str]]:
        found = inspect(engine)
        return {table: sorted(each["name"] for each in found.get_columns(table)) for table in found.get_table_names()}

    return read


class TestTheNames:
    def test_the_files_are_numbered_like_the_schemas_that_they_make(self):
        scripts = ScriptDirectory.from_config(_config())

        assert {script.revision for script in scripts.walk_revisions()} == set(SCHEMAS)
        assert scripts.get_current_head() == OURS


class TestAnotherSchema:
    @pytest.mark.parametrize(
        ("schema", "words", "step"),
        [
            pytest.param(SCHEMAS[0], f"schema {SCHEMAS[0]}, this version needs {OURS}", "db upgrade", id="older"),
            pytest.param(NEWER, f"schema {NEWER}, which is newer than this version's", "db downgrade", id="newer"),
        ],
    )
    def test_it_is_refused_in_words_with_what_to_do(self, engine, schema, words, step):
        set_schema(engine, schema)

        with pytest.raises(ConfigurationError, match=words) as caught:
            check_schema(engine)

        assert step in caught.value.hint

    @pytest.mark.parametrize("command", [migrate, lambda engine: downgrade(engine, lossy=True)], ids=["up", "down"])
    def test_a_newer_one_is_changed_by_neither_command(self, engine, rows, command):
        set_schema(engine, NEWER)

        with pytest.raises(ConfigurationError, match="newer"):
            command(engine)

        assert rows("SELECT version_num FROM alembic_version") == [{"version_num": NEWER}]

    @pytest.mark.parametrize("schema", [SCHEMAS[0], NEWER])
    def test_a_process_that_runs_on_claims_nothing_and_records_deliveries(self, engine, tickets, inbox, schema):
        set_schema(engine, schema)

        assert inbox.record([make_event(key="k1")], now=NOW).stored == 1
        assert claim_due(tickets) == []

        set_schema(engine, OURS)
        assert len(claim_due(tickets)) == 1


class TestAnUpgradeUnderARunningProcess:
    @pytest.fixture
    def older(self, empty_url):
        engine = open_engine(empty_url)
        create_schema(engine, SCHEMAS[-2])
        yield engine
        engine.dispose()

    def test_a_look_that_is_under_way_records_nothing(self, older):
        with writing(older) as connection:
            held = {"portal": "default", "ticket_id": "1", "first_seen_at": NOW, "look_at": NOW}
            held |= {"lease_token": 7, "lease_until": NOW.replace(hour=23)}
            connection.execute(tickets_table.insert().values(held))
        migrate(older)
        tickets = SqlTickets(older, "default")

        [lease] = claim_due(tickets)
        assert lease.token > 7
        for token in (7, 8):
            with pytest.raises(LeaseLost):
                tickets.renew(type(lease)(ticket_id="1", token=token, until=NOW, urgency=1), until=NOW)

    def test_an_upgrade_of_a_current_database_takes_no_lease(self, engine, tickets, inbox):
        inbox.record([make_event(key="k1")], now=NOW)
        lease = take(tickets)
        migrate(engine)

        begin(tickets, lease)
        tickets.finish_look(lease, make_look())


STORED = {"future": 1, "fields": {"future": [2], "looked": True}, "escalation": {"state": {"future": {"a": 3}}}}


class TestUnknownKeys:
    def test_a_look_keeps_what_a_newer_version_has_added(self, engine, tickets, inbox):
        inbox.record([make_event(key="k1")], now=NOW)
        finish(tickets)
        with writing(engine) as connection:
            connection.execute(update(tickets_table).values(memory=STORED))
        inbox.record([make_event(key="k2")], now=NOW)
        lease = take(tickets)
        memory = begin(tickets, lease).memory
        tickets.announce(lease, memory=memory, effects=())
        tickets.finish_look(lease, make_look(memory=memory))

        with engine.connect() as connection:
            stored = connection.execute(tickets_table.select()).mappings().one()["memory"]
        assert (stored["future"], stored["fields"]["future"]) == (1, [2])
        assert stored["escalation"]["state"]["future"] == {"a": 3}

    def test_what_is_known_is_replaced_and_entries_of_tables_are_not_kept(self):
        stored = {"fields": {"overrides": {"severity": {"value": "x"}}, "looked": True}, "read_digest": "old"}
        new = {"fields": {"overrides": {}, "looked": False}, "read_digest": None}

        assert keep_unknown(new, stored, Memory) == new


class TestTheWayBack:
    def test_one_step_where_nothing_is_lost(self, engine, columns):
        before = columns()
        schema, lost = downgrade(engine, lossy=False)

        assert (schema, list(lost)) == (SCHEMAS[-2], [])
        downgrade(engine, lossy=False)  # the last step changes no table
        assert columns() != before
        migrate(engine)
        assert columns() == before

    def test_a_step_that_loses_data_says_so_and_needs_a_yes(self, engine, rows):
        while downgrade(engine, lossy=False)[0] > "0022":
            pass
        with writing(engine) as connection:
            connection.exec_driver_sql(
                "INSERT INTO installation (one, id, created_at) VALUES (1, '0f0f', '2026-11-30 08:00:00')"
            )

        with pytest.raises(DeskSyncError, match="loses the id of this installation") as caught:
            downgrade(engine, lossy=False)
        assert "--yes" in caught.value.hint
        assert rows("SELECT id FROM installation") == [{"id": "0f0f"}]

        schema, lost = downgrade(engine, lossy=True)
        assert (schema, len(lost)) == ("0021", 1)

    def test_each_step_back_to_the_first_one_that_cannot_be_undone(self, engine, columns):
        before, reached = columns(), []
        while not reached or reached[-1] > "0018":
            reached.append(downgrade(engine, lossy=False)[0])

        assert reached == list(reversed(SCHEMAS[SCHEMAS.index("0018") : -1]))
        migrate(engine)
        assert columns() == before

    def test_from_a_step_that_cannot_be_undone_only_a_backup_leads_back(self, empty_url):
        engine = open_engine(empty_url)
        create_schema(engine, "0013")

        with pytest.raises(ConfigurationError, match="no way back from schema 0013") as caught:
            downgrade(engine, lossy=True)

        assert "backup" in caught.value.hint
        engine.dispose()
