"""Each quirk of the simulated sources: what a client sees of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from desk_sync.simulated_sources.quirks import SOURCE_QUIRKS, SourceQuirks
from tests.support.stand_in import StandIn, of_size

FIRST = "90300000000001"
FLEXIBLE = "90300000000059"
WORKPLACE = "90000046000"
SIZE = 5
ABSENT = "absent"


def in_billing(of: StandIn) -> str:
    """Return the number of licences of the first subscription, as its digits stand in Billing's answer."""
    match = re.search(r'"quantity": ([^,]+)', of.get("billing", f"/subscriptions/{FIRST}").text)
    return match[1] if match else ABSENT


def in_every_source(of: StandIn) -> Sequence[str]:
    """Return the forms of a number of licences in the three sources."""
    texts = [
        of.get("billing", f"/subscriptions/{FIRST}").text,
        of.get("store", "/subscriptions").text,
        of.get("mail", f"/{WORKPLACE}").text,
    ]
    names = ("quantity", "value", "licenseCount")
    found = [re.search(rf'"{name}": ([^,}}]+)', text) for name, text in zip(names, texts, strict=True)]
    return [match[1] if match else ABSENT for match in found]


def second_in_billing(of: StandIn) -> Any:
    return of.get("billing", "/subscriptions/90300000000002").json()["subscription"]["plan"]["quantity"]


def rows(of: StandIn, page: int = 1, size: int = SIZE) -> list[dict[str, Any]]:
    body = of.get("billing", "/customers", page=f"{page}", per_page=f"{size}").json()
    return list(body.get("customers", body.get("contacts")))


def ids(of: StandIn, page: int = 1) -> list[str]:
    return [row["customer_id"] for row in rows(of, page)]


def pages(of: StandIn) -> list[list[str]]:
    return [ids(of, page) for page in (1, 2, 3)]


def more(of: StandIn, page: int = 1, size: int = SIZE) -> Any:
    context = of.get("billing", "/customers", page=f"{page}", per_page=f"{size}").json().get("page_context")
    return ABSENT if context is None else context.get("has_more_page", ABSENT)


def more_of_store(of: StandIn) -> str:
    return of.get("store", "/subscriptions", per_page=f"{SIZE}").headers.get("X-Has-More-Page", ABSENT)


def every_word_for_more(of: StandIn) -> tuple[Any, Any, str]:
    """Return the words for more: of the first page of Billing, of the last one, and of the store."""
    return more(of), more(of, page=9), more_of_store(of)


def addons(of: StandIn) -> tuple[list[int], list[int]]:
    """Return the numbers of the add-ons of one subscription in Billing, and in the store."""
    whole = of.get("billing", f"/subscriptions/{FLEXIBLE}").json()["subscription"]
    [row] = [row for row in of.get("store", "/subscriptions").json() if row["subscription_id"] == FLEXIBLE]
    return [each["quantity"] for each in whole["addons"]], [each["value"] for each in row["addons"]]


def units(of: StandIn) -> list[Any]:
    lists = [of.get("billing", path).json() for path in ("/plans", "/addons")]
    return [row.get("unit", ABSENT) for each in lists for row in (each.get("plans") or each.get("addons"))]


def names_of_plans(of: StandIn) -> tuple[Any, Any, Any, Any]:
    whole = of.get("billing", f"/subscriptions/{FIRST}").json()["subscription"]
    row = of.get("store", "/subscriptions").json()[0]
    organisation = of.get("mail", f"/{WORKPLACE}").json()["data"]
    return (
        whole.get("plan_name", ABSENT),
        whole["plan"].get("name", ABSENT),
        row.get("plan_name", ABSENT),
        organisation.get("basePlan", ABSENT),
    )


def statuses(of: StandIn) -> tuple[str, str]:
    billing = of.get("billing", f"/subscriptions/{FIRST}").json()["subscription"]["status"]
    return billing, of.get("store", "/subscriptions").json()[0]["status"]


