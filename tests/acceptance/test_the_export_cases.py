"""Subscription files as they really come: each is read rightly, or refused where it hurts, in words that help."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest

CASES = Path(__file__).parents[1] / "cases" / "exports"
EXPECTED: Mapping[str, Mapping[str, Any]] = json.loads((CASES / "expected.json").read_text(encoding="utf-8"))
DESK_SYNC = [str(Path(sys.executable).with_name("desk-sync"))]
MEASURED = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss}")
sys.exit(status)
"""
"""Runs a command from a small process: the peak of a process includes what its parent had when it was made."""
BLANK_ROW = b'<row><c t="inlineStr"><is><t> </t></is></c></row>'
SHEET = "xl/worksheets/sheet1.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of one command; `reasons` are those of the decisions, `cpu_s` and `rss_mb` its cost."""

    status: int
    out: str
    err: str
    cpu_s: float
    rss_mb: float

    @property
    def accounts(self) -> Mapping[str, Mapping[str, Any]]:
        if not self.out.startswith("{"):
            return {}
        return {each["account_id"]: each for each in json.loads(self.out).get("accounts", ())}

    @property
    def said(self) -> str:
        return "\n".join([self.err, *(reason for each in self.accounts.values() for reason in each["reasons"])])


def run(*arguments: object, environment: Mapping[str, str] | None = None) -> Answer:
    settings = {key: value for key, value in os.environ.items() if not key.startswith("DESK_SYNC_")}
    with NamedTemporaryFile("r") as cost:
        command = [sys.executable, "-c", MEASURED, cost.name, *DESK_SYNC, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, env={**settings, **(environment or {})}, check=False)
        cpu_s, rss_kb = map(float, cost.read().split())
    return Answer(
        status=done.returncode, out=done.stdout.decode(), err=done.stderr.decode(), cpu_s=cpu_s, rss_mb=rss_kb / 1024
    )


def faults(answer: Answer, expected: Mapping[str, Any]) -> Iterable[str]:
    """Yield every way in which the answer is not the expected one."""
    if expected.get("rc") is not None and answer.status != expected["rc"]:
        yield f"exit status {answer.status}"
    for name, (decision, licences) in expected.get("accounts", {}).items():
        found = answer.accounts.get(name, {"decision": None, "licences_counted": None})
        if found["decision"] != decision or licences not in (None, found["licences_counted"]):
            yield f"{name}: {found['decision']}, {found['licences_counted']}"
    if "accounts" in expected and (others := answer.accounts.keys() - expected["accounts"].keys()):
        yield f"other accounts: {', '.join(others)}"
    yield from (f"no message at {place}" for place in expected.get("at", ()) if not _names(answer.err, place))
    yield from (f"does not say {word}" for word in expected.get("says", ()) if word not in answer.said)
    if len(answer.err.encode()) > expected.get("max_message_bytes", sys.maxsize):
        yield f"{len(answer.err.encode())} bytes of messages"


def _names(messages: str, place: str) -> bool:
    line, _, column = place.partition(":")
    return re.search(rf":{line}:{column or '[0-9]+'}: ", messages) is not None


def costs(answer: Answer, expected: Mapping[str, Any]) -> Iterable[str]:
    """Yield what holds for every right answer."""
    yield from (f"says {word}" for word in expected.get("never_says", ()) if word in answer.said)
    if answer.cpu_s > expected.get("cpu_s", 60):
        yield f"{answer.cpu_s:.1f} s"
    if answer.rss_mb > expected.get("rss_mb", 300):
        yield f"{answer.rss_mb:.0f} MB"


@pytest.fixture
def case_file(tmp_path):
    """Return the file of a case, with the rows that are added when it is run."""

    def prepare(name: str) -> Path:
        file = tmp_path / name
        shutil.copy(CASES / name, file)
        if added := EXPECTED[name].get("rows_added"):
            with zipfile.ZipFile(CASES / name) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
                for entry in old.namelist():
                    content = old.read(entry)
                    if entry == SHEET:
                        content = content.replace(b"</sheetData>", BLANK_ROW * added + b"</sheetData>")
                    new.writestr(entry, content)
        return file

    return prepare


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_is_read_rightly_or_refused_in_words_that_help(name, case_file):
    expected = EXPECTED[name]

    answer = run("decide", "--accounts", case_file(name), "--json")

    ways = [list(faults(answer, way)) for way in (expected, *expected.get("or", ()))]
    assert [] in ways, (ways, answer.err)
    assert list(costs(answer, expected)) == []


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if "sequence" in expected])
def test_an_import_and_its_rehearsal_say_the_same(name, case_file, tmp_path):
    environment = {"DESK_SYNC_DATABASE_URL": f"sqlite:///{tmp_path / 'desk.sqlite3'}"}
    assert run("db", "upgrade", environment=environment).status == 0

    for step in EXPECTED[name]["sequence"]:
        commands = {
            "import": lambda step=step: ["import", case_file(step["file"])],
            "dry-run": lambda step=step: ["import", "--dry-run", case_file(step["file"])],
            "lookup": lambda step=step: ["lookup", step["of"]],
        }
        answer = run("subscriptions", *commands[step["do"]](), environment=environment)

        assert answer.status == step["rc"], (step, answer)
        assert [word for word in step.get("says", ()) if word not in answer.out + answer.err] == [], (step, answer)


def test_every_case_is_here():
    assert sorted(EXPECTED) == sorted(each.name for each in CASES.iterdir() if each.suffix in (".csv", ".xlsx"))
