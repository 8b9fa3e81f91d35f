"""Importing exports and looking identifiers up, from the command line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from desk_sync.cli import main
from desk_sync.cli.import_report import SHOWN
from tests.adapters.subscriptions.test_account_file import ROW, table

CASES = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
OTHER = {"account_id": "A02", "subscription_id": "2", "super_admin_email": "ops@else.example", "zoid": "100004000"}
OTHER |= {"customer_domain": "else.example", "super_admin_zuid": "100004002", "service_org_id": "100004005"}
BROKEN = {"account_id": "A03", "subscription_id": "3", "super_admin_email": "x@third.example", "plan_quantity": "many"}


class Run:
    """Runs a command in this process; keeps its exit status and its output."""

    def __init__(self, monkeypatch, capsys):
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments):
        self._monkeypatch.setattr("sys.argv", ["desk-sync", "subscriptions", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        self.status = ended.value.code or 0
        self.out, self.err = self._capsys.readouterr()
        return self

    def read(self, *arguments):
        document = json.loads(self(*arguments, "--json").out)
        assert document.pop("schema_version") == 1
        return document


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("DESK_SYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    monkeypatch.setattr("sys.argv", ["desk-sync", "db", "upgrade"])
    with pytest.raises(SystemExit):
        main()
    capsys.readouterr()
    return Run(monkeypatch, capsys)


@pytest.fixture
def write(tmp_path):
    def write_file(name, *rows):
        file = tmp_path / name
        file.write_text(table(*rows), encoding="utf-8")
        return file

    return write_file


class TestAnImport:
    def test_lists_which_accounts_are_new_changed_or_gone(self, run, write):
        run("import", write("a.csv", {}, OTHER))
        file = write("b.csv", {"plan_quantity": "50"}, {**BROKEN, "plan_quantity": "1"})

        output = run("import", "--force", file).out

        assert output.splitlines() == [
            f"{file}:3:1: A03 is new",
            f"{file}:2:1: A01 has changed",
            "A02 is gone",
            "imported; 1 accounts are new, 1 have changed, 1 are gone; 0 open tickets are looked at again",
        ]

    def test_takes_several_files_as_one(self, run, write):
        report = run.read("import", write("a.csv", {}), write("b.csv", OTHER))

        assert [each["account_id"] for each in report["added"]] == ["A01", "A02"]

    def test_lists_a_limited_number_of_accounts_without_all(self, run, write):
        rows = [
            {"account_id": f"B{n}", "subscription_id": f"{n}", "super_admin_email": f"a{n}@b.example"}
            for n in range(SHOWN + 5)
        ]
        file = write("a.csv", *rows)

        assert run("import", "--dry-run", file).out.splitlines()[-2] == "… and 5 more of these (--all shows them)"
        assert len(run("import", "--dry-run", "--all", file).out.splitlines()) == SHOWN + 6

    def test_a_dry_run_prints_what_would_be_done(self, run, write):
        assert run("import", "--dry-run", write("a.csv", {})).out.endswith("0 are gone\n")
        assert run.read("lookup", "7000001000")["decision"] == "UNKNOWN"

    def test_shows_no_bar_without_a_terminal(self, run, write):
        assert run("import", write("a.csv", {})).err == ""

    def test_shows_a_bar_on_a_terminal(self, run, write, monkeypatch):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        run("import", write("a.csv", {}))

        assert "accounts stored" in terminal.getvalue()


class TestTheSameFilesAgain:
    def test_are_confirmed_with_their_warnings(self, run, write):
        file = write("a.csv", {"country_code": "UK"})
        first = run.read("import", file)

        again = run.read("import", file)

        assert run("import", file).out == "confirmed: the files have not changed\n"
        assert run("import", "--dry-run", file).out == "would be confirmed: the files have not changed\n"
        assert "warning: " in run.err
        assert [each["account_id"] for each in first["added"]] == ["A01"]
        assert again == first | {"added": []}

    def test_are_imported_if_they_changed_or_with_force(self, run, write):
        run("import", write("a.csv", {}))

        assert run("import", "--force", write("a.csv", {})).out.startswith("imported; 0 accounts are new")
        assert run("import", write("a.csv", {"plan_quantity": "50"})).out.splitlines()[-1].startswith("imported; 0")

    def test_are_refused_again_with_the_same_mistakes(self, run, write):
        file = write("a.csv", {}, BROKEN)

        assert run("import", file).err == run("import", file).err != ""
        assert (run("import", "--partial", file).status, run("import", "--partial", file).status) == (1, 1)


class TestRefusedRows:
    def test_are_listed_with_their_place_and_nothing_is_imported(self, run, write):
        file = write("a.csv", {}, BROKEN)

        run("import", file)

        column = list(ROW).index("plan_quantity") + 1
        assert run.status == 1
        assert run.err == f'{file}:3:{column}: plan_quantity: "many" is not a whole number\n'
        assert run.out.startswith("1 mistakes; nothing was imported")
        assert run.read("lookup", "7000001000")["account_id"] is None

    def test_leave_out_only_their_own_account_with_partial(self, run, write):
        report = run.read("import", "--partial", write("a.csv", {}, BROKEN))

        assert (run.status, report["imported"]) == (1, True)
        assert [each["account_id"] for each in report["added"]] == ["A01"]
        assert [(each["line"], each["where"]) for each in report["refused"]] == [(3, "plan_quantity")]
        assert run.read("lookup", "7000001000")["account_id"] == "A01"

    def test_cannot_make_half_an_export_a_whole_one(self, run, write):
        rows = [OTHER | {"account_id": f"B{n}", "subscription_id": f"{n}"} for n in range(3)]
        rows = [row | {"super_admin_email": f"b{n}@else.example"} for n, row in enumerate(rows)]
        run("import", write("a.csv", {}, *rows))

        run("import", "--partial", write("b.csv", {}, *(row | {"plan_quantity": "x"} for row in rows)))

        assert (run.status, "are missing" in run.err) == (1, True)
        assert run.read("lookup", "b1@else.example")["account_id"] == "B1"

    def test_a_warning_refuses_nothing(self, run, write):
        report = run.read("import", write("a.csv", {"country_code": "UK"}))

        assert (run.status, [each["hint"] for each in report["warnings"]]) == (0, ["did you mean GB?"])
        assert 'warning: "UK" is not' in run("import", write("a.csv", {"country_code": "UK"})).err


class TestALookUp:
    @pytest.fixture
    def stocked(self, run):
        run("import", CASES)
        return run

    @pytest.mark.parametrize(
        "identifier",
        [
            pytest.param("admin@banksia-legal.example", id="address"),
            pytest.param(" Admin@BANKSIA-legal.example ", id="an address as a person writes it"),
            pytest.param("banksia-legal.example", id="domain"),
            pytest.param("@Banksia-Legal.example", id="a domain as a person writes it"),
            pytest.param("7000001000", id="ZOID"),
            pytest.param("7000001005", id="ZGID"),
            pytest.param("7000001002", id="ZUID"),
        ],
    )
    def test_finds_an_account_by_any_identifier(self, stocked, identifier):
        found = stocked.read("lookup", identifier)

        assert (found["account_id"], found["decision"], found["licences_counted"]) == ("A01", "NOT_PRIORITY", 49)
        assert [each["super_admin_email"] for each in found["accounts"]] == ["admin@banksia-legal.example"]

    def test_shows_how_old_the_data_are(self, stocked):
        assert any("was last read in full at" in reason for reason in stocked.read("lookup", "x@y.example")["reasons"])

    def test_explains_that_a_text_is_no_identifier(self, stocked):
        found = stocked.read("lookup", "123")

        assert (found["decision"], found["identifier"]) == ("UNKNOWN", [])
        assert found["reasons"][0].endswith("nor an id of 6 to 11 digits")

    def test_shows_all_accounts_of_an_ambiguous_identifier(self, run, write):
        run("import", write("a.csv", {}, OTHER | {"zoid": "7000001000"}))

        found = run.read("lookup", "7000001000")

        assert (found["account_id"], {each["account_id"] for each in found["accounts"]}) == (None, {"A01", "A02"})

    def test_is_printed_in_lines_for_a_person(self, stocked):
        lines = stocked("lookup", "7000001000").out.splitlines()

        assert lines[0] == "A01: NOT_PRIORITY, 49 licences"
        assert "    zoids: 7000001000" in lines
