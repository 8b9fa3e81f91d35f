"""What a call of the REST interface is made of: its route, and what a request brings to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from desk_sync.simulated_desk.error import WrongField, invalid
from desk_sync.simulated_desk.portal import SimulatedPortal
from desk_sync.simulated_desk.rules import BodyRules, Rule, whole

# Up to this offset a list costs so many credits; beyond the last one it costs PRICE_BEYOND.
PRICES = ((2_000, 3), (10_000, 5), (50_000, 10), (100_000, 50))
PRICE_BEYOND = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RestCall:
    """A request that has passed every check of form: ids from its path, its query and its body as checked values."""

    ids: tuple[str, ...]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    by: str
    source_id: str | None = None


Handler: TypeAlias = Callable[[SimulatedPortal, RestCall], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRange:
    """`first` is the index of the first item, `last` the highest index that may be asked for."""

    default: int = 50
    most: int = 100
    least: int = 1
    first: int = 0
    last: int = 1_000_000

    def rules(self) -> dict[str, Rule]:
        return {"from": whole(0, self.last), "limit": whole(self.least, self.most)}

    def defaults(self) -> dict[str, int]:
        return {"from": self.first, "limit": self.default}


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRoute:
    """One call. An answer of None has no body, and the status `empty`. Of each set of `scopes` one is needed.

    `greets`: the URL in the body is called before the call is carried out.
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
    greets: bool = False

    @property
    def name(self) -> str:
        """How the call is counted and written about: `GET /tickets/{id}`."""
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> dict[str, Rule]:
        return {**self.query, **(self.paging.rules() if self.paging else {})}

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{\w+\}", "([^/]+)", self.path))

    def price(self, query: Mapping[str, Any]) -> int:
        """Credits: 1, or for a list by the offset at which it starts."""
        if self.paging is None:
            return 1
        return next((price for offset, price in PRICES if query["from"] <= offset), PRICE_BEYOND)

    def read_query(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """The checked query with its defaults. Raises Refusal with every parameter that is wrong."""
        body = BodyRules(self.parameters, required=self.required)
        values, wrong = body.read({key: value for key, value in sent.items() if key != "orgId"})
        if wrong:
            raise invalid(*wrong)
        return (self.paging.defaults() if self.paging else {}) | values

    def read_body(self, document: Any) -> dict[str, Any]:
        """The checked body. Raises Refusal with every key that is wrong."""
        values, wrong = self.body.read(document) if self.body else ({}, [WrongField("/", "the call takes no body")])
        if wrong:
            raise invalid(*wrong)
        return values


def any_of(*scopes: str) -> frozenset[str]:
    return frozenset(scopes)
