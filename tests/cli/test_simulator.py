"""`desk-sync simulator`: the quirks that it prints, and those that it is started with."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from desk_sync.cli.commands import app
from desk_sync.simulated_desk.portal.quirks import QUIRKS


def test_every_quirk_is_printed_with_one_line():
    done = CliRunner().invoke(app, ["simulator", "--list-quirks", "--json"])
    document = json.loads(done.stdout)

    assert (done.exit_code, document["schema_version"]) == (0, 1)
    assert document["quirks"] == {name: quirk.line for name, quirk in QUIRKS.items()}


def test_a_person_reads_them_as_a_table():
    done = CliRunner().invoke(app, ["simulator", "--list-quirks"])

    assert all(name in done.stdout for name in QUIRKS)


def test_an_unknown_quirk_is_a_usage_error():
    done = CliRunner().invoke(app, ["simulator", "--quirk", "moon_phase"])

    assert done.exit_code == 2
    assert "moon_phase" in done.output
