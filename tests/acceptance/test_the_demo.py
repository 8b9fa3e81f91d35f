"""`desk-sync demo` as a new user runs it: real processes, a real broker, real webhooks."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import children_of, wait_until

pytestmark = pytest.mark.alone  # a look that takes more than two seconds reads the ticket again
CASES = Path(__file__).parents[1] / "cases" / "accounts"
DEMO = [sys.executable, "-m", "desk_sync.cli", "demo"]
SECONDS = 90


def run_demo(*options, **environment):
    done = subprocess.run(
        [*DEMO, "--json", *options], capture_output=True, timeout=SECONDS, env=os.environ | environment, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def har(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "demo.har"


@pytest.fixture(scope="module")
def report(har):
    return run_demo("--accounts", str(CASES / "accounts.csv"), "--har", str(har))


@pytest.fixture(scope="module")
def expected():
    with (CASES / "expected.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_account_is_as_decided_by_hand(report, expected):
    shown = {
        each["account_id"]: (each["decision"], each["checkbox"], each["severity"], each["licences_counted"])
        for each in report["accounts"]
    }

    severity = {"S1-Critical": "S1-Critical", "unchanged": None}
    assert shown == {
        row["account_id"]: (
            row["decision"],
            row["checkbox"],
            severity[row["severity"]],
            int(row["licences_counted"]),
        )
        for row in expected
    }


def test_no_delivery_is_lost(report):
    deliveries = report["deliveries"]

    assert deliveries["sent"] >= len(report["accounts"])
    assert deliveries["accepted"] == deliveries["stored"] == deliveries["processed"] == deliveries["sent"]
    assert deliveries["failed"] == 0


def test_a_ticket_costs_one_read_and_at_most_one_write(report):
    large = sum(each["decision"] == "PRIORITY" for each in report["accounts"])

    assert report["desk"]["calls"]["GET /tickets/{id}"] == len(report["accounts"])
    assert report["desk"]["calls"]["PATCH /tickets/{id}"] == large


def test_the_second_pass_looks_at_everything_and_writes_nothing(report):
    count = len(report["accounts"])

    assert report["desk"]["second_pass"] == {"looks": count, "reads": count, "writes": 0}


def test_the_archive_shows_what_was_on_the_wire(report, har):
    entries = json.loads(har.read_text())["log"]["entries"]
    calls = [(each["request"]["method"], each["request"]["url"].split("?")[0].rsplit("/", 1)[-1]) for each in entries]
    deliveries = [each for each in entries if "/webhooks/desk/default" in each["request"]["url"]]

    assert ("GET", "jwks.json") in calls
    assert ("POST", "token") in calls
    assert len(deliveries) >= report["deliveries"]["sent"] + len(report["accounts"])
    assert all(each["response"]["status"] == 200 for each in deliveries)
    assert all("_simulator" not in each["request"]["url"] for each in entries)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_no_process_is_left_however_the_demo_ends(how):
    demo = subprocess.Popen(DEMO, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_until(lambda: len(children_of(demo.pid)) >= 6, seconds=SECONDS)  # broker, four of ours, a worker's child
    family = children_of(demo.pid)

    demo.send_signal(how)
    demo.wait(timeout=20)

    wait_until(lambda: not [child for child in family if child.alive], seconds=10)


def test_the_demo_pulls_from_a_simulated_source_instead_of_importing(expected):
    shown = run_demo("--accounts", str(CASES / "accounts.csv"), "--source", "billing")
    decisions = {each["account_id"]: (each["decision"], each["licences_counted"]) for each in shown["accounts"]}
    by_hand = {row["account_id"]: (row["decision"], int(row["licences_counted"])) for row in expected}

    assert decisions == by_hand
    assert shown["desk"]["second_pass"]["writes"] == 0
