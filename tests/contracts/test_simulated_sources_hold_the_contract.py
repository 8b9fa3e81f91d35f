"""The simulated sources, over real HTTP, against sources.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from desk_sync.simulated_sources import refusal
from desk_sync.simulated_sources.pages import LARGEST_PAGE
from desk_sync.simulated_sources.site import BASES, SCOPES
from tests.support.stand_in import StandIn, of_size, stand_in

CONTRACT = YAML(typ="safe").load(Path(__file__).with_name("sources.yaml"))
CALLS = {call["id"]: (api, call) for api, facts in CONTRACT["apis"].items() for call in facts["calls"]}
MARKS = {"O", "T", "C", "I", "U"}
ZOID = "90000046000"


@dataclass(frozen=True)
class Example:
    """The request that gives the status."""

    status: int
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


UNKNOWN = "1"
EXAMPLES = {
    "list_customers": [Example(200, query={"filter_by": "Status.All"}), Example(400, query={"filter_by": "All"})],
    "read_customer": [Example(200, {"customer_id": "<customer>"}), Example(404, {"customer_id": UNKNOWN})],
    "list_subscriptions": [
        Example(200, query={"filter_by": "SubscriptionStatus.All"}),
        Example(400, query={"page": "none"}),
    ],
    "read_subscription": [
        Example(200, {"subscription_id": "90300000000059"}),
        Example(404, {"subscription_id": UNKNOWN}),
    ],
    "list_plans": [Example(200), Example(400, query={"per_page": "0"})],
    "list_addons": [Example(200), Example(400, query={"page": "0"})],
    "list_organizations": [Example(200)],
    "list_store_subscriptions": [Example(200), Example(400, query={"page": "0"})],
    "read_organization": [Example(200, {"zoid": ZOID}), Example(404, {"zoid": UNKNOWN})],
    "search_organizations": [
        Example(200, query={"mode": "getCustomerOrgDetails", "searchKey": "kumo-studio.example"}),
        Example(400, query={"mode": "all"}),
    ],
    "read_storage": [Example(200, {"zoid": ZOID}), Example(404, {"zoid": UNKNOWN})],
}
every_example = pytest.mark.parametrize(
    ("call_id", "example"), [(call_id, each) for call_id, examples in EXAMPLES.items() for each in examples]
)
every_call = pytest.mark.parametrize("call_id", CALLS)


@pytest.fixture(scope="module")
def shared() -> Iterator[StandIn]:
    with stand_in() as sources:
        yield sources


def call(sources: StandIn, call_id: str, example: Example, **headers: str) -> requests.Response:
    api, facts = CALLS[call_id]
    ids = {
        name: sources.site.book.customers[0].customer_id if at == "<customer>" else at
        for name, at in example.ids.items()
    }
    path = re.sub(r"\{(\w+)\}", lambda match: ids[match[1]], facts["path"])
    sent = {"Authorization": f"Zoho-oauthtoken {sources.token}", **headers}
    if api == "billing":
        sent.setdefault("X-com-zoho-subscriptions-organizationid", sources.facts["billing_org_id"])
    url = f"{sources.facts[f'{api}_url']}{CONTRACT['apis'][api]['base']}{path}"
    return requests.get(url, params=example.query, headers=sent, timeout=10)


def test_every_fact_has_a_mark_of_its_source():
    marked = [*CONTRACT["hosts"].values(), *CONTRACT["errors"].values(), *(facts for _, facts in CALLS.values())]
    limits = [CONTRACT["limits"][name] for name in ("per_minute", "per_day", "at_once")]

    assert {mark for each in (*marked, *limits) for mark in each["source"]} <= MARKS


def test_every_status_of_every_call_has_an_example():
    assert {call_id: {each.status for each in examples} for call_id, examples in EXAMPLES.items()} == {
        call_id: set(facts["statuses"]) for call_id, (_, facts) in CALLS.items()
    }


@every_example
def test_an_answer_has_the_status_and_the_form_of_the_contract(shared, call_id, example):
    answer = call(shared, call_id, example)

    assert answer.status_code == example.status
    if example.status == 200:
        Draft202012Validator({**CALLS[call_id][1]["answer"], "$defs": CONTRACT["$defs"]}).validate(answer.json())
    else:
        assert code_of(answer) in CONTRACT["errors"]


@every_example
def test_rows_are_there_to_be_looked_at(shared, call_id, example):
    """A schema of a list holds for an empty one, too."""
    body = call(shared, call_id, example).json()

    assert example.status != 200 or longest_list(body) or isinstance(body.get("data", body), dict)


def longest_list(body: Any) -> int:
    lists = [body] if isinstance(body, list) else [each for each in body.values() if isinstance(each, list)]
    return max(map(len, lists), default=0)


def code_of(answer: requests.Response) -> str:
    body = answer.json()
    return str(body["code"] if "code" in body else body["data"]["errorCode"])


@every_call
def test_a_call_needs_a_token(shared, call_id):
    answer = call(shared, call_id, EXAMPLES[call_id][0], Authorization="Zoho-oauthtoken 1000.another")

    assert (answer.status_code, code_of(answer)) == (401, "57")


@every_call
def test_a_call_needs_the_scope_of_the_contract(call_id):
    scope = CALLS[call_id][1]["scope"]
    with stand_in() as sources:
        sources.site.accounts.scopes = frozenset(SCOPES - {scope})
        refused = call(sources, call_id, EXAMPLES[call_id][0])

    assert scope in SCOPES
    assert (refused.status_code, code_of(refused)) == (403, "57")


def test_the_scopes_of_the_token_only_read():
    assert all(each.endswith(".READ") for each in SCOPES)


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("api", BASES)
def test_only_get_is_taken(shared, api, verb):
    path = next(facts["path"] for of, facts in CALLS.values() if of == api and "{" not in facts["path"])
    answer = requests.request(verb, f"{shared.facts[f'{api}_url']}{BASES[api]}{path}", timeout=10)

    assert (answer.status_code, code_of(answer)) == (405, "6")


@pytest.mark.parametrize("api", BASES)
def test_a_path_that_no_api_has_is_not_found(shared, api):
    answer = requests.get(f"{shared.facts[f'{api}_url']}/elsewhere/v1", timeout=10)

    assert (answer.status_code, code_of(answer)) == (404, "5")


@pytest.mark.parametrize("call_id", [call_id for call_id, (api, _) in CALLS.items() if api == "billing"])
def test_billing_needs_its_organisation(shared, call_id):
    header = "X-com-zoho-subscriptions-organizationid"
    stranger = call(shared, call_id, EXAMPLES[call_id][0], **{header: "1"})

    assert stranger.status_code == (200 if call_id == "list_organizations" else 401)


def test_bases_are_those_of_the_contract():
    assert {api: facts["base"] for api, facts in CONTRACT["apis"].items()} == BASES


def test_a_page_has_at_most_the_rows_of_the_contract(shared):
    sizes = {facts["paging"]["largest"] for facts in CONTRACT["apis"].values() if facts["paging"]}

    assert sizes == {LARGEST_PAGE}


@pytest.mark.parametrize(("size", "asked", "shown"), [(10, "10", 10), (450, "200", 200), (450, "1000", 200)])
def test_pages_have_the_size_that_is_asked_for_up_to_the_largest(size, asked, shown):
    with stand_in() as sources:
        sources.site.book.fill(of_size(size))
        first = call(sources, "list_customers", Example(200, query={"per_page": asked})).json()
        last = call(sources, "list_customers", Example(200, query={"per_page": asked, "page": "3"})).json()

    assert (len(first["customers"]), first["page_context"]["has_more_page"]) == (shown, size > shown)
    assert last["page_context"]["has_more_page"] is False


def test_the_store_says_more_in_a_header():
    with stand_in() as sources:
        sources.site.book.fill(of_size(250))
        pages = [call(sources, "list_store_subscriptions", Example(200, query={"page": f"{page}"})) for page in (1, 2)]

    assert [each.headers["X-Has-More-Page"] for each in pages] == ["true", "false"]
    assert len({row["subscription_id"] for page in pages for row in page.json()}) == sum(
        len(page.json()) for page in pages
    )


class TestLimits:
    """The limits of the contract, on a clock of the test."""

    @pytest.fixture
    def clock(self) -> list[datetime]:
        return [datetime(2026, 11, 20, 23, 0, tzinfo=UTC)]

    def refused(self, clock: list[datetime], calls: int, **settings: int) -> requests.Response:
        with stand_in(now=lambda: clock[0], **settings) as sources:
            answers = [call(sources, "list_plans", EXAMPLES["list_plans"][0]) for _ in range(calls)]

        assert [each.status_code for each in answers[:-1]] == [200] * (calls - 1)
        return answers[-1]

    def test_the_calls_of_a_minute(self, clock):
        limit = CONTRACT["limits"]["per_minute"]
        answer = self.refused(clock, limit["calls"] + 1, per_minute=limit["calls"])

        assert (answer.status_code, code_of(answer), answer.headers["Retry-After"]) == (429, str(limit["code"]), "60")

    def test_the_calls_of_a_day(self, clock):
        answer = self.refused(clock, 6, per_day=5)

        assert (answer.status_code, code_of(answer), answer.headers["Retry-After"]) == (429, "45", "3600")

    def test_each_is_granted_again_when_its_time_is_over(self, clock):
        with stand_in(now=lambda: clock[0], per_minute=1, per_day=2) as sources:
            statuses = []
            for later in (timedelta(0), timedelta(0), timedelta(seconds=60), timedelta(seconds=60), timedelta(hours=1)):
                clock[0] += later
                statuses.append(call(sources, "list_plans", Example(200)).status_code)

        assert statuses == [200, 429, 200, 429, 200]

    def test_calls_at_once(self):
        with stand_in() as sources:
            limit = CONTRACT["limits"]["at_once"]
            limits = sources.site.limits["billing"]
            held = [limits.call() for _ in range(limit["calls"])]
            for each in held:
                each.__enter__()
            answer = call(sources, "list_plans", Example(200))

        assert (answer.status_code, code_of(answer)) == (429, str(limit["code"]))
        assert "Retry-After" not in answer.headers


def test_each_refusal_has_the_status_of_its_code():
    made = [
        refusal.minute_used_up(timedelta(0)),
        refusal.day_used_up(1, timedelta(0)),
        refusal.blocked(timedelta(0)),
        refusal.too_many_at_once(),
        refusal.unauthorized(),
        refusal.out_of_scope(),
        refusal.broken(),
        refusal.not_there("Plan"),
        refusal.no_such_url(),
        refusal.wrong_value("page"),
        refusal.not_allowed(),
    ]

    allowed = {code: error["status"] for code, error in CONTRACT["errors"].items()}
    assert {str(each.code) for each in made} == set(allowed)
    assert all(
        each.status
        in ([allowed[str(each.code)]] if isinstance(allowed[str(each.code)], int) else allowed[str(each.code)])
        for each in made
    )