def first_addresses(of: StandIn) -> tuple[Any, Any]:
    return rows(of)[0]["email"], of.get("store", "/subscriptions").json()[0]["email_id"]


def kinds_of_ids(of: StandIn) -> set[type]:
    row = of.get("store", "/subscriptions").json()[0]
    return {type(each) for each in (rows(of)[0]["customer_id"], row["subscription_id"], row["org_id"])}


def countries(of: StandIn) -> set[str]:
    return {row["customer_address"]["country"] for row in of.get("store", "/subscriptions").json()}


def found_by_filters(of: StandIn) -> tuple[int, int, int]:
    return (
        len(of.get("billing", "/customers", email="admin@kumo-studio.example").json()["customers"]),
        len(of.get("billing", "/subscriptions", customer_id="1").json()["subscriptions"]),
        len(of.get("mail", "", mode="getCustomerOrgDetails", searchKey="kumo-studio.example").json()["data"]),
    )


def search(of: StandIn) -> type:
    return type(of.get("mail", "", mode="getCustomerOrgDetails", searchKey="kumo-studio.example").json()["data"])


def seventh(of: StandIn) -> requests.Response:
    return [of.get("store", "/subscriptions", per_page="1") for _ in range(7)][-1]


def page_of_a_proxy(of: StandIn) -> tuple[int, str]:
    answer = seventh(of)
    return answer.status_code, answer.text[:6]


def status_and_code(of: StandIn) -> tuple[int, Any]:
    answer = seventh(of)
    return answer.status_code, answer.json().get("code")


def retry_after(of: StandIn) -> str:
    return seventh(of).headers.get("Retry-After", ABSENT)


def is_a_date(of: StandIn) -> bool:
    answer = seventh(of)
    return 0 < (parsedate_to_datetime(answer.headers["Retry-After"]) - of.site.now()).total_seconds() <= 61


def half(of: StandIn) -> bool:
    with pytest.raises(requests.JSONDecodeError):
        seventh(of).json()
    return True


def listed_twice(of: StandIn) -> tuple[int, list[int], list[int]]:
    """Return how often the first subscription is in its list, its licences at each reading, and those in the store."""
    body = of.get("billing", "/subscriptions", customer_id=ids(of)[0]).json()
    at_each = [
        of.get("billing", f"/subscriptions/{FIRST}").json()["subscription"]["plan"]["quantity"] for _ in range(2)
    ]
    rows_of_store = [row for row in of.get("store", "/subscriptions").json() if row["subscription_id"] == FIRST]
    return len(body["subscriptions"]), at_each, [row["addons"][0]["value"] for row in rows_of_store]


def read_twice(of: StandIn) -> tuple[int, int, int]:
    """Return the subscriptions of the first customer, the status of its first one, and those listed afterwards."""
    customer = ids(of)[0]
    before = of.get("billing", "/subscriptions", customer_id=customer).json()["subscriptions"]
    status = of.get("billing", f"/subscriptions/{before[0]['subscription_id']}").status_code
    after = of.get("billing", "/subscriptions", customer_id=customer).json()["subscriptions"]
    return len(before), status, len(after)


def add_on_called_as_a_plan(of: StandIn) -> list[str]:
    return [
        row["unit"] for row in of.get("billing", "/addons").json()["addons"] if row["addon_code"] == "crm-enterprise"
    ]


def numbers_of_units(of: StandIn) -> bool:
    """Return True if a second reading of the lists has one row more in each."""
    first, second = ([len(of.get("billing", f"/{name}").json()[name]) for name in ("plans", "addons")] for _ in "12")
    return [each + 1 for each in first] == second


def schemes(of: StandIn) -> set[str]:
    return {row["pricing_scheme"] for row in of.get("billing", "/plans").json()["plans"]}


def name_of_list(of: StandIn) -> bool:
    return "contacts" in of.get("billing", "/customers").json()


def revoked(of: StandIn) -> tuple[int, int]:
    return seventh(of).status_code, of.get("store", "/subscriptions").status_code


