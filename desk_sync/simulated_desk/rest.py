"""Desk's REST interface as a function from requests to answers, over a portal; no web framework, no sockets.

`Desk.handle` checks in this order: path and method, token, portal, scope, credits, query, body; then it carries the
call out while it holds the portal's lock. Every call with a good token costs credits, whatever becomes of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from desk_sync.simulated_desk.error import STATUS, Refusal, not_found
from desk_sync.simulated_desk.faults import NONE, Chance, Faults
from desk_sync.simulated_desk.oauth import Accounts
from desk_sync.simulated_desk.portal import Portal
from desk_sync.simulated_desk.route import Call, Route
from desk_sync.simulated_desk.routes import ROUTES

BASE = "/api/v1"
LARGEST_BODY = 1_000_000
SOURCE_HEADER = "sourceid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`path` begins with /api/v1; `query` is decoded; the names of `headers` are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class Quota:
    """What the portal's edition allows: `daily` credits per UTC day, `concurrent` calls at once."""

    now: Callable[[], datetime]
    daily: int = 125_000
    concurrent: int = 25
    spent: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    _day: date | None = None

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Raises Refusal if too many calls are in flight already."""
        if self.in_flight >= self.concurrent:
            raise Refusal("TOO_MANY_REQUESTS", "Too many calls at the same time.")
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    def left(self) -> int:
        today = self.now().astimezone(UTC).date()
        if today != self._day:
            self._day, self.spent = today, 0
        return max(self.daily - self.spent, 0)

    def spend(self, price: int) -> None:
        """Raises Refusal if the day's credits do not suffice."""
        if self.left() < price:
            raise Refusal("THRESHOLD_EXCEEDED", "The credits of this day are used up.")
        self.spent += price

    def until_tomorrow(self) -> timedelta:
        now = self.now().astimezone(UTC)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - now


