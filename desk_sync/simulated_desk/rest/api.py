"""Desk's REST interface as a function from requests to responses, over a portal; no web framework, no sockets.

`SimulatedDesk.handle` checks in this order: path and method, token, portal, scope, credits, query, body; then it
executes the call while it holds the portal's lock. Every call with a valid token costs credits, also if it fails.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import groupby
from typing import Any

from desk_sync.simulated_desk.error import STATUS, RestError, not_found
from desk_sync.simulated_desk.faults import NONE, FaultChance, FaultInjector
from desk_sync.simulated_desk.oauth import AccountsServer
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.quirks import plain_json
from desk_sync.simulated_desk.rest.route import RestCall, RestRoute
from desk_sync.simulated_desk.rest.routes import ROUTES

BASE = "/api/v1"
LARGEST_BODY = 1_000_000
SOURCE_HEADER = "sourceid"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRequest:
    """`path` begins with /api/v1; `query` is decoded, with the values of one name joined by commas.

    The names of `headers` are in lower case.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return a query by its names; values of a name that stands there several times are joined by commas."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class RestResponse:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class CallQuota:
    """The limits of the portal's edition: `daily` credits per UTC day, `concurrent` calls at once."""

    now: Callable[[], datetime]
    daily: int = 125_000
    concurrent: int = 25
    spent: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    _day: date | None = None

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Occupy a slot for one call. Raises RestError if too many calls are in flight already."""
        if self.in_flight >= self.concurrent:
            raise RestError("TOO_MANY_REQUESTS", "Too many calls at the same time.")
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    def left(self) -> int:
        """Return the credits left today (UTC)."""
        today = self.now().astimezone(UTC).date()
        if today != self._day:
            self._day, self.spent = today, 0
        return max(self.daily - self.spent, 0)

    def spend(self, price: int) -> None:
        """Subtract credits. Raises RestError if the day's credits do not suffice."""
        if self.left() < price:
            raise RestError("THRESHOLD_EXCEEDED", "The credits of this day are used up.")
        self.spent += price

    def until_tomorrow(self) -> timedelta:
        """Return the time until the next midnight (UTC)."""
        now = self.now().astimezone(UTC)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - now


