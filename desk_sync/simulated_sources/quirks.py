"""The quirks of the simulated sources: what public clients of these APIs met, or what Zoho's material leaves open.

`SOURCE_QUIRKS` is the only list: name, one line for people, and the effect, if a rule of this module has it. A quirk
without one is a switch that another module reads by its name (`"more_missing" in quirks`). Quirks can be switched on
and off while the sources run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from desk_sync.simulated_sources import refusal
from desk_sync.simulated_sources.limits import until_tomorrow
from desk_sync.simulated_sources.refusal import SourceRefusal

Row: TypeAlias = dict[str, Any]

EVERY = 7
"""Quirks of single calls concern every seventh call of a source."""
ABSENT = object()
"""Stands for a value whose key is left out."""
BLOCKED_FOR = timedelta(minutes=2)
LONG_PAUSE = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceQuirk:
    """One quirk. `quantity` changes how a number is written, `more` what a page says of the next one.

    `refuse` is the answer to every seventh call; `body` changes the bytes of every seventh answer.
    """

    line: str
    quantity: Callable[[Any], Any] | None = None
    more: Callable[[bool], Any] | None = None
    refuse: Callable[[datetime], SourceRefusal] | None = None
    body: Callable[[bytes], bytes] | None = None


def raw_number(text: str) -> str:
    """Return a mark that stands for this number in JSON, digit by digit."""
    return f"@number:{text}"


def with_raw_numbers(body: bytes) -> bytes:
    """Return JSON in which the marks are numbers."""
    return re.sub(rb'"@number:([0-9.]+)"', rb"\1", body)


def _grouped(number: Any) -> Any:
    return f"{number:,}" if isinstance(number, int) else number


def _page(_: bytes) -> bytes:
    return b"<!DOCTYPE html><html><body><h1>Sign in to continue</h1></body></html>"


def _cut(body: bytes) -> bytes:
    return body[: len(body) // 2]


def _code_1000(_: bytes) -> bytes:
    return b'{"code": 1000, "message": "Internal error"}'


SOURCE_QUIRKS: Mapping[str, SourceQuirk] = {
    "quantities_as_texts": SourceQuirk(line='numbers of licences are texts: "60"', quantity=str),
    "quantities_with_two_decimals": SourceQuirk(
        line="numbers of licences have two decimals: 60.00", quantity=lambda number: raw_number(f"{number}.00")
    ),
    "quantities_with_three_decimals": SourceQuirk(
        line="numbers of licences have three decimals: 60.000 is sixty",
        quantity=lambda number: raw_number(f"{number}.000"),
    ),
    "quantities_as_decimal_texts": SourceQuirk(
        line='numbers of licences are texts with three decimals: "60.000" is sixty',
        quantity=lambda number: f"{number}.000",
    ),
    "quantities_grouped": SourceQuirk(line='numbers of licences are grouped texts: "1,050"', quantity=_grouped),
    "quantities_in_fractions": SourceQuirk(
        line="numbers of licences are no whole numbers: 60.125", quantity=lambda number: raw_number(f"{number}.125")
    ),
    "quantities_missing": SourceQuirk(line="numbers of licences are left out", quantity=lambda _: ABSENT),
    "quantities_null": SourceQuirk(line="numbers of licences are null", quantity=lambda _: None),
    "quantities_negative": SourceQuirk(line="numbers of licences are negative", quantity=lambda number: -number),
    "one_quantity_unreadable": SourceQuirk(line='the first subscription has "many" licences, all others a number'),
    "more_missing": SourceQuirk(line="a page does not say if there are more", more=lambda _: ABSENT),
    "more_as_text": SourceQuirk(line='a page says "true" or "false" in a text', more=lambda more: str(more).lower()),
    "more_as_number": SourceQuirk(line="a page says 1 or 0 for more", more=int),
    "more_null": SourceQuirk(line="a page says null for more", more=lambda _: None),
    "more_always": SourceQuirk(line="every page says that there are more; then come empty ones", more=lambda _: True),
    "page_context_missing": SourceQuirk(line="a page has no page_context, in the store no header for more"),
    "pages_repeat": SourceQuirk(line="the number of the page is ignored: page 1 comes again and says more"),
    "lists_never_end": SourceQuirk(line="after the last row of a list come made-up ones, on and on"),
    "lists_are_empty": SourceQuirk(line="lists have no rows, and say that they are complete"),
    "rows_repeat": SourceQuirk(line="the last row of a page is also the first one of the next page"),
    "rows_contradict": SourceQuirk(
        line="each subscription stands twice in a list; read the second time, it has ten licences more"
    ),
    "rows_are_added": SourceQuirk(line="after each page a new customer comes first: rows move to later pages"),
    "rows_are_deleted": SourceQuirk(
        line="after each page the first customer of it is deleted: rows move to earlier pages"
    ),
    "details_are_gone": SourceQuirk(
        line="the first customer's first subscription is deleted after it was listed, before it is read by its id"
    ),
    "addons_repeat": SourceQuirk(line="each add-on stands twice in its subscription, identically"),
    "addons_contradict": SourceQuirk(line="each add-on stands twice in its subscription, then with ten more"),
    "codes_collide": SourceQuirk(line="for each plan there is an add-on with the same code, sold in credits"),
    "units_lag": SourceQuirk(line="when first read, the lists of plans and add-ons lack their last row"),
    "units_missing": SourceQuirk(line="plans and add-ons do not say their unit"),
    "priced_by_package": SourceQuirk(line="plans are priced by the package: a quantity may count packages"),
    "plan_names_missing": SourceQuirk(line="subscriptions do not name their plans"),
    "statuses_of_filters": SourceQuirk(line="a subscription in force has the status past_due, in the store on_hold"),
    "addresses_missing": SourceQuirk(line="the first customer has no e-mail address"),
    "ids_as_numbers": SourceQuirk(line="ids are numbers, by default texts"),
    "countries_in_own_language": SourceQuirk(line="countries are written in their own language: Deutschland, Brasil"),
    "filters_ignored": SourceQuirk(line="a list ignores its filters, and has the rows of all customers"),
    "list_called_contacts": SourceQuirk(line="the list of customers is called contacts"),
    "search_gives_an_object": SourceQuirk(line="a search of organisations gives one object instead of a list"),
    "retry_after_as_date": SourceQuirk(line="Retry-After is a date, by default seconds"),
    "retry_after_missing": SourceQuirk(line="a refusal does not say when to ask again"),
    "retry_after_long": SourceQuirk(line="a refusal says to ask again in two hours, and refuses until then"),
    "tokens_end_early": SourceQuirk(
        line="every seventh call, all access tokens end: code 57", refuse=lambda _: refusal.unauthorized()
    ),
    "refuses_with_43": SourceQuirk(
        line="every seventh call is refused with code 43: blocked for two minutes",
        refuse=lambda _: refusal.blocked(BLOCKED_FOR),
    ),
    "refuses_with_44": SourceQuirk(
        line="every seventh call is refused with code 44: the minute's calls are used up",
        refuse=lambda _: refusal.minute_used_up(timedelta(minutes=1)),
    ),
    "refuses_with_45": SourceQuirk(
        line="every seventh call is refused with code 45: the day's calls are used up, until midnight (UTC)",
        refuse=lambda now: refusal.day_used_up(2500, until_tomorrow(now)),
    ),
    "refuses_with_1070": SourceQuirk(
        line="every seventh call is refused with code 1070: too many at once",
        refuse=lambda _: refusal.too_many_at_once(),
    ),
    "fails_with_1000": SourceQuirk(
        line="every seventh call fails with status 500 and code 1000", refuse=lambda _: refusal.broken()
    ),
    "fails_with_a_page": SourceQuirk(
        line="every seventh call fails with status 503 and a page of a proxy", refuse=lambda _: refusal.out_of_order()
    ),
    "pages_instead_of_json": SourceQuirk(line="every seventh answer is a page to sign in, with status 200", body=_page),
    "bodies_are_cut": SourceQuirk(line="every seventh answer ends in the middle", body=_cut),
    "errors_with_status_200": SourceQuirk(
        line="every seventh answer is an error, code 1000, with status 200", body=_code_1000
    ),
}


@dataclass(slots=True)
class SourceQuirks:
    """The quirks that are switched on, each as often as it was."""

    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        _check_known(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def begin(self, name: str) -> None:
        """Switch a quirk on. Raises ValueError for an unknown name."""
        _check_known([name])
        self.names.append(name)

    def end(self, name: str) -> None:
        """Undo one `begin`; a quirk that was begun twice goes on."""
        self.names.remove(name)

    def number(self, quantity: int | None, *, first: bool = False) -> Any:
        """Return the form of a number of licences, ABSENT if it is left out; `first`: of the first subscription."""
        if quantity is None:
            return ABSENT
        if first and "one_quantity_unreadable" in self:
            return "many"
        return next((each.quantity(quantity) for each in self._active() if each.quantity), quantity)

    def says_more(self, more: bool) -> Any:
        """Return the form of a page's word about more pages, ABSENT if it is left out."""
        return next((each.more(more) for each in self._active() if each.more), more)

    def check(self, number: int, now: datetime) -> None:
        """Raise the refusal of the source's call with this number, if it has one."""
        refused = next((each.refuse for each in self._active() if each.refuse), None)
        if refused and number % EVERY == 0:
            raise refused(now)

    def body(self, number: int, body: bytes) -> bytes:
        """Return the body of the answer to the source's call with this number."""
        change = next((each.body for each in self._active() if each.body), None)
        return change(body) if change and number % EVERY == 0 else body

    def _active(self) -> Iterator[SourceQuirk]:
        return (quirk for name, quirk in SOURCE_QUIRKS.items() if name in self.names)


def _check_known(names: Iterable[str]) -> None:
    if unknown := set(names) - SOURCE_QUIRKS.keys():
        raise ValueError(f"no such quirk: {', '.join(sorted(unknown))}")


def without_absent(row: Row) -> Row:
    """Return a row without the keys whose values are left out."""
    return {key: value for key, value in row.items() if value is not ABSENT}
