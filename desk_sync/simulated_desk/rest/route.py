"""The route of a call of the REST interface, and the values that a request passes to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from desk_sync.simulated_desk.error import WrongField, invalid
from desk_sync.simulated_desk.faults import FieldFault
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.rest.rules import BodyRules, Rule, whole_number

# (offset, credits): a list that starts at or below the offset costs so many; beyond the last one, PRICE_BEYOND.
PRICES = ((2_000, 3), (10_000, 5), (50_000, 10), (100_000, 50))
PRICE_BEYOND = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RestCall:
    """A request that has passed every check of form: the ids of its path, and the checked values of query and body.

    `field_faults` are those of a ticket's fields, by API name.
    """

    ids: tuple[str, ...]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    by: str
    source_id: str | None = None
    field_faults: Mapping[str, FieldFault] = field(default_factory=dict)


Handler: TypeAlias = Callable[[SimulatedPortal, RestCall], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRange:
    """The paging of a list. `first` is the index of the first item, `last` the highest index that is allowed."""

    default: int = 50
    most: int = 100
    least: int = 1
    first: int = 0
    last: int = 1_000_000

    def rules(self) -> dict[str, Rule]:
        return {"from": whole_number(0, self.last), "limit": whole_number(self.least, self.most)}

    def defaults(self) -> dict[str, int]:
        return {"from": self.first, "limit": self.default}


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRoute:
    """One call. A result of None becomes a response without body and with status `empty`.

    Of each set in `scopes` the token must have one. `needs_handshake`: the URL in the body is called first.
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    handler: Handler
    scopes: tuple[frozenset[str], ...]
    query: Mapping[str, Rule] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    paging: PageRange | None = None
    body: BodyRules | None = None
    empty: Literal[200, 204] = 204
    needs_org: bool = True
    needs_handshake: bool = False

    @property
    def name(self) -> str:
        """The name of the call in counters and faults: `GET /tickets/{id}`."""
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> dict[str, Rule]:
        return {**self.query, **(self.paging.rules() if self.paging else {})}

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{\w+\}", "([^/]+)", self.path))

    def price(self, query: Mapping[str, Any]) -> int:
        """Return the credits: 1, or for a list a price by the offset at which it starts."""
        if self.paging is None:
            return 1
        return next((price for offset, price in PRICES if query["from"] <= offset), PRICE_BEYOND)

    def read_query(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """Return the checked query with its defaults. Raises RestError with every wrong parameter."""
        body = BodyRules(self.parameters, required=self.required)
        values, wrong = body.read({key: value for key, value in sent.items() if key != "orgId"})
        if wrong:
            raise invalid(*wrong)
        return (self.paging.defaults() if self.paging else {}) | values

    def read_body(self, document: Any) -> dict[str, Any]:
        """Return the checked body. Raises RestError with every wrong key."""
        values, wrong = self.body.read(document) if self.body else ({}, [WrongField("/", "the call takes no body")])
        if wrong:
            raise invalid(*wrong)
        return values


def any_of(*scopes: str) -> frozenset[str]:
    return frozenset(scopes)
