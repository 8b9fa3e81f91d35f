"""The requests that the product's clients of the sources really send, compared with the facts in sources.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from desk_sync.adapters.subscriptions import billing, partner_store
from desk_sync.adapters.zoho.hosts import DATA_CENTERS
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.simulated_sources.site import PLACES
from tests.support.fake_checkpoints import FakeCheckpoints
from tests.support.stand_in import StandIn, stand_in

CONTRACT = YAML(typ="safe").load(Path(__file__).with_name("sources.yaml"))
EMAIL = Identifier(IdentifierKind.EMAIL, "admin@kumo-studio.example")
ZOID = Identifier(IdentifierKind.ZOID, "90000046000")
DOMAIN = Identifier(IdentifierKind.DOMAIN, "kumo-studio.example")


def pull(source: Any) -> object:
    return list(source.pull(FakeCheckpoints()).accounts)


# What the product does with a source, and the calls that it may make for it.
USES = {
    "pull billing": (
        "billing",
        pull,
        {"list_customers", "list_subscriptions", "read_subscription", "list_plans", "list_addons"},
    ),
    "ask billing": (
        "billing",
        lambda source: source.ask(EMAIL),
        {"list_customers", "list_subscriptions", "read_subscription", "list_plans", "list_addons"},
    ),
    "pull store": ("store", pull, {"list_store_subscriptions"}),
    "pull mail": ("mail", pull, {"read_organization"}),
    "ask mail by ZOID": ("mail", lambda source: source.ask(ZOID), {"read_organization"}),
    "ask mail by domain": ("mail", lambda source: source.ask(DOMAIN), {"search_organizations"}),
}
every_use = pytest.mark.parametrize("use", USES)


@pytest.fixture(scope="module")
def sources() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


def sent(sources: StandIn, use: str) -> list[tuple[Mapping[str, Any], Any]]:
    """Return each request of a use with the call of the contract that it is."""
    name, run, _ = USES[use]
    sources.site.requests.clear()
    run(sources.source(name))
    return [(_call(name, request.path.removeprefix(PLACES[name])), request) for request in sources.site.requests]


def _call(api: str, path: str) -> Mapping[str, Any]:
    facts = CONTRACT["apis"][api]
    forms = {re.sub(r"\{\w+\}", "[^/]+", facts["base"] + call["path"]): call for call in facts["calls"]}
    [call] = [call for form, call in forms.items() if re.fullmatch(form, path)]
    return call


@every_use
def test_a_client_makes_the_calls_of_the_contract_and_no_others(sources, use):
    made = {call["id"] for call, _ in sent(sources, use)}

    assert made
    assert made <= USES[use][2]


@every_use
def test_a_client_only_reads(sources, use):
    assert {request.method for _, request in sent(sources, use)} == {"GET"} == set(CONTRACT["token"]["verbs"])


@every_use
def test_a_client_sends_the_parameters_of_the_contract_only(sources, use):
    for call, request in sent(sources, use):
        assert request.query.keys() <= set(call["query"]), call["id"]


@every_use
def test_a_client_sends_the_token_and_the_headers_of_the_contract(sources, use):
    needed = CONTRACT["apis"][USES[use][0]]["headers"]

    for _, request in sent(sources, use):
        assert request.headers["authorization"].startswith("Zoho-oauthtoken 1000.")
        assert {name.lower() for name in needed} <= request.headers.keys()


def test_a_client_asks_for_pages_of_the_largest_size_at_most():
    largest = {api: facts["paging"]["largest"] for api, facts in CONTRACT["apis"].items() if facts["paging"]}

    assert largest["billing"] >= billing.PAGE
    assert largest["store"] >= partner_store.PAGE


@pytest.mark.parametrize("use", ["pull billing", "pull store"])
def test_pages_are_numbered_from_the_first_one_on(sources, use):
    numbers = {request.query["page"] for call, request in sent(sources, use) if "page" in call["query"]}

    assert str(CONTRACT["apis"][USES[use][0]]["paging"]["first"]) in numbers
    assert numbers <= set(map(str, range(1, 10)))


@pytest.mark.parametrize("name", DATA_CENTERS)
def test_the_hosts_are_those_of_the_contract(name):
    center, facts = DATA_CENTERS[name], CONTRACT["hosts"][name]

    assert center.apis in ("", facts["billing"])
    assert [center.accounts, center.store, center.mail] == [
        f"{host}.{facts['domain']}" for host in ("accounts", "store", "mail")
    ]
