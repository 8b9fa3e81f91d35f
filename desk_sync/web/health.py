"""Health of the web process: /healthz for the supervisor that restarts it, /readyz for the proxy in front of it.

The answers contain only yes or no; the causes are in the log and in `desk-sync doctor`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from desk_sync.services.watch.health import HealthCheck, Probe, check
from desk_sync.web.single_flight import SingleFlight

log = structlog.get_logger()

WITHIN = timedelta(seconds=1)


def routes(probes: Mapping[str, Probe]) -> list[Route]:
    """Return the routes: any answer means that the process lives; ready, that every probe succeeds within a second."""
    return [Route("/healthz", _alive), Route("/readyz", ReadinessReport(probes).answer)]


async def _alive(_: Request) -> Response:
    return PlainTextResponse("ok")


class ReadinessReport:
    """Runs all probes at once, so that the answer takes as long as the slowest, and at most `within`."""

    def __init__(self, probes: Mapping[str, Probe], *, within: timedelta = WITHIN) -> None:
        self._calls = {name: SingleFlight(partial(check, name, probe)) for name, probe in probes.items()}
        self._within = within

    async def answer(self, _: Request) -> Response:
        """Return 200 or 503, with the outcome of each check."""
        checks = await asyncio.gather(*(self._check(name) for name in self._calls))
        failed = {check.name: check.what for check in checks if not check.ok}
        if failed:
            log.warning("readiness.failed", **failed)
        status = HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK
        return JSONResponse({"ready": not failed, "checks": {check.name: check.ok for check in checks}}, status)

    async def _check(self, name: str) -> HealthCheck:
        try:
            return await self._calls[name].result(within=self._within)
        except TimeoutError:
            return HealthCheck(name=name, ok=False, what=f"no answer within {self._within.total_seconds():g} s")