class Desk:
    """The REST interface of one portal. `greet` says whether the URL of a new webhook answers 200.

    `calls` and `credits` count since the last reset; calls that are answered by a fault are counted too.
    `longest_call` is in seconds, until the answer was sent or the client hung up.
    """

    def __init__(
        self,
        portal: Portal,
        accounts: Accounts,
        *,
        quota: Quota | None = None,
        chance: Chance | None = None,
        greet: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.portal = portal
        self.accounts = accounts
        self.quota = quota or Quota(now=portal.now)
        self.chance = chance or Chance()
        self.greet = greet
        self.calls: Counter[str] = Counter()
        self.credits = 0
        self.longest_call = 0.0
        self._routes = {path: list(routes) for path, routes in groupby(ROUTES, key=lambda each: each.pattern)}

    def reset_counters(self) -> None:
        """Counts start again; what has been spent of the day's credits stays spent."""
        self.calls.clear()
        self.credits = 0
        self.quota.most_in_flight = 0
        self.longest_call = 0.0

    def strike(self, request: Request) -> Faults:
        """The faults that the request meets."""
        try:
            return self.chance.strike(self.find(request)[0].name)
        except Refusal:
            return NONE

    def handle(self, request: Request, faults: Faults | None = None) -> Response:
        """The answer to a request that meets the faults, by default those that chance has for it.

        Blocks on the receiver's URL where a webhook is created.
        """
        faults = self.strike(request) if faults is None else faults
        if faults.status and not faults.after:
            self.calls[self.find(request)[0].name] += 1
            return failure(faults.status)
        response = self._handle(request)
        return failure(faults.status) if faults.status else response

    def _handle(self, request: Request) -> Response:
        weight = 0
        try:
            route, ids = self.find(request)
            self._authorize(route, request)
            self.calls[route.name] += 1
            weight = self._charge(route, request)
            call = self._read(route, ids, request)
            self._shake_hands(route, call)
            with self.portal.lock:
                return self._answer(route, route.handler(self.portal, call), weight)
        except Refusal as refusal:
            return self.refuse(refusal, weight)

    def find(self, request: Request) -> tuple[Route, tuple[str, ...]]:
        """The route of a request and the ids in its path. Raises Refusal (404, 405)."""
        path = request.path.removeprefix(BASE)
        for pattern, routes in self._routes.items():
            if match := pattern.fullmatch(path):
                for route in routes:
                    if route.method == request.method:
                        return route, match.groups()
                raise Refusal("METHOD_NOT_ALLOWED", "The method is not allowed for this URL.")
        raise not_found()

    def refuse(self, refusal: Refusal, weight: int = 0) -> Response:
        headers = self._headers(weight)
        if refusal.code == "THRESHOLD_EXCEEDED":
            headers["Retry-After"] = str(int(self.quota.until_tomorrow().total_seconds()) + 1)
        return _response(refusal.status, refusal.body(), headers)

    def _authorize(self, route: Route, request: Request) -> None:
        grant = self.accounts.grant(request.headers.get("authorization"))
        if grant is None:
            raise Refusal("INVALID_OAUTH", "The OAuth Token you provided is invalid.")
        if route.needs_org:
            self._check_org(request)
        if not grant.covers(route.scopes):
            raise Refusal("SCOPE_MISMATCH", "The token does not have the scope for this call.")

    def _check_org(self, request: Request) -> None:
        org_id = request.headers.get("orgid") or request.query.get("orgId")
        if not org_id:
            raise Refusal("BAD_REQUEST", "orgId is missing.")
        if not org_id.isdecimal():
            raise Refusal("INTERNAL_SERVER_ERROR", "An error occurred while processing your request.")
        if org_id != self.portal.org_id:
            raise Refusal("OAUTH_ORG_MISMATCH", "The token belongs to another portal than orgId.")

    def _charge(self, route: Route, request: Request) -> int:
        start = request.query.get("from", "0")
        price = route.price({"from": int(start) if start.isdecimal() else 0})
        self.quota.spend(price)
        self.credits += price
        return price

    def _read(self, route: Route, ids: tuple[str, ...], request: Request) -> Call:
        query = route.read_query(request.query)
        return Call(
            ids=ids,
            query=query,
            body=_document(route, request) if route.body else {},
            headers=request.headers,
            by=self.portal.own_agent["id"],
            source_id=request.headers.get(SOURCE_HEADER),
        )

    def _shake_hands(self, route: Route, call: Call) -> None:
        if not route.greets:
            return
        known = self.portal.webhook(call.ids[0])["url"] if call.ids else None
        if call.body["url"] != known and not self.greet(call.body["url"]):
            raise Refusal("INTERNAL_SERVER_ERROR", "An error occurred while processing your request.")

    def _answer(self, route: Route, content: Any, weight: int) -> Response:
        if content is None:
            return Response(status=route.empty, headers=self._headers(weight))
        return _response(200, content, self._headers(weight))

    def _headers(self, weight: int) -> dict[str, str]:
        left = str(self.quota.left())
        return {"X-Rate-Limit-Request-Weight-v3": str(weight), "X-Rate-Limit-Remaining-v3": left} if weight else {}


def _document(route: Route, request: Request) -> dict[str, Any]:
    if len(request.body) > LARGEST_BODY:
        raise Refusal("RESOURCE_SIZE_EXCEEDED", "The body is too large.")
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
    try:
        document = json.loads(request.body or b"{}")
    except ValueError:
        raise Refusal("BAD_REQUEST", "The body is not JSON.") from None
    if document == {} and route.method == "PATCH":
        raise Refusal("EMPTY_PAYLOAD", "There is nothing to update.")
    return route.read_body(document)


def failure(status: int) -> Response:
    """An answer with this status, whatever was asked: Desk's own error, or a page of something in between."""
    code = next((code for code, each in STATUS.items() if each == status), None)
    if code is None:
        page = f"<html><body><h1>{status}</h1></body></html>".encode()
        return Response(status=status, headers={"Content-Type": "text/html"}, body=page)
    return _response(status, Refusal(code, "A fault that was asked for.").body(), {})


def _response(status: int, content: Any, headers: Mapping[str, str]) -> Response:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(status=status, headers={**headers, "Content-Type": "application/json;charset=UTF-8"}, body=body)
