"""The simulated Desk inside its client's process."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests

from desk_sync.simulated_desk.faults import FaultInjector
from desk_sync.simulated_desk.in_process import InProcess
from desk_sync.simulated_desk.running import DeskSite
from tests.support.makers import NOW

URL = "https://desk.zoho.eu"


@pytest.fixture
def site():
    return DeskSite(now=lambda: NOW)


@pytest.fixture
def session(site):
    session = requests.Session()
    session.mount("https://", InProcess(site))
    form = {
        "grant_type": "refresh_token",
        "client_id": site.accounts.client_id,
        "client_secret": site.accounts.client_secret,
        "refresh_token": site.accounts.refresh_token,
    }
    token = session.post("https://accounts.zoho.eu/oauth/v2/token", data=form).json()["access_token"]
    session.headers.update({"Authorization": f"Zoho-oauthtoken {token}", "orgId": site.portal.org_id})
    return session


def open_ticket(site, session):
    ticket = {
        "departmentId": site.portal.department_id,
        "contact": {"lastName": "Ana", "email": "ana@partner.example"},
        "subject": "Ü",
    }
    answer = session.post(f"{URL}/api/v1/tickets", json=ticket)
    answer.raise_for_status()
    return answer.json()["id"]


def test_a_session_of_requests_reaches_it_as_it_reaches_any_host(site, session):
    ticket_id = open_ticket(site, session)

    answer = session.get(f"{URL}/api/v1/tickets/search", params={"subject": "Ü*x", "limit": 1})
    read = session.get(f"{URL}/api/v1/tickets/{ticket_id}")

    assert answer.status_code == 204
    assert (read.status_code, read.json()["subject"]) == (200, "Ü")
    assert int(read.headers["x-rate-limit-remaining-v3"]) > 0


def test_the_key_set_is_there_too(site, session):
    assert session.get(f"{URL}/.well-known/jwks.json").json() == site.signer.key_set()


def test_calls_beyond_what_the_portal_allows_at_once_are_refused(site, session):
    site.desk.quota.concurrent = 0

    assert session.get(f"{URL}/api/v1/myinfo").status_code == 429


@pytest.mark.parametrize(
    ("faults", "opened"),
    [
        pytest.param(FaultInjector(status=503), 0, id="an error before the call"),
        pytest.param(FaultInjector(status=503, after=True), 1, id="an error after it"),
        pytest.param(FaultInjector(reset=True), 0, id="a connection that breaks before the call"),
        pytest.param(FaultInjector(reset=True, after=True), 1, id="one that breaks after it"),
        pytest.param(FaultInjector(hang=60), 0, id="a call that hangs"),
    ],
)
def test_a_fault_applies_before_the_call_is_executed_or_after_it(site, session, faults, opened):
    site.chance.set(faults)

    with pytest.raises((requests.ConnectionError, requests.ReadTimeout, requests.HTTPError)):
        open_ticket(site, session)

    assert len(site.portal.tickets) == opened


@pytest.mark.parametrize("faults", [FaultInjector(status=503), FaultInjector(html=True), FaultInjector(reset=True)])
def test_the_accounts_server_has_the_faults_that_name_it(site, session, faults):
    def refresh():
        form = {"grant_type": "refresh_token", "client_id": "x"}
        return session.post("https://accounts.zoho.eu/oauth/v2/token", data=form).json()["error"]

    site.chance.set(faults)
    assert refresh() == "invalid_client"
    site.chance.set(replace(faults, calls=("POST /oauth/v2/token",)))
    with pytest.raises((requests.ConnectionError, requests.JSONDecodeError, KeyError)):
        refresh()
    assert session.get(f"{URL}/api/v1/myinfo").status_code == 200
