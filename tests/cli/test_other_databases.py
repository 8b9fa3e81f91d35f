"""Every process refuses a database of another schema, and one that belongs to another portal, in words."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from threading import Event

import pytest
import typer.main

from desk_sync.adapters.store.schema import OURS, SCHEMAS
from desk_sync.adapters.store.upgrade import upgrade
from desk_sync.cli.commands import app
from desk_sync.errors import ConfigurationError, TemporaryError
from desk_sync.web import server
from desk_sync.wiring import opening
from desk_sync.wiring.launcher import free_port
from desk_sync.wiring.starting import StartCheck
from tests.support import forked
from tests.support.older import fill, read_older
from tests.support.processes import environment

TICKET, ANOTHER = "700100000000000001", "700100000000000008"
PROCESSES = (("serve",), ("worker",), ("beat",))
WRITING = (
    ("replay", TICKET),
    ("adopt",),
    ("installation", "clear", "--why", "it is gone"),
    ("sweep",),
    ("parked", "retry", "--all"),
    ("parked", "drop", "1"),
    ("subscriptions", "import", "accounts.csv"),
    ("subscriptions", "pull", "x"),
    ("subscriptions", "review", "bind", "a@b.example", "A1"),
    ("subscriptions", "review", "unbind", "a@b.example"),
    ("subscriptions", "review", "dismiss", "1"),
    ("review", "bind", "a@b.example", "A1"),
    ("review", "unbind", "a@b.example"),
    ("review", "dismiss", "1"),
    ("review", "place", "prairie.example", "DE"),
    ("review", "displace", "prairie.example"),
    ("review", "undo"),
    ("review", "raise", "1"),
    ("subscriptions", "review", "raise", "1"),
    ("subscriptions", "review", "place", "prairie.example", "DE"),
    ("subscriptions", "review", "displace", "prairie.example"),
    ("subscriptions", "review", "undo"),
)
READING = (
    ("parked", "list"),
    ("explain", "1"),
    ("installation", "show"),
    ("subscriptions", "review"),
    ("review",),
    ("subscriptions", "status"),
    ("subscriptions", "lookup", "a@b.example"),
    ("portal", "rename", "a", "b"),
    ("portal", "end", "a"),
)
WITHOUT_ONE = {"decide", "calendar", "intake", "simulate", "simulator", "demo", "mappings check", "mappings schema"}
WITHOUT_ONE |= {"notify test", "texts preview"}
"""The commands that work without the installation's database (`mappings check --live` reads only the token there)."""
ON_ANY = {"doctor", "db upgrade", "db downgrade"}
"""The commands that are there for a database of another schema."""


