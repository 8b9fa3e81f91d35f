"""A host that returns the recorded samples, and the sources that call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from desk_sync.adapters.subscriptions.zoho_api import CallPace, ZohoApi
from tests.adapters.desk.portal import FakeTokens, make_access, make_token
from tests.support.makers import NOW
from tests.support.mariadb import find_mariadb
from tests.support.warehouse import Warehouse
from tests.support.zoho_host import HostRequest, Reply, ZohoHost, serving

SAMPLES = Path(__file__).parents[2] / "cases" / "subscriptions"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def server() -> Iterator[ZohoHost]:
    with serving() as host:
        yield host


@pytest.fixture
def host(server: ZohoHost) -> ZohoHost:
    server.answers.clear()
    server.requests.clear()
    return server


@pytest.fixture
def sqlite_warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with owned(f"sqlite:///{tmp_path / 'warehouse.sqlite3'}") as made:
        yield made


SERVERS = {"postgresql": "postgres", "mariadb": "mariadb"}
"""The fixtures of the databases that are servers."""


@pytest.fixture(params=["sqlite", "postgresql", *(["mariadb"] if find_mariadb() else [])])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """An empty database of each kind that this machine has."""
    server = request.getfixturevalue(SERVERS[request.param]) if request.param in SERVERS else None
    with owned(server.url(server.new_database()) if server else f"sqlite:///{tmp_path / 'warehouse.sqlite3'}") as made:
        yield made


@contextmanager
def owned(url: str) -> Iterator[Warehouse]:
    """Open the database as its owner."""
    owner = create_engine(url.replace("mariadb://", "mariadb+pymysql://"))
    yield Warehouse(owner, url)
    owner.dispose()


@pytest.fixture
def api(host: ZohoHost) -> ZohoApi:
    """A client that never waits."""
    return make_api(host)


def make_api(host: ZohoHost, **facts: Any) -> ZohoApi:
    access = make_access(FakeTokens(make_token()), accounts_url=host.url)
    return ZohoApi(
        host.url, **{"access": access, "pace": CallPace(10**9), "now": lambda: NOW, "sleep": lambda _: None} | facts
    )


def at(path: str, body: Any, **facts: Any) -> Any:
    """Return a handler with the same answer to every request at the path."""
    return lambda asked: Reply(body, **facts) if asked.path == path else None


BILLING = "/billing/v1"
UNITS = (
    at(
        f"{BILLING}/plans",
        {
            "code": 0,
            "plans": [
                {"plan_code": "one-flexible", "unit": "users"},
                {"plan_code": "campaigns-standard", "unit": "contacts"},
                {"plan_code": "by-the-pack", "unit": "users", "pricing_scheme": "package"},
            ],
            "page_context": {"has_more_page": False},
        },
    ),
    at(f"{BILLING}/addons", {"code": 0, "addons": [], "page_context": {"has_more_page": False}}),
)


def northwind(asked: HostRequest) -> Reply | None:
    """Return Billing's recorded answers: one customer with three subscriptions; the trial's details are made up."""
    subscriptions = f"{BILLING}/subscriptions"
    trial = {
        "subscription_id": "90300000000171",
        "status": "trial",
        "product_name": "Zoho Desk",
        "customer": {"customer_id": "903000000055001"},
        "plan": {"plan_code": "desk-trial", "name": "Desk Enterprise Trial", "quantity": 5},
    }
    table = {
        f"{BILLING}/customers": sample("billing_customers_list"),
        subscriptions: sample("billing_subscriptions_list_by_customer"),
        f"{subscriptions}/90300000000069": sample("billing_subscription_get_zoho_one"),
        f"{subscriptions}/90300000000170": sample("billing_subscription_get_campaigns"),
        f"{subscriptions}/90300000000171": {"code": 0, "subscription": trial},
    }
    return Reply(table[asked.path]) if asked.path in table else None
