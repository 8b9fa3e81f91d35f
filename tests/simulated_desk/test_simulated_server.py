"""The simulated Desk on its port: control interface, faults of connections, concurrency, HAR archive, shutdown."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from desk_sync.har import archive
from desk_sync.simulated_desk.server import running

SERVE = """
import json, pathlib, sys
from desk_sync.simulated_desk.server import serve
accounts = pathlib.Path(sys.argv[1])
serve(port=0, accounts=accounts, deliver_to=None, har=None, announce=lambda facts: print(json.dumps(facts), flush=True))
print("ended", flush=True)
"""


class Site:
    """A client over HTTP."""

    def __init__(self, facts: dict[str, str]) -> None:
        self.facts = facts
        self.session = requests.Session()
        self.session.trust_env = False
        form = {
            "grant_type": "refresh_token",
            **{key: facts[key] for key in ("client_id", "client_secret", "refresh_token")},
        }
        answer = self.session.post(f"{facts['accounts_url']}/oauth/v2/token", data=form, timeout=5).json()
        self.session.headers.update(
            {"Authorization": f"Zoho-oauthtoken {answer['access_token']}", "orgId": facts["org_id"]}
        )

    def call(self, method: str, path: str, body: Any = None, *, timeout: float = 5) -> requests.Response:
        return self.session.request(method, f"{self.facts['desk_url']}/api/v1{path}", json=body, timeout=timeout)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, f"{self.facts['control_url']}{path}", json=body, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def open_ticket(self) -> str:
        contact = {"lastName": "Helpdesk", "email": "help@partner.example"}
        body = {"departmentId": self.facts["department_id"], "contact": contact, "subject": "Login fails"}
        ticket_id: str = self.call("POST", "/tickets", body).json()["id"]
        return ticket_id


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as (simulation, url):
        yield Site(simulation.facts(url))


def test_control_calls_are_not_calls_to_desk(site: Site):
    ticket_id = site.open_ticket()
    site.control("POST", f"/tickets/{ticket_id}/nudge")
    state = site.control("GET", "/state")

    assert state["calls"] == {"POST /tickets": 1}
    assert state["credits"] == 1
    assert state["deliveries"] == {"sent": 0, "accepted": 0, "failed": 0, "dropped": 0}
    assert state["idle"] is True

    site.control("POST", "/reset")
    assert site.control("GET", "/state")["calls"] == {}


def test_people_act_over_the_control_interface(site: Site):
    ticket_id = site.open_ticket()
    site.control("POST", f"/tickets/{ticket_id}/reply", {"content": "<p>We look into it.</p>"})
    site.control("POST", f"/tickets/{ticket_id}/reply", {"content": "<p>Any news?</p>", "from": "customer"})
    site.control("POST", f"/tickets/{ticket_id}/comment", {"content": "Known issue"})
    written = site.control("POST", f"/tickets/{ticket_id}/write", {"fields": {"status": "On Hold"}})

    threads = site.call("GET", f"/tickets/{ticket_id}/threads").json()["data"]
    (comment,) = site.call("GET", f"/tickets/{ticket_id}/comments").json()["data"]
    assert [(each["direction"], each["author"]["type"]) for each in threads] == [
        ("in", "END_USER"),
        ("out", "AGENT"),
        ("in", "END_USER"),
    ]
    assert (comment["isPublic"], comment["commenterId"]) == (False, site.facts["person_id"])
    assert (written["status"], written["modifiedBy"]) == ("On Hold", site.facts["person_id"])

    site.control("POST", f"/tickets/{ticket_id}/erase")
    assert site.call("GET", f"/tickets/{ticket_id}").json()["errorCode"] == "URL_NOT_FOUND"


@pytest.mark.parametrize("after", [False, True])
def test_a_reset_leaves_the_client_without_a_response(site: Site, after: bool):
    ticket_id = site.open_ticket()
    site.control("POST", "/faults", {"reset": True, "after": after, "calls": ["PATCH /tickets/{id}"]})

    with pytest.raises(requests.ConnectionError):
        site.call("PATCH", f"/tickets/{ticket_id}", {"priority": "High"})

    assert site.control("GET", "/state")["calls"]["PATCH /tickets/{id}"] == 1
    site.control("POST", "/faults", {})
    assert site.call("GET", f"/tickets/{ticket_id}").json()["priority"] == ("High" if after else None)


def test_half_a_body_is_an_incomplete_response(site: Site):
    ticket_id = site.open_ticket()
    site.control("POST", "/faults", {"half": True})

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        site.call("GET", f"/tickets/{ticket_id}")


def test_a_dripping_response_exceeds_no_read_timeout(site: Site):
    site.control("POST", "/faults", {"drip": 0.01, "calls": ["GET /tickets/{id}"]})
    answer = site.call("GET", "/tickets/700100999999999999", timeout=0.5)

    assert answer.elapsed.total_seconds() < 0.5
    assert answer.json()["errorCode"] == "URL_NOT_FOUND"


@pytest.mark.parametrize(("status", "kind"), [(500, "application/json"), (502, "text/html")])
def test_a_fault_has_the_body_of_desk_or_of_a_proxy(site: Site, status: int, kind: str):
    site.control("POST", "/faults", {"status": status})
    answer = site.call("GET", "/tickets")

    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (status, kind)


def test_the_accounts_server_fails_only_where_a_fault_names_it(site: Site):
    url = f"{site.facts['accounts_url']}/oauth/v2/token"
    site.control("POST", "/faults", {"status": 500})
    assert site.session.post(url, timeout=5).status_code == 200

    site.control("POST", "/faults", {"status": 500, "calls": ["POST /oauth/v2/token"]})
    assert site.session.post(url, timeout=5).status_code == 500


@pytest.mark.parametrize("faults", [{"chaos": True}, {"share": 2}, {"latency": -1}])
def test_faults_that_make_no_sense_are_refused(site: Site, faults: dict[str, Any]):
    with pytest.raises(requests.HTTPError, match="400"):
        site.control("POST", "/faults", faults)


def test_a_missing_ticket_cannot_be_nudged(site: Site):
    with pytest.raises(requests.HTTPError, match="404"):
        site.control("POST", "/tickets/700100999999999999/nudge")


def test_keys_are_rotated_and_tokens_revoked_on_demand(site: Site):
    kid = site.control("POST", "/keys/rotate")["kid"]
    keys = site.session.get(f"{site.facts['desk_url']}/.well-known/jwks.json", timeout=5).json()["keys"]
    assert keys[0]["kid"] == kid
    assert len(keys) == 2

    site.control("POST", "/tokens/revoke")
    assert site.call("GET", "/tickets").status_code == 401


def test_without_a_receiver_no_delivery_waits(site: Site):
    site.open_ticket()

    assert site.control("GET", "/idle") == {"idle": True}


def test_too_many_calls_at_once_are_refused_without_retry_after(site: Site):
    site.control("POST", "/quota", {"concurrent": 2})
    site.control("POST", "/faults", {"latency": 0.3})
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: site.call("GET", "/tickets"), range(4)))

    refused = [each for each in answers if each.status_code == 429]
    assert len(refused) == 2
    assert {each.json()["errorCode"] for each in refused} == {"TOO_MANY_REQUESTS"}
    assert not any("Retry-After" in each.headers for each in refused)
    assert site.control("GET", "/state")["most_in_flight"] == 2


def test_the_archive_has_the_exchanges_without_control_calls(tmp_path: Path):
    lines = tmp_path / "desk.jsonl"
    with running(har=lines) as (simulation, url):
        site = Site(simulation.facts(url))
        ticket_id = site.open_ticket()
        site.control("GET", "/state")
        answer = site.call("PATCH", f"/tickets/{ticket_id}?disableClosureNotification=true", {"priority": "High"})

    token, _, patch = archive(lines, creator_version="1")["log"]["entries"]
    assert token["request"]["url"] == f"{url}/oauth/v2/token"
    assert patch["request"]["method"] == "PATCH"
    assert patch["request"]["queryString"] == [{"name": "disableClosureNotification", "value": "true"}]
    assert json.loads(patch["request"]["postData"]["text"]) == {"priority": "High"}
    assert patch["response"]["content"]["text"] == answer.text
    sent = {each["name"].lower(): each["value"] for each in patch["response"]["headers"]}
    assert sent == {name.lower(): value for name, value in answer.headers.items()}


def test_it_serves_until_it_is_interrupted_with_the_partners_of_the_file(tmp_path: Path):
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(
        "account_id,partner_name,partner_domain\nA1,One,one.example\nA2,One,one.example\nA3,Two,two.example\n"
    )
    with subprocess.Popen([sys.executable, "-c", SERVE, str(accounts)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            site = Site(json.loads(process.stdout.readline()))
            found = site.call("GET", "/contacts/search?fullName=Helpdesk").json()
            process.send_signal(signal.SIGTERM)
            assert process.stdout.read() == "ended\n"
        finally:
            process.kill()

    assert process.returncode == 0
    assert sorted(each["email"] for each in found["data"]) == ["help@one.example", "help@two.example"]
    assert {each["account"]["accountName"] for each in found["data"]} == {"One", "Two"}


def test_quirks_are_switched_over_the_control_interface(site: Site):
    known = site.control("GET", "/quirks")
    ticket_id = site.open_ticket()
    assert site.control("POST", "/quirks", {"names": ["modified_by_null"]}) == {"on": ["modified_by_null"]}
    assert site.call("GET", f"/tickets/{ticket_id}").json()["modifiedBy"] is None

    site.control("POST", "/quirks", {"names": []})
    assert site.call("GET", f"/tickets/{ticket_id}").json()["modifiedBy"] is not None
    assert "modified_by_null" in known["quirks"]
    with pytest.raises(requests.HTTPError):
        site.control("POST", "/quirks", {"names": ["moon_phase"]})


def test_threads_comments_and_tickets_change_over_the_control_interface(site: Site):
    ticket_id, other_id = site.open_ticket(), site.open_ticket()
    draft = site.control("POST", f"/tickets/{ticket_id}/reply", {"content": "<p>Soon</p>", "status": "DRAFT"})
    sent = site.control("POST", f"/tickets/{ticket_id}/threads/{draft['id']}", {"status": "SUCCESS"})
    note = site.control("POST", f"/tickets/{ticket_id}/comment", {"content": "Known issue"})
    public = site.control("POST", f"/tickets/{ticket_id}/comments/{note['id']}", {"isPublic": True})
    site.control("POST", f"/tickets/{ticket_id}/merge", {"other": other_id})

    assert (draft["status"], sent["status"], public["isPublic"]) == ("DRAFT", "SUCCESS", True)
    assert site.call("GET", f"/tickets/{other_id}").status_code == 404
    assert site.call("GET", f"/tickets/{ticket_id}").json()["threadCount"] == "3"
    assert site.control("GET", "/state")["mails"] == {"contact": 1}

    site.control("DELETE", f"/tickets/{ticket_id}/threads/{draft['id']}")
    site.control("DELETE", f"/tickets/{ticket_id}/comments/{note['id']}")
    for path, flag in (("spam", "isSpam"), ("trash", "isTrashed")):
        site.control("POST", f"/tickets/{ticket_id}/{path}")
        assert site.call("GET", f"/tickets/{ticket_id}").json()[flag] is True
    site.control("POST", f"/tickets/{ticket_id}/restore")
    ticket = site.call("GET", f"/tickets/{ticket_id}").json()
    assert (ticket["isTrashed"], ticket["threadCount"], ticket["commentCount"]) == (False, "2", "0")


def test_a_call_that_hangs_ends_without_a_response(site: Site):
    ticket_id = site.open_ticket()
    site.control("POST", "/faults", {"hang": 0.3, "ids": [ticket_id]})

    with pytest.raises(requests.ConnectionError):
        site.call("GET", f"/tickets/{ticket_id}")
    with pytest.raises(requests.ReadTimeout):
        site.call("GET", f"/tickets/{ticket_id}", timeout=0.1)


def test_a_parameter_that_stands_twice_has_both_values(site: Site):
    ticket_id = site.open_ticket()
    ticket = site.call("GET", f"/tickets/{ticket_id}?include=contacts&include=team").json()

    assert {"contact", "team"} <= ticket.keys()


@pytest.mark.parametrize("faults", [{}, {"status": 500}, {"html": True}], ids=str)
def test_each_answer_has_the_date_of_the_simulated_desk(site: Site, faults: dict[str, Any]):
    ticket_id = site.open_ticket()
    site.control("POST", "/faults", faults)

    for path in (f"/tickets/{ticket_id}", "/tickets/1", "/nowhere"):
        date = parsedate_to_datetime(site.call("GET", path).headers["Date"])
        assert abs(datetime.now(UTC) - date) < timedelta(seconds=5)
