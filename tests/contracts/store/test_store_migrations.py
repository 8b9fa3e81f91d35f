"""The migrations make exactly the tables that the code works with, also if several processes run them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from desk_sync.adapters.store.columns import metadata
from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.store.schema import check_schema
from desk_sync.adapters.store.upgrade import migrate, upgrade
from desk_sync.errors import ConfigurationError

INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND name LIKE 'ix%'",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix%'",
}


def indexes(engine: Engine) -> set[tuple[str, str]]:
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(INDEXES[engine.dialect.name]))}


def test_the_migrations_make_the_tables_of_the_code(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})

        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_the_indexes_of_the_code_with_their_conditions(engine, empty_url):
    direct = open_engine(empty_url)
    metadata.create_all(direct)

    assert indexes(engine) == indexes(direct)
    direct.dispose()


def test_an_upgrade_of_a_current_database_changes_nothing(url, engine, rows):
    before = rows("SELECT * FROM alembic_version")
    upgrade(url)

    assert rows("SELECT * FROM alembic_version") == before


def test_processes_that_upgrade_together_take_turns(empty_url):
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(upgrade, [empty_url] * 3))

    engine = open_engine(empty_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM alembic_version").scalar_one() == 1
    engine.dispose()


def test_an_upgrade_that_fails_leaves_the_tables_as_they_were(empty_url):
    engine = open_engine(empty_url)
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE snapshots (in_the_way INTEGER)")

    with pytest.raises(Exception, match="snapshots"):
        migrate(engine)

    with engine.connect() as connection:
        assert not engine.dialect.has_table(connection, "portals")
    engine.dispose()


def test_a_database_with_the_newest_schema_is_in_order(engine):
    assert check_schema(engine).startswith("schema ")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("UPDATE alembic_version SET version_num = '0001'", id="an older version"),
        pytest.param("DROP TABLE alembic_version", id="no tables"),
    ],
)
def test_a_database_with_another_schema_is_found(engine, fault):
    with writing(engine) as connection:
        connection.exec_driver_sql(fault)

    with pytest.raises(ConfigurationError) as caught:
        check_schema(engine)

    assert "db upgrade" in caught.value.hint
