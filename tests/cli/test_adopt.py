"""`desk-sync adopt`, as an operator runs it on a portal that has traces of ours and a database that knows nothing."""

from __future__ import annotations

import json
import os

import pytest

from desk_sync.simulated_desk.server import running
from tests.support import forked

SINCE = "2020-01-01T00:00Z"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A function that runs a command on a new database; our agent has modified one of two tickets."""
    with running() as (simulation, url):
        portal = simulation.portal
        wanted = {
            "departmentId": portal.department_id,
            "subject": "?",
            "contact": {"lastName": "Partner", "email": "help@partner.example"},
        }
        ours, _ = (portal.open_ticket(wanted, by=portal.person["id"]) for _ in range(2))
        portal.change_ticket(ours.ticket_id, {"priority": "High"}, by=portal.own_agent["id"])
        facts = {**simulation.facts(url), "desk_url": url, "accounts_url": url}
        settings = facts | {"database_url": f"sqlite:///{tmp_path_factory.mktemp('site') / 'desk.sqlite3'}"}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DESK_SYNC_")}
        environment |= {f"DESK_SYNC_{name.upper()}": value for name, value in settings.items()}
        environment |= {"DESK_SYNC_REDIS_URL": "redis://127.0.0.1:1/0"}

        def run(*arguments):
            return forked.run(*arguments, environment=environment)

        assert run("db", "upgrade").returncode == 0
        yield run


def test_without_redis_nothing_is_asked_of_desk(site):
    done = site("adopt", "--since", SINCE, "--dry-run")

    assert (done.returncode, done.stderr.partition(":")[0]) == (4, "error")


@pytest.mark.parametrize(
    ("since", "problem"),
    [
        pytest.param("yesterday", "not a time", id="no instant"),
        pytest.param("2026-01-01T00:00", "zone is missing", id="an instant without a zone"),
    ],
)
def test_an_instant_has_a_zone(site, since, problem):
    done = site("adopt", "--since", since)

    assert (done.returncode, problem in done.stderr) == (2, True)


def test_the_start_of_a_process_names_a_database_that_knows_no_ticket(site):
    checks = json.loads(site("doctor", "--json").stdout)["checks"]

    [memory] = [each["what"] for each in checks if each["name"] == "memory"]
    assert "desk-sync adopt" in memory
