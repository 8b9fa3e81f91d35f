"""Importing files again: a comparison if nothing has changed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from desk_sync.adapters.store.file_readings import SqlFileReadings
from desk_sync.errors import Problem, Shrunk
from desk_sync.ports.subscriptions import FILE, AccountFile
from desk_sync.services.import_files import MOST_WARNINGS, ImportFiles
from tests.support.makers import make_account, make_freshness

WARNING = Problem(message="is odd", where="region", line=2, column=7, file="a.csv")
LAST = date(2026, 11, 20)
WEEK = timedelta(days=7)


@pytest.fixture
def files(world):
    return ImportFiles(importing=world.importing(), readings=SqlFileReadings(world.engine))


def read(*accounts, warnings=(WARNING,), refused=()):
    return AccountFile(accounts=accounts, as_of=LAST, warnings=warnings, refused=refused)


def imports(files, file, *, digest="d1", **options):
    return files.run(file, file.accounts, digest=digest, **options)


@contextmanager
def counted(engine):
    statements = []

    def count(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_the_same_files_are_confirmed_with_their_warnings(files, world):
    imports(files, read(make_account(88)))
    world.waits(days=1)

    repeated = files.repeat("d1")

    assert repeated.warnings == (WARNING,)
    [current] = [each for each in world.subscriptions.current() if each.source == FILE]
    assert (current.imported_at, current.as_of) == (world.now(), LAST)
    assert current == repeated.snapshot


@pytest.mark.parametrize(
    ("policy", "read_again"),
    [
        pytest.param(make_freshness(WEEK), False, id="valid"),
        pytest.param(make_freshness(WEEK / 8), True, id="read too long ago"),
        pytest.param(make_freshness(WEEK, data=WEEK / 7), True, id="of a day too long ago"),
    ],
)
def test_files_whose_data_are_out_of_date_are_read(world, policy, read_again):
    world.policy = replace(world.policy, licences=replace(world.policy.licences, freshness=policy))
    files = ImportFiles(importing=world.importing(), readings=SqlFileReadings(world.engine))
    imports(files, read(make_account(88)))
    world.waits(days=1)

    assert (files.repeat("d1") is None) is read_again


def test_a_confirmation_costs_the_same_for_any_number_of_accounts(files, world):
    accounts = [make_account(1, account_id=f"B{n}", super_admin_email=f"b{n}@b.example") for n in range(500)]
    with counted(world.engine) as importing:
        imports(files, read(*accounts))

    with counted(world.engine) as confirming:
        assert files.repeat("d1")

    assert len([each for each in confirming if not each.startswith(("BEGIN", "COMMIT", "PRAGMA"))]) == 3
    assert len(importing) > len(confirming)


def test_confirmed_data_are_as_good_as_imported_ones(files, world):
    imports(files, read(make_account(88)))
    for _ in range(3):
        world.waits(days=6)
        assert files.repeat("d1")

    assert imports(files, read(make_account(88)), digest="d2").tickets == 0


@pytest.mark.parametrize(
    ("digest", "days"),
    [
        pytest.param("d2", 0, id="other files"),
        pytest.param(None, 0, id="a file that cannot be read"),
        pytest.param("d1", 8, id="expired data: tickets without an account are looked at again after an import"),
    ],
)
def test_files_are_read_again_if_anything_may_differ(files, world, digest, days):
    imports(files, read(make_account(88)))
    world.waits(days=days)
    before = world.subscriptions.current()

    assert files.repeat(digest) is None
    assert world.subscriptions.current() == before


@pytest.mark.parametrize(
    ("file", "options"),
    [
        pytest.param(read(make_account(88), refused=(WARNING,)), {}, id="rows were refused"),
        pytest.param(read(make_account(88)), {"dry_run": True}, id="a dry run"),
        pytest.param(read(make_account(88)), {"digest": None}, id="the files changed while they were read"),
        pytest.param(read(make_account(88), warnings=(WARNING,) * (MOST_WARNINGS + 1)), {}, id="too many warnings"),
    ],
)
def test_only_a_complete_import_is_compared_with(files, file, options):
    imports(files, file, **options)

    assert files.repeat("d1") is None


def test_another_import_of_the_source_ends_it(files, world):
    imports(files, read(make_account(88)))
    world.importing().run_file(read(make_account(89)))

    assert files.repeat("d1") is None


def test_an_import_that_is_overtaken_is_not_confirmed(files, world, monkeypatch):
    imports(files, read(make_account(88)))
    find = SqlFileReadings.find

    def overtaken(self, *arguments, **options):
        found = find(self, *arguments, **options)
        world.importing().run_file(read(make_account(89)))
        return found

    monkeypatch.setattr(SqlFileReadings, "find", overtaken)

    assert files.repeat("d1") is None


def test_a_dry_run_confirms_nothing(files, world):
    imports(files, read(make_account(88)))
    world.waits(days=1)
    before = world.subscriptions.current()

    assert files.repeat("d1", dry_run=True)
    assert world.subscriptions.current() == before


@pytest.mark.parametrize("dry_run", [True, False], ids=["the dry run", "the import"])
def test_a_dry_run_refuses_what_the_import_refuses(files, dry_run):
    imports(files, read(make_account(88)))

    with pytest.raises(Shrunk, match="0 accounts where there were 1"):
        imports(files, read(), digest="d2", dry_run=dry_run)
