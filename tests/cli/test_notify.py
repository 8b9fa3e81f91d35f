"""`desk-sync notify test`: one notice to whoever answers for a role today."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from desk_sync.cli.commands import app

SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command, with the mapping's lead for Australia told by chat."""
    text = SHIPPED.read_text(encoding="utf-8").replace("lead.anz: []", "lead.anz: [ada]")
    file = tmp_path / "mapping.yaml"
    file.write_text(text.replace("  people: {}", "  people: {ada: {chat: [hook, unset]}}"), encoding="utf-8")
    monkeypatch.setenv("DESK_SYNC_MAPPING", str(file))
    monkeypatch.setenv("DESK_SYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'db.sqlite3'}")
    return lambda *arguments: CliRunner().invoke(app, ["notify", "test", *arguments])


@pytest.fixture
def hook(monkeypatch):
    """A hook of which the environment knows."""
    posts = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DESK_SYNC_NOTICE_HOOK", f"json://127.0.0.1:{server.server_port}/")
    yield posts
    server.shutdown()
    server.server_close()


def test_a_notice_goes_to_every_address_of_whoever_answers_for_the_role(run, hook):
    result = run("lead.anz", "--json")

    assert result.exit_code == 0
    assert [post["title"] for post in hook] == ["desk-sync: test for lead.anz"]
    assert json.loads(result.stdout)["notices"] == [
        {"person": "ada", "to": "chat hook", "error": None},
        {"person": "ada", "to": "chat unset", "error": "no address is set for unset"},
    ]


def test_a_role_that_no_notice_reaches_is_an_error(run):
    result = run("lead.india")

    assert result.exit_code == 1
    assert "no notice reaches anybody for lead.india today" in str(result.exception or result.output)


def test_a_role_that_the_mapping_does_not_know_is_a_mistake_of_usage(run):
    assert run("lead.atlantis").exit_code == 2