class SimulatedDesk:
    """The REST interface of one portal. `handshake` returns True if the URL of a new webhook answers 200.

    `calls` and `credits` count since the last reset, including calls that a fault answered. `longest_call` is in
    seconds, until the response was sent or the client closed the connection.
    """

    def __init__(
        self,
        portal: SimulatedPortal,
        accounts: AccountsServer,
        *,
        quota: CallQuota | None = None,
        chance: FaultChance | None = None,
        handshake: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.portal = portal
        self.accounts = accounts
        self.quota = quota or CallQuota(now=portal.now)
        self.chance = chance or FaultChance()
        self.handshake = handshake
        self.calls: Counter[str] = Counter()
        self.credits = 0
        self.longest_call = 0.0
        self._routes = {path: list(routes) for path, routes in groupby(ROUTES, key=lambda each: each.pattern)}

    def reset_counters(self) -> None:
        """Set the counters to zero; the credits spent today stay spent."""
        self.calls.clear()
        self.credits = 0
        self.quota.most_in_flight = 0
        self.longest_call = 0.0

    def draw_faults(self, request: RestRequest) -> FaultInjector:
        """Return the faults of a request; none for a path that does not exist."""
        try:
            route, ids = self.find(request)
        except RestError:
            return NONE
        return self.chance.draw_faults(route.name, ids)

    def count(self, request: RestRequest) -> None:
        """Count a call that a fault answers, or leaves without an answer."""
        self.calls[self.find(request)[0].name] += 1

    def handle(self, request: RestRequest, faults: FaultInjector | None = None) -> RestResponse:
        """Return the response to a request under the given faults, by default those that `draw_faults` returns.

        Blocks on the receiver's URL when a webhook is created.
        """
        faults = self.draw_faults(request) if faults is None else faults
        if faults.stands_in and not faults.after:
            self.count(request)
            return failure(faults)
        response = self._handle(request, faults)
        return failure(faults) if faults.stands_in else replace(response, body=response.body + b" " * faults.padding)

    def _handle(self, request: RestRequest, faults: FaultInjector) -> RestResponse:
        weight = 0
        try:
            route, ids = self.find(request)
            self._authorize(route, request)
            self.calls[route.name] += 1
            weight = self._charge(route, request)
            call = replace(self._read(route, ids, request), field_faults=faults.fields)
            self._check_handshake(route, call)
            with self.portal.lock:
                return self._success(route, route.handler(self.portal, call), weight)
        except RestError as error:
            return self.error_response(error, weight)

    def find(self, request: RestRequest) -> tuple[RestRoute, tuple[str, ...]]:
        """Return the route of a request and the ids in its path. Raises RestError (404, 405)."""
        path = request.path.removeprefix(BASE)
        for pattern, routes in self._routes.items():
            if match := pattern.fullmatch(path):
                for route in routes:
                    if route.method == request.method:
                        return route, match.groups()
                raise RestError("METHOD_NOT_ALLOWED", "The method is not allowed for this URL.")
        raise not_found()

    def error_response(self, error: RestError, weight: int = 0) -> RestResponse:
        """Return the response for an error of a call that cost `weight` credits."""
        headers = self._headers(weight)
        if error.code == "THRESHOLD_EXCEEDED":
            headers["Retry-After"] = str(int(self.quota.until_tomorrow().total_seconds()) + 1)
        return _response(error.status, plain_json(error.body()), headers)

    def dated(self, response: RestResponse) -> RestResponse:
        """Return the response with the instant of its sending, in whole seconds (RFC 9110, 6.6.1)."""
        return replace(response, headers={"Date": format_datetime(self.portal.now(), usegmt=True), **response.headers})

    def _authorize(self, route: RestRoute, request: RestRequest) -> None:
        grant = self.accounts.grant(request.headers.get("authorization"))
        if grant is None:
            raise RestError("INVALID_OAUTH", "The OAuth Token you provided is invalid.")
        if route.needs_org:
            self._check_org(request)
        if not grant.covers(route.scopes):
            raise RestError("SCOPE_MISMATCH", "The token does not have the scope for this call.")

    def _check_org(self, request: RestRequest) -> None:
        org_id = request.headers.get("orgid") or request.query.get("orgId")
        if not org_id:
            raise RestError("BAD_REQUEST", "orgId is missing.")
        if not org_id.isdecimal():
            raise RestError("INTERNAL_SERVER_ERROR", "An error occurred while processing your request.")
        if org_id != self.portal.org_id:
            raise RestError("OAUTH_ORG_MISMATCH", "The token belongs to another portal than orgId.")

    def _charge(self, route: RestRoute, request: RestRequest) -> int:
        start = request.query.get("from", "0")
        price = route.price({"from": int(start) if start.isdecimal() else 0})
        self.quota.spend(price)
        self.credits += price
        return price

    def _read(self, route: RestRoute, ids: tuple[str, ...], request: RestRequest) -> RestCall:
        query = route.read_query(request.query)
        return RestCall(
            ids=ids,
            query=query,
            body=_document(route, request) if route.body else {},
            headers=request.headers,
            by=self.portal.own_agent["id"],
            source_id=request.headers.get(SOURCE_HEADER),
        )

    def _check_handshake(self, route: RestRoute, call: RestCall) -> None:
        if not route.needs_handshake:
            return
        previous = self.portal.webhook(call.ids[0])["url"] if call.ids else None
        if call.body["url"] != previous and not self.handshake(call.body["url"]):
            raise RestError("INTERNAL_SERVER_ERROR", "An error occurred while processing your request.")

    def _success(self, route: RestRoute, content: Any, weight: int) -> RestResponse:
        if content is None:
            return RestResponse(status=route.empty, headers=self._headers(weight))
        return _response(200, self.portal.quirks.encode(content), self._headers(weight))

    def _headers(self, weight: int) -> dict[str, str]:
        left = str(self.quota.left())
        return {"X-Rate-Limit-Request-Weight-v3": str(weight), "X-Rate-Limit-Remaining-v3": left} if weight else {}


def _document(route: RestRoute, request: RestRequest) -> dict[str, Any]:
    if len(request.body) > LARGEST_BODY:
        raise RestError("RESOURCE_SIZE_EXCEEDED", "The body is too large.")
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise RestError("UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
    try:
        document = json.loads(request.body or b"{}")
    except ValueError:
        raise RestError("BAD_REQUEST", "The body is not JSON.") from None
    if document == {} and route.method == "PATCH":
        raise RestError("EMPTY_PAYLOAD", "There is nothing to update.")
    return route.read_body(document)


def failure(faults: FaultInjector) -> RestResponse:
    """Return the response of injected faults: Desk's error for the status, or a page as a proxy sends it."""
    if faults.unreadable:
        return _response(faults.status or 200, b'{"id": "7001', {})
    code = faults.code or next((code for code, each in STATUS.items() if each == faults.status), None)
    if code is None or faults.html:
        return _page(faults.status or 200)
    return _response(faults.status or STATUS[code], plain_json(RestError(code, "An injected fault.").body()), {})


def _page(status: int) -> RestResponse:
    page = f"<html><body><h1>{'We are back soon' if status == 200 else status}</h1></body></html>".encode()
    return RestResponse(status=status, headers={"Content-Type": "text/html"}, body=page)


def _response(status: int, body: bytes, headers: Mapping[str, str]) -> RestResponse:
    return RestResponse(status=status, headers={**headers, "Content-Type": "application/json;charset=UTF-8"}, body=body)
