"""The simulated accounts server."""

from __future__ import annotations

import pytest

from tests.simulated_desk.conftest import Client, Clock


def test_a_refresh_brings_no_new_refresh_token(client: Client):
    answer = client.refresh()

    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert "refresh_token" not in answer


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"client_id": "x"}, "invalid_client", id="unknown client"),
        pytest.param({"client_secret": "x"}, "invalid_client_secret", id="wrong secret"),
        pytest.param({"refresh_token": "x"}, "invalid_code", id="wrong refresh token"),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="no such grant"),
    ],
)
def test_an_error_is_zohos_error_code(client: Client, changes: dict[str, str], error: str):
    assert client.refresh(**changes) == {"error": error}


@pytest.mark.parametrize(
    ("scope", "soid", "error"),
    [
        pytest.param("Desk.tickets.READ Desk.basic.READ", "ZohoDesk.60001234567", "invalid_scope", id="blanks"),
        pytest.param("", "ZohoDesk.60001234567", "invalid_scope", id="no scope"),
        pytest.param("Desk.tickets.READ", "", "missing_org_info", id="no portal"),
        pytest.param("Desk.tickets.READ", "60001234567", "invalid_soid", id="a bare number"),
        pytest.param("Desk.tickets.READ", "ZohoDesk.1", "invalid_org", id="another portal"),
    ],
)
def test_client_credentials_need_scope_and_portal(client: Client, scope: str, soid: str, error: str):
    assert client.refresh(grant_type="client_credentials", scope=scope, soid=soid) == {"error": error}


def test_the_eleventh_refresh_in_ten_minutes_is_denied(client: Client, clock: Clock):
    # The client's own token was the first.
    assert all("access_token" in client.refresh() for _ in range(9))
    assert client.refresh() == {"error": "Access Denied"}

    clock.move(minutes=10)
    assert "access_token" in client.refresh()
