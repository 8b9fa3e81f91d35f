"""A table of licence items, in SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import column, event, insert, table, text

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.subscriptions import sql_table
from desk_sync.adapters.subscriptions.sql_table import SqlTable
from desk_sync.domain.account.entitlement import ItemStanding, judge
from desk_sync.errors import ConfigurationError, DeskSyncError, PermanentError, TemporaryError
from tests.support.fake_checkpoints import FakeCheckpoints

LICENCES = mapping_file.load("partner_support").policy.licences
COLUMNS = (
    "customer_id, super_admin_email_norm, domain_norm, zoid, country_code, service, plan_code, item_kind, unit, "
    "quantity, status, subscription_id"
)
LARGE = ("C1", "Admin@Large.example", "large.example", "100055000", "de", "Zoho CRM")
ROWS = [
    (*LARGE, "crm", "plan", "users", 60, "live", "1"),
    (*LARGE, "crm-x", "addon", "users", 28, "live", "1"),
    (*LARGE, "crm-old", "plan", "users", 40, "cancelled", "2"),
    ("C2", "ops@gmail.com", "gmail.com", None, "IN", "Zoho Mail", "mail free", "plan", "users", 5, "live", "3"),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    postgres = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    url = postgres.url(postgres.new_database()) if postgres else f"sqlite:///{tmp_path / 'warehouse.sqlite3'}"
    engine = open_engine(url)
    yield engine
    engine.dispose()


def fill(engine, rows, columns=COLUMNS):
    names = columns.split(", ")
    with writing(engine) as connection:
        typed = ", ".join(f"{name} {'INTEGER' if name == 'quantity' else 'TEXT'}" for name in names)
        connection.execute(text(f"CREATE TABLE items ({typed})"))
        connection.execute(text("CREATE VIEW licence_item AS SELECT * FROM items"))
        items = table("items", *map(column, names))
        for row in rows:
            connection.execute(insert(items).values(dict(zip(names, row, strict=True))))
    return SqlTable(engine, "licence_item")


def counted(account):
    return sum(item.quantity for item in account.items if judge(item, LICENCES).standing is ItemStanding.COUNTED)


def test_the_rows_of_one_super_admin_are_one_account(engine):
    large, small = fill(engine, ROWS).pull(FakeCheckpoints()).accounts

    assert (large.account_id, large.super_admin_email, large.domain) == ("C1", "admin@large.example", "large.example")
    assert (large.zoids, large.countries, counted(large)) == (("100055000",), ("DE",), 88)
    assert (small.account_id, small.domain, counted(small)) == ("C2", None, 0)


def test_all_missing_columns_are_named(engine):
    source = fill(engine, [], COLUMNS.replace("quantity, ", "").replace("unit, ", ""))

    with pytest.raises(ConfigurationError, match="licence_item has no column unit, quantity"):
        source.pull(FakeCheckpoints())


def test_a_missing_table_is_named(engine):
    with pytest.raises(ConfigurationError, match="no table or view nowhere"):
        SqlTable(engine, "nowhere").pull(FakeCheckpoints())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({1: "nobody"}, "left out subscription 3: super_admin_email_norm", id="no address"),
        pytest.param({9: -1}, "account C2 subscription 3: quantity", id="fewer than none"),
    ],
)
def test_an_invalid_row_costs_its_account_and_is_named(engine, change, problem):
    row = tuple(change.get(place, cell) for place, cell in enumerate(ROWS[3]))
    pulled = fill(engine, [*ROWS[:3], row]).pull(FakeCheckpoints())

    accounts = {each.account_id: each for each in pulled.accounts}

    assert counted(accounts["C1"]) == 88
    assert problem in str(pulled.problems[0])


def test_one_super_admin_in_two_forms_refuses_the_pull(engine):
    row = ("C2", "admin@large.example", *ROWS[3][2:])

    with pytest.raises(PermanentError):
        list(fill(engine, [*ROWS[:3], row]).pull(FakeCheckpoints()).accounts)


def test_rows_without_an_address_are_an_account_of_their_organisation(engine):
    row = ("C2", None, "x.example", "100077000", *ROWS[3][4:])
    large, small = fill(engine, [*ROWS[:3], row]).pull(FakeCheckpoints()).accounts

    assert {(each.account_id, each.super_admin_email) for each in (large, small)} == {
        ("C1", "admin@large.example"),
        ("C2", ""),
    }


def test_a_user_without_the_right_to_read_is_named_with_what_is_lacking(request):
    postgres = request.getfixturevalue("postgres")
    url = postgres.url(postgres.new_database())
    owner = open_engine(url)
    fill(owner, ROWS)
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS guest")
        connection.exec_driver_sql("CREATE ROLE guest")
    guest = open_engine(url)

    @event.listens_for(guest, "connect")
    def become(connection, _):
        connection.execute("SET ROLE guest")
        connection.commit()

    with pytest.raises(ConfigurationError, match="the user lacks SELECT on licence_item") as raised:
        list(SqlTable(guest, "licence_item").pull(FakeCheckpoints()).accounts)

    assert "db upgrade" not in f"{raised.value} {raised.value.hint}"
    owner.dispose()
    guest.dispose()


def test_a_statement_that_takes_too_long_is_a_temporary_failure(request, monkeypatch):
    postgres = request.getfixturevalue("postgres")
    engine = open_engine(postgres.url(postgres.new_database()))
    fill(engine, ROWS)
    monkeypatch.setattr(sql_table, "STATEMENT_TIMEOUT", timedelta(seconds=1))
    with engine.begin() as connection:
        slow = "CREATE VIEW slow AS SELECT items.*, pg_sleep(2)::text AS zuid FROM items"
        connection.exec_driver_sql(slow)

    with pytest.raises(TemporaryError, match="the source's database does not answer"):
        list(SqlTable(engine, "slow").pull(FakeCheckpoints()).accounts)

    engine.dispose()


def test_a_view_that_is_broken_is_a_failure_of_the_source_s_database(sqlite_warehouse):
    fill(sqlite_warehouse, ROWS)
    with sqlite_warehouse.begin() as connection:
        connection.exec_driver_sql("DROP TABLE items")

    with pytest.raises(DeskSyncError) as raised:
        list(SqlTable(sqlite_warehouse, "licence_item").pull(FakeCheckpoints()).accounts)

    assert "db upgrade" not in f"{raised.value} {raised.value.hint}"
