"""The commands, as a person or a script runs them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typer.testing import CliRunner

from desk_sync.adapters.store.schema import OURS
from desk_sync.cli.commands import app
from tests.support import forked
from tests.support.processes import environment

CASES = Path(__file__).parents[1] / "cases" / "accounts"
MAPPING = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"


class Shell:
    """Runs desk-sync on a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DESK_SYNC_")}
        self.environment["DESK_SYNC_DATABASE_URL"] = f"sqlite:///{folder / 'desk.sqlite3'}"

    def run(self, *arguments: str, **environment: str) -> CompletedProcess[str]:
        return forked.run(*arguments, environment=self.environment | environment)

    def read(self, *arguments: str) -> dict:
        """Return the document that a command prints with --json; stdout must hold nothing else."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        document = json.loads(done.stdout)
        assert document["schema_version"] == 1
        return document


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    return Shell(tmp_path_factory.mktemp("shell"))


@pytest.fixture(scope="module")
def stocked(shell):
    """A shell whose database holds the sample accounts."""
    assert shell.run("db", "upgrade").returncode == 0
    assert shell.run("subscriptions", "import", str(CASES / "accounts.csv")).returncode == 0
    return shell


def test_decide_needs_no_database_and_no_desk(shell):
    decided = {
        each["account_id"]: each for each in shell.read("decide", "--accounts", str(CASES / "accounts.csv"))["accounts"]
    }

    assert len(decided) == 42
    assert decided["A58"].keys() == {"account_id", "decision", "licences_counted", "reasons"}
    assert (decided["A58"]["decision"], decided["A58"]["licences_counted"]) == ("REVIEW", 55)


def test_the_shipped_mapping_is_in_order(shell):
    document = shell.read("mappings", "check", str(MAPPING))

    assert (document["ok"], document["problems"]) == (True, [])


def test_every_mistake_in_a_mapping_is_reported_with_its_place(shell, tmp_path):
    file = tmp_path / "mine.yaml"
    text = MAPPING.read_text().replace("EUROPE_UK:", "EUROPA_UK:", 1).replace("mode: write", "mode: wirte", 1)
    file.write_text(text)

    done = shell.run("mappings", "check", str(file), "--json")
    document = json.loads(done.stdout)

    assert done.returncode == 1
    assert not document["ok"]
    assert len(document["problems"]) >= 2
    for problem in document["problems"]:
        assert problem.keys() >= {"line", "column", "where", "message", "hint"}
        assert text.splitlines()[problem["line"] - 1].strip()
    assert any("write" in (problem["hint"] or "") for problem in document["problems"])


@pytest.mark.parametrize(
    ("rows", "place", "message"),
    [
        pytest.param(None, "1:1", "cannot be read", id="no such file"),
        pytest.param("partner,domains\nPrairie,prairie.example\n", "1:1", "has no partner_name", id="a missing column"),
        pytest.param("partner_name,domains\nPrairie,gmail.com\n", "2:2", "public mail provider", id="a bad row"),
    ],
)
def test_a_mistake_in_the_partner_file_is_reported_with_its_file_and_place(shell, tmp_path, rows, place, message):
    mapping, partners = tmp_path / "mine.yaml", tmp_path / "partners.csv"
    mapping.write_text(MAPPING.read_text().replace("partners:\n", f"partners:\n  file: {partners}\n", 1))
    if rows:
        partners.write_text(rows)

    done = shell.run("mappings", "check", str(mapping))
    [problem] = json.loads(shell.run("mappings", "check", str(mapping), "--json").stdout)["problems"]

    assert done.returncode == 1
    assert f"{partners}:{place}: " in done.stderr
    assert message in done.stderr
    assert problem["file"] == str(partners)


def test_a_mistake_in_the_mapping_does_not_hide_one_in_the_partner_file(shell, tmp_path):
    file = tmp_path / "mine.yaml"
    text = MAPPING.read_text().replace("mode: write", "mode: wirte", 1)
    file.write_text(text.replace("partners:\n", "partners:\n  file: /nowhere/partners.csv\n", 1))

    problems = json.loads(shell.run("mappings", "check", str(file), "--json").stdout)["problems"]

    assert [each["file"] for each in problems] == ["", "/nowhere/partners.csv"]


@pytest.mark.parametrize(
    ("email", "decision"),
    [
        pytest.param("IT@Godavari-Textiles.example", "NOT_PRIORITY", id="one below"),
        pytest.param("admin@nile-valley-clinics.example", "PRIORITY", id="a large one"),
        pytest.param("nobody@nowhere.example", "UNKNOWN", id="an unknown address"),
        pytest.param("not an address", "UNKNOWN", id="no address"),
    ],
)
def test_an_account_can_be_looked_up(stocked, email, decision):
    assert stocked.read("subscriptions", "lookup", email)["decision"] == decision


def test_a_ticket_can_be_marked_and_explained(stocked):
    assert "1 marked" in stocked.run("replay", "700100000000000001").stdout

    explained = stocked.read("explain", "700100000000000001")

    assert (explained["state"], explained["decisions"]) == ("due", [])
    assert "due" in stocked.run("explain", "700100000000000001").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        pytest.param(["explain", "1"], 1, "ticket 1 is unknown", id="an unknown ticket"),
        pytest.param(["decide", "--accounts", "/no/such/file"], 1, "/no/such/file", id="no file"),
        pytest.param(["decide"], 2, "--accounts", id="usage"),
        pytest.param(
            ["sweep", "--since", "2026-11-23T09:00"], 2, "time zone is missing", id="an instant without a zone"
        ),
        pytest.param(["sweep", "--since", "yesterday"], 2, "ISO 8601", id="no instant"),
        pytest.param(["sweep", "--escalate"], 2, "needs --since", id="escalations without --since"),
        pytest.param(
            ["sweep", "--since", "2026-11-23T09:00Z", "--full"], 2, "cannot be combined", id="two sweeps at once"
        ),
        pytest.param(["serve", "--port", "0"], 3, "DESK_SYNC_ORG_ID", id="no portal"),
    ],
)
def test_an_error_is_explained_and_sets_the_exit_code(stocked, arguments, status, message):
    done = stocked.run(*arguments)

    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environment", "status", "message"),
    [
        pytest.param({"DESK_SYNC_WORKERS": "many"}, 3, "DESK_SYNC_WORKERS", id="a setting that is no number"),
        pytest.param({"DESK_SYNC_MAPPING": "no-such"}, 3, "no-such", id="no such mapping"),
        pytest.param({"DESK_SYNC_DATABASE_URL": "oracle://x:secret@y/z"}, 3, "database URL", id="a foreign database"),
        pytest.param(
            {"DESK_SYNC_DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}, 4, "does not answer", id="no server"
        ),
        pytest.param({"DESK_SYNC_DATABASE_URL": "sqlite://"}, 3, "db upgrade", id="no tables yet"),
    ],
)
def test_a_wrong_environment_is_named_without_its_secrets(shell, environment, status, message):
    done = shell.run("subscriptions", "lookup", "a@large.example", **environment)

    assert (done.returncode, message in done.stderr) == (status, True), done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_help_is_quick_to_read(shell):
    assert "demo" in shell.run("--help").stdout
    assert "subscriptions" in shell.run("--help").stdout


def test_the_threads_of_a_worker_share_two_heaps_so_that_its_memory_stays_flat(shell, monkeypatch):
    recorded = []
    monkeypatch.setattr(os, "execv", lambda *_: recorded.append(os.environ["MALLOC_ARENA_MAX"]))

    with environment(**shell.environment):
        CliRunner().invoke(app, ["worker"])

    assert recorded == ["2"]


def test_the_explanation_of_a_mail_is_in_words(shell, tmp_path):
    mail = tmp_path / "mail.eml"
    mail.write_text("From: a@partner.example\n\nSuper admin: admin@one.example\n", encoding="utf-8")

    printed = shell.run("intake", "--explain", str(mail)).stdout

    assert "'place': 'new text'" in printed
    assert "<" not in printed


def test_an_upgrade_names_the_schema_that_it_reached(stocked):
    assert stocked.run("db", "upgrade").stdout.rstrip().endswith(f"; schema {OURS}")
