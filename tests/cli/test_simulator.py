"""`desk-sync simulator`: the quirks that it prints, and those that it is started with."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from desk_sync.cli.commands import app
from desk_sync.simulated_desk.portal.quirks import QUIRKS
from desk_sync.simulated_sources.quirks import SOURCE_QUIRKS


def test_every_quirk_is_printed_with_one_line():
    done = CliRunner().invoke(app, ["simulator", "--list-quirks", "--json"])
    document = json.loads(done.stdout)

    assert (done.exit_code, document["schema_version"]) == (0, 1)
    assert document["quirks"] == {name: quirk.line for name, quirk in QUIRKS.items()}
    assert document["source_quirks"] == {name: quirk.line for name, quirk in SOURCE_QUIRKS.items()}


def test_a_name_is_a_quirk_of_desk_or_of_the_sources():
    assert QUIRKS.keys() & SOURCE_QUIRKS.keys() == set()


def test_a_person_reads_them_as_a_table():
    done = CliRunner().invoke(app, ["simulator", "--list-quirks"])

    assert all(name in done.stdout for name in (*QUIRKS, *SOURCE_QUIRKS))


def test_an_unknown_quirk_is_a_usage_error():
    done = CliRunner().invoke(app, ["simulator", "--quirk", "moon_phase"])

    assert done.exit_code == 2
    assert "moon_phase" in done.output


def test_a_quirk_of_the_sources_needs_them():
    done = CliRunner().invoke(app, ["simulator", "--quirk", "more_missing"])

    assert done.exit_code == 2
    assert "needs --sources" in done.output


def test_a_file_that_is_no_account_file_is_refused(tmp_path):
    (tmp_path / "accounts.csv").write_text("name,amount\nBanksia,7\n")

    done = CliRunner().invoke(app, ["simulator", "--sources", str(tmp_path / "accounts.csv")])

    assert "has no column super_admin_email" in str(done.exception)