def after_long(of: StandIn) -> tuple[str, int]:
    return retry_after(of), of.get("store", "/subscriptions").json()["code"]


def sizes(of: StandIn) -> tuple[int, int, int, bool]:
    return len(rows(of)), len(rows(of, page=50)), len(of.get("store", "/subscriptions").json()), more(of)


# By quirk: the part of the answers that is looked at, and its value with the quirk.
SEEN: dict[str, tuple[Callable[[StandIn], Any], Any]] = {
    "quantities_as_texts": (in_every_source, ['"49"', '"49"', '"55"']),
    "quantities_with_two_decimals": (in_every_source, ["49.00", "49.00", "55.00"]),
    "quantities_with_three_decimals": (in_every_source, ["49.000", "49.000", "55.000"]),
    "quantities_as_decimal_texts": (in_every_source, ['"49.000"', '"49.000"', '"55.000"']),
    "quantities_grouped": (
        lambda of: of.get("billing", "/subscriptions/90300000000077").json()["subscription"]["plan"]["quantity"],
        "1,050",
    ),
    "quantities_in_fractions": (in_every_source, ["49.125", "49.125", "55.125"]),
    "quantities_missing": (in_every_source, [ABSENT, ABSENT, ABSENT]),
    "quantities_null": (in_every_source, ["null", "null", "null"]),
    "quantities_negative": (in_every_source, ["-49", "-49", "-55"]),
    "one_quantity_unreadable": (lambda of: (in_billing(of), second_in_billing(of)), ('"many"', 50)),
    "more_missing": (every_word_for_more, (ABSENT, ABSENT, ABSENT)),
    "more_as_text": (every_word_for_more, ("true", "false", "true")),
    "more_as_number": (every_word_for_more, (1, 0, "1")),
    "more_null": (every_word_for_more, (None, None, "null")),
    "more_always": (lambda of: (*every_word_for_more(of), ids(of, 10)), (True, True, "true", [])),
    "page_context_missing": (every_word_for_more, (ABSENT, ABSENT, ABSENT)),
    "pages_repeat": (lambda of: (ids(of) == ids(of, 2) == ids(of, 10), more(of, 10)), (True, True)),
    "lists_never_end": (sizes, (5, 5, 200, True)),
    "lists_are_empty": (sizes, (0, 0, 0, False)),
    "rows_repeat": (lambda of: (ids(of)[-1] == ids(of, 2)[0], len(ids(of, 2))), (True, SIZE + 1)),
    "rows_contradict": (listed_twice, (2, [49, 59], [49, 59])),
    "rows_are_added": (lambda of: (first := ids(of)) and ids(of, 2)[0] == first[-1], True),
    "rows_are_deleted": (lambda of: (first := ids(of)) and ids(of)[0] == first[1], True),
    "details_are_gone": (read_twice, (1, 404, 0)),
    "addons_repeat": (addons, ([30, 30, 25, 25, 20, 20],) * 2),
    "addons_contradict": (addons, ([30, 40, 25, 35, 20, 30],) * 2),
    "codes_collide": (add_on_called_as_a_plan, ["credits"]),
    "units_lag": (numbers_of_units, True),
    "units_missing": (lambda of: set(units(of)), {ABSENT}),
    "priced_by_package": (schemes, {"package"}),
    "plan_names_missing": (names_of_plans, (ABSENT,) * 4),
    "statuses_of_filters": (statuses, ("past_due", "on_hold")),
    "addresses_missing": (first_addresses, ("", "")),
    "ids_as_numbers": (kinds_of_ids, {int}),
    "countries_in_own_language": (lambda of: countries(of) >= {"Deutschland", "Brasil", "España"}, True),
    "filters_ignored": (found_by_filters, (42, 52, 3)),
    "list_called_contacts": (name_of_list, True),
    "search_gives_an_object": (search, dict),
    "tokens_end_early": (revoked, (401, 401)),
    "refuses_with_43": (lambda of: (*status_and_code(of), retry_after(of)), (429, 43, "120")),
    "refuses_with_44": (lambda of: (*status_and_code(of), retry_after(of)), (429, 44, "60")),
    "refuses_with_45": (lambda of: (*status_and_code(of), 0 < int(retry_after(of)) <= 86_400), (429, 45, True)),
    "refuses_with_1070": (lambda of: (*status_and_code(of), retry_after(of)), (429, 1070, ABSENT)),
    "fails_with_1000": (status_and_code, (500, 1000)),
    "fails_with_a_page": (page_of_a_proxy, (503, "<html>")),
    "pages_instead_of_json": (lambda of: seventh(of).text[:9], "<!DOCTYPE"),
    "bodies_are_cut": (half, True),
    "errors_with_status_200": (status_and_code, (200, 1000)),
}
SEEN_WITH_A_REFUSAL = {
    "retry_after_as_date": (is_a_date, True),
    "retry_after_missing": (retry_after, ABSENT),
    "retry_after_long": (after_long, ("7200", 43)),
}


