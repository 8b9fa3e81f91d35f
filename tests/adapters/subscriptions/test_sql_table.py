"""A table of licence items, in SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.subscriptions.sql import foreign_database
from desk_sync.adapters.subscriptions.sql.foreign_database import ROWS_AT_ONCE, ForeignDatabase, open_foreign
from desk_sync.adapters.subscriptions.sql.sql_table import SqlTable
from desk_sync.domain.account.entitlement import ItemStanding, Verdict, entitle, judge
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.errors import ConfigurationError, DeskSyncError, PermanentError, TemporaryError
from tests.adapters.subscriptions.conftest import owned
from tests.support.fake_checkpoints import FakeCheckpoints
from tests.support.warehouse import utc_now

LICENCES = mapping_file.load("partner_support").policy.licences
COLUMNS = (
    "customer_id, super_admin_email_norm, domain_norm, zoid, country_code, service, plan_code, item_kind, unit, "
    "quantity, status, subscription_id"
)
NAMES = COLUMNS.split(", ")
LARGE = ("C1", "Admin@Large.example", "large.example", "100055000", "de", "Zoho CRM")
ROWS = [
    (*LARGE, "crm", "plan", "users", 60, "live", "1"),
    (*LARGE, "crm-x", "addon", "users", 28, "live", "1"),
    (*LARGE, "crm-old", "plan", "users", 40, "cancelled", "2"),
    ("C2", "ops@gmail.com", "gmail.com", None, "IN", "Zoho Mail", "mail free", "plan", "users", 5, "live", "3"),
]


def fill(warehouse, rows, columns=COLUMNS):
    warehouse.fill(columns.split(", "), rows)
    return warehouse.source()


def counted(account):
    return sum(item.quantity for item in account.items if judge(item, LICENCES).standing is ItemStanding.COUNTED)


def test_the_rows_of_one_super_admin_are_one_account(warehouse):
    large, small = fill(warehouse, ROWS).pull(FakeCheckpoints()).accounts

    assert (large.account_id, large.super_admin_email, large.domain) == ("C1", "admin@large.example", "large.example")
    assert (large.zoids, large.countries, counted(large)) == (("100055000",), ("DE",), 88)
    assert (small.account_id, small.domain, counted(small)) == ("C2", None, 0)


def test_all_missing_columns_are_named(warehouse):
    source = fill(warehouse, [], COLUMNS.replace("quantity, ", "").replace("unit, ", ""))

    with pytest.raises(ConfigurationError, match="licence_item has no column unit, quantity"):
        source.pull(FakeCheckpoints())


def test_a_missing_table_is_named(warehouse):
    fill(warehouse, [])

    with pytest.raises(ConfigurationError, match="no table or view nowhere"):
        warehouse.source("nowhere").pull(FakeCheckpoints())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({1: "nobody"}, "left out subscription 3: super_admin_email_norm", id="no address"),
        pytest.param({9: -1}, "account C2 subscription 3: quantity", id="fewer than none"),
    ],
)
def test_an_invalid_row_costs_its_account_and_is_named(warehouse, change, problem):
    row = tuple(change.get(place, cell) for place, cell in enumerate(ROWS[3]))
    pulled = fill(warehouse, [*ROWS[:3], row]).pull(FakeCheckpoints())

    accounts = {each.account_id: each for each in pulled.accounts}

    assert counted(accounts["C1"]) == 88
    assert problem in str(pulled.problems[0])


def test_one_super_admin_in_two_forms_refuses_the_pull(warehouse):
    row = ("C2", "admin@large.example", *ROWS[3][2:])

    with pytest.raises(PermanentError):
        list(fill(warehouse, [*ROWS[:3], row]).pull(FakeCheckpoints()).accounts)


def test_rows_without_an_address_are_an_account_of_their_organisation(warehouse):
    row = ("C2", None, "x.example", "100077000", *ROWS[3][4:])
    large, small = fill(warehouse, [*ROWS[:3], row]).pull(FakeCheckpoints()).accounts

    assert {(each.account_id, each.super_admin_email) for each in (large, small)} == {
        ("C1", "admin@large.example"),
        ("C2", ""),
    }


UNOWNED = ("C1", None, "large.example", "100055000", "de", "Zoho CRM", "crm-y", "addon", "users", 50, "live", "9")


@pytest.mark.parametrize("address", [None, "", "n/a", "nobody"])
def test_rows_without_an_address_may_belong_to_the_super_admin_of_their_organisation(warehouse, address):
    small = (*ROWS[0][:9], 30, *ROWS[0][10:])
    source = fill(warehouse, [small, (UNOWNED[0], address, *UNOWNED[2:]), ROWS[3]])

    pulled = source.pull(FakeCheckpoints())
    found = {each.account_id: entitle(each, LICENCES) for each in pulled.accounts}

    assert found.keys() == {"C1", "C2"}
    assert (found["C1"].verdict, found["C1"].licences) == (Verdict.REVIEW, 30)
    assert "no super admin is named for subscription 9: 0 to 50" in " ".join(map(str, found["C1"].reasons))
    assert "account C1: super_admin_email_norm: rows of the organisation have no super admin" in map(
        str, pulled.problems
    )


def test_a_look_up_finds_the_same_rows_as_a_pull(warehouse):
    source = fill(warehouse, [*ROWS, UNOWNED])
    pulled = {each.account_id: each for each in source.pull(FakeCheckpoints()).accounts}

    for kind, value in ((IdentifierKind.EMAIL, "Admin@Large.example"), (IdentifierKind.ZOID, "100055000")):
        [found] = source.ask(Identifier(kind, value))
        assert found == pulled["C1"]


def test_an_organisation_without_any_address_is_found_by_a_look_up_too(warehouse):
    source = fill(warehouse, [*ROWS[3:], UNOWNED])

    [found] = source.ask(Identifier(IdentifierKind.ZOID, "100055000"))

    assert (found.super_admin_email, counted(found)) == ("", 50)


def test_a_user_without_the_right_to_read_is_named_with_what_is_lacking(postgres):
    url = postgres.url(postgres.new_database())
    with owned(url) as warehouse:
        fill(warehouse, ROWS)
        warehouse.run("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN")
        guest = warehouse.source(url=url.replace("//desk_sync@", "//guest@"))

        with pytest.raises(ConfigurationError, match="the user lacks SELECT on licence_item") as raised:
            guest.pull(FakeCheckpoints())

    assert "db upgrade" not in f"{raised.value} {raised.value.hint}"


SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(4)::text",
    "mysql": "SELECT SLEEP(4)",
}
SLOW["mariadb"] = SLOW["mysql"]


def test_a_statement_that_takes_too_long_is_a_temporary_failure(warehouse, monkeypatch):
    fill(warehouse, ROWS)
    monkeypatch.setattr(foreign_database, "STATEMENT_TIMEOUT", timedelta(seconds=1))
    slow = SLOW[warehouse.owner.dialect.name]
    warehouse.run(f"CREATE VIEW slow AS SELECT items.*, ({slow}) AS zuid FROM items")  # noqa: S608

    with pytest.raises(TemporaryError, match="a statement on slow took longer than 0:00:01"):
        list(warehouse.source("slow").pull(FakeCheckpoints()).accounts)


def test_the_source_cannot_write(warehouse):
    source = fill(warehouse, ROWS)

    with pytest.raises(DeskSyncError), ForeignDatabase(source.engine, "items", utc_now).reading() as connection:
        connection.exec_driver_sql("DELETE FROM items")

    assert len(list(source.pull(FakeCheckpoints()).accounts)) == 2


def test_a_view_that_is_broken_is_a_failure_of_the_source_s_database(sqlite_warehouse):
    source = fill(sqlite_warehouse, ROWS)
    sqlite_warehouse.run("DROP TABLE items")

    with pytest.raises(DeskSyncError) as raised:
        list(source.pull(FakeCheckpoints()).accounts)

    assert "db upgrade" not in f"{raised.value} {raised.value.hint}"


BYTES = {"sqlite": "CAST({} AS BLOB)", "postgresql": "convert_to({}, 'UTF8')", "mysql": "CAST({} AS BINARY)"}
BYTES["mariadb"] = BYTES["mysql"]


def test_texts_that_come_as_bytes_are_texts(warehouse):
    fill(warehouse, ROWS)
    form = BYTES[warehouse.owner.dialect.name]
    columns = ", ".join(f"{form.format(each)} AS {each}" if each in ("status", "unit") else each for each in NAMES)
    warehouse.run(f"CREATE VIEW raw AS SELECT {columns} FROM items")  # noqa: S608

    large, _ = warehouse.source("raw").pull(FakeCheckpoints()).accounts

    assert counted(large) == 88


def test_more_rows_than_one_portion_are_read(warehouse):
    rows = [(f"C{number}", f"e{number}@e.example", *ROWS[0][2:]) for number in range(ROWS_AT_ONCE + 5)]

    assert len(list(fill(warehouse, rows).pull(FakeCheckpoints()).accounts)) == ROWS_AT_ONCE + 5


class TestSqlite:
    def test_a_file_that_is_missing_is_not_made(self, tmp_path):
        file = tmp_path / "nowhere.sqlite3"

        with pytest.raises(ConfigurationError, match="refuses the connection: unable to open database file"):
            SqlTable(open_foreign(f"sqlite:///{file}"), "items", utc_now).pull(FakeCheckpoints())

        assert not file.exists()

    def test_a_file_is_not_changed_by_a_pull(self, sqlite_warehouse, tmp_path):
        source = fill(sqlite_warehouse, ROWS)
        before = (tmp_path / "warehouse.sqlite3").read_bytes()

        assert len(list(source.pull(FakeCheckpoints()).accounts)) == 2

        assert (tmp_path / "warehouse.sqlite3").read_bytes() == before
        assert [each.name for each in tmp_path.iterdir()] == ["warehouse.sqlite3"]


class TestTheRightsInMariaDb:
    """A user with SELECT on a view alone may not see how the view is made."""

    @pytest.fixture
    def filled(self, mariadb):
        with owned(mariadb.url(mariadb.new_database())) as made:
            fill(made, ROWS)
            yield made

    def guest(self, mariadb, warehouse, table):
        """Return the URL of a user who may read this table alone."""
        name = warehouse.owner.url.database
        user = f"'{name}_guest'@'localhost'"
        mariadb.run(f"CREATE USER {user} IDENTIFIED BY 'pass'", f"GRANT SELECT ON {name}.{table} TO {user}")
        return mariadb.url(name, f"{name}_guest", "pass")

    def test_select_on_the_view_is_enough(self, mariadb, filled):
        source = filled.source(url=self.guest(mariadb, filled, "licence_item"))

        large, _ = source.pull(FakeCheckpoints()).accounts

        assert counted(large) == 88

    def test_a_user_who_may_read_something_else_lacks_select(self, mariadb, filled):
        source = filled.source(url=self.guest(mariadb, filled, "items"))

        with pytest.raises(ConfigurationError, match="the user lacks SELECT on licence_item: SELECT command denied"):
            source.pull(FakeCheckpoints())

    @pytest.mark.parametrize("change", [("pass@", "wrong@"), ("_guest", "_stranger")], ids=["password", "user"])
    def test_a_refused_user_is_a_matter_of_the_configuration(self, mariadb, filled, change):
        source = filled.source(url=self.guest(mariadb, filled, "items").replace(*change))

        with pytest.raises(ConfigurationError, match="refuses the connection: Access denied"):
            source.pull(FakeCheckpoints())


class DriverError(Exception):
    """An error of a driver: a number and a message, as PyMySQL's, or an SQLSTATE, as psycopg's."""

    def __init__(self, *arguments, sqlstate=None):
        super().__init__(*arguments)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("raised", "error", "message"),
    [
        pytest.param(DriverError(1142, "SELECT denied"), ConfigurationError, "lacks SELECT on t: SELECT", id="1142"),
        pytest.param(DriverError(1143, "denied for column"), ConfigurationError, "lacks SELECT on t", id="1143"),
        pytest.param(DriverError(1045, "Access denied"), ConfigurationError, "refuses the connection: Acc", id="1045"),
        pytest.param(DriverError(1049, "Unknown database"), ConfigurationError, "refuses the connection", id="1049"),
        pytest.param(DriverError(1146, "doesn't exist"), ConfigurationError, "has no table or view t", id="1146"),
        pytest.param(DriverError(3024, "maximum time"), TemporaryError, "took longer than 0:05:00", id="MySQL's time"),
        pytest.param(DriverError(1969, "max time"), TemporaryError, "took longer than 0:05:00", id="MariaDB's time"),
        pytest.param(DriverError(2013, "Lost connection"), TemporaryError, "does not answer: Lost", id="2013"),
        pytest.param(DriverError("denied", sqlstate="42501"), ConfigurationError, "lacks SELECT on t", id="42501"),
        pytest.param(DriverError("gone", sqlstate="57P01"), TemporaryError, "does not answer: gone", id="57P01"),
        pytest.param(None, TemporaryError, "does not answer: no free connection", id="no connection"),
    ],
)
def test_errors_are_in_the_words_of_the_source(raised, error, message):
    database = ForeignDatabase(create_engine("sqlite://"), "t", utc_now)

    with pytest.raises(error, match=message) as translated, database.reading():
        raise OperationalError("SELECT 1", {}, raised) if raised else PoolTimeout("no connection")

    assert "db upgrade" not in f"{translated.value} {translated.value.hint}"


@pytest.mark.parametrize(
    ("is_mariadb", "limit"),
    [(False, "max_execution_time = 300000"), (True, "max_statement_time = 300.0")],
    ids=["MySQL counts milliseconds", "MariaDB counts seconds"],
)
def test_the_limit_of_a_statement_has_the_unit_of_the_server(is_mariadb, limit):
    sent = []

    class Connection:
        dialect = SimpleNamespace(is_mariadb=is_mariadb)
        exec_driver_sql = staticmethod(sent.append)
        rollback = staticmethod(lambda: None)

    foreign_database._limit_mysql(Connection(), utc_now)

    assert sent == [f"SET SESSION {limit}", "SET SESSION TRANSACTION READ ONLY"]


@pytest.mark.parametrize("url", ["oracle://u:secret@h/x", "no url at all"])
def test_another_database_is_refused_without_its_url(url):
    with pytest.raises(ConfigurationError) as raised:
        open_foreign(url)

    assert "secret" not in f"{raised.value} {raised.value.hint}"


def test_a_missing_driver_is_named_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymysql", None)

    with pytest.raises(ConfigurationError) as raised:
        open_foreign("mysql://u:p@h/x")

    assert "desk-sync[mysql]" in raised.value.hint
