"""The wheel, in an environment that holds nothing else, outside the checkout."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("PYTHONPATH", "PYTHONPYCACHEPREFIX", "VIRTUAL_ENV")
OUTSIDE = {name: value for name, value in os.environ.items() if name not in OURS}


def run(*command, cwd, check=True):
    home = {"XDG_STATE_HOME": str(cwd)}
    return subprocess.run(
        command, cwd=cwd, env=OUTSIDE | home, capture_output=True, text=True, timeout=300, check=check
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """The folder of the commands of an environment with the wheel and its dependencies, at the locked versions."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    pinned = folder / "pinned.txt"
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned.write_text("\n".join(line.removesuffix(" \\") for line in lines if line and line[0] not in " #"))
    python = folder / "bin" / "python"
    uv = Path(sys.executable).parent / "uv"
    by_uv = [str(uv), "pip", "install", "-q", "--python", str(python)]
    by_pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
    wanted = [str(wheel), "-c", str(pinned)]
    if not uv.exists() or run(*by_uv, "--system-certs", *wanted, cwd=folder, check=False).returncode:
        run(*by_pip, *wanted, cwd=folder)
    return folder / "bin"


def test_it_holds_exactly_what_it_should(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}

    assert tops == {"desk_sync", "tasks", "celery_config.py", f"{wheel.name.rsplit('-', 3)[0]}.dist-info"}
    assert {name for name in names if name.startswith("desk_sync/mappings/")} >= {
        "desk_sync/mappings/partner_support.yaml",
        "desk_sync/mappings/partner_support.schema.json",
    }
    assert "desk_sync/simulated_desk/sample/accounts.csv" in names
    assert any(name.startswith("desk_sync/adapters/store/migrations/versions/") for name in names)
    assert "desk_sync/py.typed" in names


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (["desk-sync", "--help"], "demo"),
        (["celery", "-A", "tasks", "report"], "desk_sync"),
        (["desk-sync", "mappings", "schema"], "$schema"),
        (["desk-sync", "db", "upgrade"], "write-ahead log"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_its_commands_work(environment, tmp_path, command, text):
    done = run(str(environment / command[0]), *command[1:], cwd=tmp_path)

    assert text in done.stdout


def test_its_demo_prints_the_decisions_and_the_next_steps(environment, tmp_path, postgres):
    database = postgres.url(postgres.new_database())
    printed = run(str(environment / "desk-sync"), "demo", "--database", database, cwd=tmp_path).stdout

    with (ROOT / "tests" / "cases" / "accounts" / "expected.csv").open(newline="") as file:
        expected = {row["account_id"]: row["decision"] for row in csv.DictReader(file)}
    rows = [line.split() for line in printed.splitlines()]
    assert {row[0]: row[3] for row in rows if row and row[0] in expected} == expected
    assert "R42: 50 licences against >= 50" in printed
    assert "second pass: 42 tickets looked at again, 0 written" in printed
    assert "mappings/README.md" in printed
