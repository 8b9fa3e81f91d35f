"""`desk-sync notify test`: one notice to the people on duty for a role."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from desk_sync.cli.commands import app
from tests.support.hook import listening

SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command, with a mapping in which the lead for Australia has two chat addresses."""
    text = SHIPPED.read_text(encoding="utf-8").replace("lead.anz: []", "lead.anz: [ada]")
    file = tmp_path / "mapping.yaml"
    file.write_text(text.replace("  people: {}", "  people: {ada: {chat: [hook, unset]}}"), encoding="utf-8")
    monkeypatch.setenv("DESK_SYNC_MAPPING", str(file))
    monkeypatch.setenv("DESK_SYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'db.sqlite3'}")
    return lambda *arguments: CliRunner().invoke(app, ["notify", "test", *arguments])


@pytest.fixture
def hook(monkeypatch):
    """A hook whose address is in the environment."""
    with listening() as hook:
        monkeypatch.setenv("DESK_SYNC_NOTICE_HOOK", hook.url)
        yield hook


def test_a_notice_goes_to_every_address_of_the_people_on_duty(run, hook):
    result = run("lead.anz", "--json")

    assert result.exit_code == 0
    assert [post["title"] for post in hook.posts] == ["desk-sync: test for lead.anz"]
    assert json.loads(result.stdout)["notices"] == [
        {"person": "ada", "to": "chat hook", "error": None},
        {"person": "ada", "to": "chat unset", "error": "no address is set for unset"},
    ]


def test_a_role_that_no_notice_reaches_is_an_error(run):
    result = run("lead.india")

    assert result.exit_code == 1
    assert "no notice for lead.india can be delivered today" in str(result.exception or result.output)


def test_a_role_that_is_not_in_the_mapping_is_a_usage_error(run):
    assert run("lead.atlantis").exit_code == 2