class Installation:
    """A SQLite file, and the commands on it with the settings of one portal."""

    def __init__(self, folder) -> None:
        self.file = folder / "desk.sqlite3"
        self.url = f"sqlite:///{self.file}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DESK_SYNC_")}
        self.environment |= {
            f"DESK_SYNC_{name.upper()}": value
            for name, value in {
                "database_url": self.url,
                "org_id": "11",
                "data_center": "eu",
                "webhook_id": "1",
                "client_id": "c",
                "client_secret": "s",
                "refresh_token": "r",
                "redis_url": "redis://127.0.0.1:1/0",
            }.items()
        }

    def run(self, *arguments: str, **changes: str):
        port = ("--port", str(free_port())) if arguments == ("serve",) else ()
        return forked.run(*arguments, *port, environment=self.environment | changes)

    def execute(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def set_schema(self, schema: str | None) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            if schema:
                connection.execute("UPDATE alembic_version SET version_num = ?", (schema,))
            else:
                connection.execute("DROP TABLE alembic_version")

    def read(self, query: str) -> list:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def installation(tmp_path, sqlite_template) -> Installation:
    installation = Installation(tmp_path)
    installation.file.write_bytes(sqlite_template.read_bytes())
    return installation


def is_refused(done, words: str, step: str) -> bool:
    """Return True if a command ended with the code for configuration, an error and a hint, and no traceback."""
    error, _, hint = done.stderr.strip().partition("\nhint: ")
    said = error.splitlines()[-1].startswith("error: ") and words in error and step in hint
    return said and "Traceback" not in done.stderr and (done.stdout, done.returncode) == ("", 3)


def names_of(command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the names of all commands that do something."""
    groups = getattr(command, "commands", {})
    if path and (not groups or command.invoke_without_command):
        yield " ".join(path)
    for name, each in groups.items():
        yield from names_of(each, (*path, name))


def test_every_command_is_named_here_by_its_use_of_the_database():
    named = {" ".join(each) for each in (*PROCESSES, *WRITING, *READING)}
    every = set(names_of(typer.main.get_command(app)))

    known = {name for name in every if any(f"{each} ".startswith(f"{name} ") for each in named)}
    assert every - known == WITHOUT_ONE | ON_ANY


@pytest.mark.parametrize("command", [*PROCESSES, *WRITING, *READING], ids=" ".join)
def test_a_newer_schema_is_refused(installation, command):
    installation.set_schema("9999")

    assert is_refused(installation.run(*command), f"newer than this version's {OURS}", "db downgrade")


@pytest.mark.parametrize("command", [*PROCESSES, WRITING[0], READING[0]], ids=" ".join)
@pytest.mark.parametrize("schema", [SCHEMAS[0], None], ids=["older", "none"])
def test_an_older_schema_is_refused(installation, schema, command):
    installation.set_schema(schema)

    assert is_refused(installation.run(*command), f"this version needs {OURS}", "desk-sync db upgrade")


@pytest.mark.parametrize("command", ["upgrade", "downgrade"])
def test_neither_command_for_schemas_changes_a_newer_one(installation, command):
    installation.set_schema("9999")

    assert is_refused(installation.run("db", command), "newer than this version's", "install the version that made it")


@pytest.mark.parametrize("command", [*PROCESSES, *WRITING], ids=" ".join)
def test_the_database_of_another_portal_is_refused(installation, command):
    installation.execute("INSERT INTO portals (name, org_id, data_center) VALUES ('default', '99', 'eu')")

    assert is_refused(installation.run(*command), "organisation 11 (eu)", "DESK_SYNC_DATABASE_URL")
    assert installation.read("SELECT org_id FROM portals") == [("99",)]


def test_what_only_reads_is_not_refused_for_that(installation):
    installation.execute("INSERT INTO portals (name, org_id, data_center) VALUES ('default', '99', 'eu')")

    assert installation.run("parked", "list").returncode == 0


def test_the_first_command_that_writes_records_whose_the_database_is_and_a_dry_run_does_not(installation):
    installation.run("parked", "retry", "--all", "--dry-run")
    assert installation.read("SELECT * FROM portals") == []

    installation.run("replay", TICKET)
    assert installation.read("SELECT name, org_id, data_center FROM portals") == [("default", "11", "eu")]


@pytest.mark.parametrize("name", ["Europe", "../x y", "", "europa.eu", "é"])
def test_a_portal_gets_no_name_that_a_mapping_refuses(installation, name):
    refused = installation.run("portal", "rename", "europe", name)

    assert refused.returncode == 2
    assert "lower-case letters, digits, _ and -" in " ".join(refused.stderr.replace("│", " ").split())


def test_a_portal_with_a_new_name_is_refused_until_it_is_renamed(installation):
    installation.run("replay", TICKET)
    installation.execute("UPDATE portals SET name = 'europe'", "UPDATE tickets SET portal = 'europe'")

    assert is_refused(
        installation.run("replay", ANOTHER),
        "under the name europe",
        "desk-sync portal rename europe default",
    )
    counted = json.loads(installation.run("portal", "rename", "europe", "default", "--dry-run", "--json").stdout)
    assert (counted["rows"], counted["dry_run"]) == ({"portals": 1, "tickets": 1}, True)
    assert "europe is default" in installation.run("portal", "rename", "europe", "default").stdout
    assert installation.run("replay", ANOTHER).returncode == 0
    assert installation.read("SELECT DISTINCT portal FROM tickets") == [("default",)]


OF_A_PORTAL = (("review",), ("parked", "list"), ("explain", TICKET), ("installation", "show"))


@pytest.mark.parametrize("command", OF_A_PORTAL, ids=" ".join)
def test_a_portal_with_a_new_name_is_not_shown_as_an_empty_one(installation, command):
    installation.run("replay", TICKET)
    installation.execute("UPDATE portals SET name = 'europe'", "UPDATE tickets SET portal = 'europe'")

    refused = installation.run(*command)
    assert is_refused(refused, "under the name europe", "desk-sync portal rename europe default")
    assert refused.stdout == ""
    del installation.environment["DESK_SYNC_ORG_ID"]
    refused = installation.run(*command)
    assert (refused.returncode, "1 open tickets of portal europe" in refused.stderr) == (1, True)


@pytest.mark.parametrize("command", OF_A_PORTAL, ids=" ".join)
def test_a_reader_is_warned_of_the_tickets_of_another_portal_that_nothing_looks_at(installation, command):
    installation.run("replay", TICKET)
    installation.execute("UPDATE portals SET name = 'asia', org_id = '5'", "UPDATE tickets SET portal = 'asia'")
    installation.run("replay", TICKET)

    shown = installation.run(*command)
    assert (shown.returncode, bool(shown.stdout)) == (0, True)
    assert "warning: nothing looks at 1 open tickets of portal asia" in shown.stderr


def test_open_tickets_of_a_portal_that_is_gone_are_found_by_the_doctor_until_they_are_ended(installation):
    installation.run("replay", TICKET)
    installation.execute("UPDATE portals SET name = 'asia', org_id = '5'", "UPDATE tickets SET portal = 'asia'")

    def found():
        checks = json.loads(installation.run("doctor", "--json").stdout)["checks"]
        return next((each["ok"], each["what"]) for each in checks if each["name"] == "portals")

    assert found() == (False, "nothing looks at 1 open tickets of portal asia, which is not named any more")
    assert installation.run("portal", "end", "asia").stdout == "1 open tickets are ended\n"
    assert found()[0]


def test_the_way_there_and_back_by_the_commands(installation):
    assert installation.run("db", "downgrade").stdout == f"schema {SCHEMAS[-2]}; start the version that needs it\n"
    assert installation.run("replay", TICKET).returncode == 3
    assert installation.run("db", "upgrade").returncode == 0
    assert installation.run("replay", TICKET).returncode == 0

    while (refused := installation.run("db", "downgrade")).returncode == 0:
        pass
    assert (refused.returncode, "--yes" in refused.stderr) == (1, True)
    assert installation.run("db", "downgrade", "--yes").stdout.startswith("lost: the organisations of 1 portals")


def test_an_upgrade_of_an_older_database_is_one_command(tmp_path):
    installation = Installation(tmp_path)
    fill(installation.url, read_older("0017"))

    assert installation.run("db", "upgrade").returncode == 0
    upgrade(installation.url)
    assert json.loads(installation.run("parked", "list", "--json").stdout)["parked"] == []


class TestInTheWorker:
    @pytest.fixture
    def task(self, installation, capfd):
        """A function that runs a task in this process; it returns True if the work was done, and the log."""
        opening.worker_app.cache_clear()

        def run() -> tuple[bool, str]:
            done = []
            with environment(**installation.environment):
                opening.run_task("x", lambda _: done.append("work"))
            return bool(done), capfd.readouterr().err

        yield run
        opening.worker_app.cache_clear()

    def test_a_task_does_nothing_after_an_upgrade_under_it_and_says_why(self, installation, task):
        assert task()[0]

        installation.set_schema("9999")
        worked, log = task()
        assert not worked
        assert f"schema 9999, which is newer than this version's {OURS}" in log

    def test_a_task_does_nothing_with_the_database_of_another_portal(self, installation, task):
        installation.execute("INSERT INTO portals (name, org_id, data_center) VALUES ('default', '99', 'eu')")
        worked, log = task()
        assert not worked
        assert "this database has the data of organisation 99 (eu)" in log

        installation.execute("UPDATE portals SET org_id = '11'")
        assert task()[0]


class TestTheCheckAtTheStart:
    def test_a_refusal_is_raised_at_once_and_reported(self):
        refused = Event()
        start = StartCheck(raising(ConfigurationError("another portal")), refuse=refused.set)

        with pytest.raises(ConfigurationError, match="another portal"):
            start.run(timedelta(seconds=20))
        assert refused.is_set()

    def test_a_database_that_does_not_answer_is_asked_again_while_the_process_runs(self):
        refused = Event()
        check = raising(TemporaryError("locked"), TemporaryError("locked"), ConfigurationError("another portal"))
        start = StartCheck(check, refuse=refused.set, pause=timedelta(milliseconds=200))

        start.run(timedelta(milliseconds=20))
        assert refused.wait(20)
        with pytest.raises(ConfigurationError, match="another portal"):
            start.raise_refusal()

    def test_a_database_that_hangs_keeps_no_process_from_its_start(self):
        answers = Event()
        start = StartCheck(lambda: answers.wait(20) and None)

        start.run(timedelta(milliseconds=20))
        answers.set()

    def test_a_receiver_that_is_refused_after_its_start_ends_with_the_reason(self, installation, monkeypatch):
        check = raising(TemporaryError("locked"), ConfigurationError("another portal"))
        monkeypatch.setattr(server, "check_start", lambda _: check())
        monkeypatch.setattr(server, "START_WITHIN", timedelta(0))
        monkeypatch.setattr(server, "StartCheck", partial(StartCheck, pause=timedelta(milliseconds=500)))

        with environment(**installation.environment), pytest.raises(ConfigurationError, match="another portal"):
            server.serve(host="127.0.0.1", port=0)


def raising(*errors: Exception):
    remaining = iter(errors)

    def check() -> None:
        raise next(remaining)

    return check