def test_every_quirk_is_looked_at():
    assert SEEN.keys() | SEEN_WITH_A_REFUSAL.keys() == SOURCE_QUIRKS.keys()


@pytest.mark.parametrize("name", SEEN)
def test_a_quirk_shows(start, name):
    look, seen = SEEN[name]

    assert look(start(name)) == seen


@pytest.mark.parametrize("name", [name for name in SEEN if name != "bodies_are_cut"])
def test_without_the_quirk_it_does_not_show(start, name):
    look, seen = SEEN[name]

    try:
        shown = look(start())
    except (KeyError, IndexError, AttributeError):  # what the quirk adds is not there
        return
    assert shown != seen


@pytest.mark.parametrize("name", SEEN_WITH_A_REFUSAL)
def test_a_quirk_of_refusals_shows(start, name):
    look, seen = SEEN_WITH_A_REFUSAL[name]

    assert look(start(name, "refuses_with_44")) == seen


class TestListsThatMove:
    """A client that reads page after page, while customers come and go."""

    def read(self, start: Callable[..., StandIn], *quirks: str) -> tuple[StandIn, list[str], list[str]]:
        """Return the sources, the ids that were there at first, and those that a reader of all pages saw."""
        sources = start(*quirks)
        sources.site.book.fill(of_size(40))
        before = [each.customer_id for each in sources.site.book.customers]
        seen, page = ids(sources), 1
        while found := ids(sources, page := page + 1):
            seen += found
        return sources, before, seen

    def test_added_rows_let_a_reader_see_some_twice(self, start):
        _, before, seen = self.read(start, "rows_are_added")

        assert set(before) <= set(seen)
        assert len(seen) > len(set(seen))

    def test_deleted_rows_let_a_reader_miss_some_that_are_still_there(self, start):
        sources, before, seen = self.read(start, "rows_are_deleted")
        deleted = {each.customer_id for each in sources.site.book.deleted}

        assert set(before) - deleted - set(seen)

    def test_the_book_knows_who_came_and_who_went(self, start):
        sources, before, _ = self.read(start, "rows_are_added", "rows_are_deleted")
        book = sources.site.book
        there = {each.customer_id for each in book.customers}

        assert there == {*before, *(each.customer_id for each in book.added)} - {
            each.customer_id for each in book.deleted
        }


def test_a_quirk_ends_when_it_was_ended_as_often_as_it_was_begun():
    quirks = SourceQuirks()
    for _ in range(2):
        quirks.begin("more_missing")
    quirks.end("more_missing")
    assert "more_missing" in quirks
    quirks.end("more_missing")

    assert "more_missing" not in quirks


@pytest.mark.parametrize("make", [lambda: SourceQuirks(["moon_phase"]), lambda: SourceQuirks().begin("moon_phase")])
def test_an_unknown_quirk_is_refused(make):
    with pytest.raises(ValueError, match="moon_phase"):
        make()


def test_a_source_that_is_down_answers_with_a_page(start):
    sources = start()
    sources.site.outages = 1
    answer = sources.get("billing", "/customers")

    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html")
