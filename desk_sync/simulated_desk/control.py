"""The control interface of the simulated Desk: what no REST client may do, for the demo and for tests.

It stands under /_simulator, is not counted as calls to Desk, and acts as a person or as the customer.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from desk_sync.simulated_desk.error import RestRefusal
from desk_sync.simulated_desk.faults import FaultInjector
from desk_sync.simulated_desk.running import RunningDesk
from desk_sync.simulated_desk.seed import Record

PREFIX = "/_simulator"

Command = Callable[[RunningDesk, dict[str, str], Record], Any]
Endpoint = Callable[[Request], Awaitable[JSONResponse]]


def state(simulation: RunningDesk, _: dict[str, str], __: Record) -> Record:
    """What happened since the start, or since the counters were reset."""
    desk, counts = simulation.desk, simulation.webhook_sender.counts
    return {
        "calls": dict(desk.calls),
        "credits": desk.credits,
        "most_in_flight": desk.quota.most_in_flight,
        "longest_call": desk.longest_call,
        "deliveries": {name: counts[name] for name in ("sent", "accepted", "failed", "dropped")},
        "idle": simulation.webhook_sender.idle(),
        "tickets": len(simulation.portal.tickets),
        "faults": asdict(simulation.chance.faults),
    }


def idle(simulation: RunningDesk, _: dict[str, str], __: Record) -> Record:
    return {"idle": simulation.webhook_sender.idle()}


def deliveries(simulation: RunningDesk, _: dict[str, str], __: Record) -> Record:
    """The last events that were carried, with what became of each copy, and a token for sending more of them."""
    carried = [{"event": told, "results": results} for told, results in list(simulation.webhook_sender.carried)]
    return {"carried": carried, "token": simulation.signer.token(simulation.webhook_id)}


def reset(simulation: RunningDesk, _: dict[str, str], __: Record) -> Record:
    simulation.desk.reset_counters()
    simulation.webhook_sender.counts.clear()
    return {}


def set_faults(simulation: RunningDesk, _: dict[str, str], body: Record) -> Record:
    """The faults from now on; an empty body ends them all."""
    simulation.chance.set(FaultInjector.read(body))
    return asdict(simulation.chance.faults)


def set_quota(simulation: RunningDesk, _: dict[str, str], body: Record) -> Record:
    """`daily` credits and `concurrent` calls, each optional."""
    quota = simulation.desk.quota
    quota.daily, quota.concurrent = body.get("daily", quota.daily), body.get("concurrent", quota.concurrent)
    return {"daily": quota.daily, "concurrent": quota.concurrent}


def rotate_keys(simulation: RunningDesk, _: dict[str, str], __: Record) -> Record:
    return {"kid": simulation.signer.rotate()}


def revoke_tokens(simulation: RunningDesk, _: dict[str, str], __: Record) -> Record:
    simulation.accounts.revoke_all()
    return {}


def nudge(simulation: RunningDesk, ids: dict[str, str], _: Record) -> Record:
    simulation.portal.nudge(ids["id"])
    return {}


def write(simulation: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    """Set `fields` as a person does, or the agent `by`."""
    portal = simulation.portal
    return portal.whole(portal.change_ticket(ids["id"], body["fields"], by=_writer(simulation, body)))


def _writer(simulation: RunningDesk, body: Record) -> str:
    by: str = body.get("by") or simulation.portal.person["id"]
    return by


def reply(simulation: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    """A mail with `content`, from the customer if `from` says so, else from a person or from the agent `by`."""
    portal = simulation.portal
    if body.get("from") == "customer":
        return portal.customer_reply(ids["id"], body["content"])
    return portal.agent_reply(ids["id"], body["content"], by=body.get("by"))


def comment(simulation: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    public, by = body.get("public", False), _writer(simulation, body)
    return simulation.portal.add_comment(ids["id"], body["content"], public=public, by=by)


def erase(simulation: RunningDesk, ids: dict[str, str], _: Record) -> Record:
    simulation.portal.ticket(ids["id"])
    simulation.portal.erase_ticket(ids["id"])
    return {}


COMMANDS: tuple[tuple[str, str, Command], ...] = (
    ("GET", "/state", state),
    ("GET", "/idle", idle),
    ("GET", "/deliveries", deliveries),
    ("POST", "/reset", reset),
    ("POST", "/faults", set_faults),
    ("POST", "/quota", set_quota),
    ("POST", "/keys/rotate", rotate_keys),
    ("POST", "/tokens/revoke", revoke_tokens),
    ("POST", "/tickets/{id}/nudge", nudge),
    ("POST", "/tickets/{id}/write", write),
    ("POST", "/tickets/{id}/reply", reply),
    ("POST", "/tickets/{id}/comment", comment),
    ("POST", "/tickets/{id}/erase", erase),
)


def routes(simulation: RunningDesk) -> list[BaseRoute]:
    return [Route(f"{PREFIX}{path}", _endpoint(simulation, run), methods=[verb]) for verb, path, run in COMMANDS]


def _endpoint(simulation: RunningDesk, run: Command) -> Endpoint:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            body = json.loads(await request.body() or b"{}")
            with simulation.portal.lock:
                return JSONResponse(run(simulation, dict(request.path_params), body))
        except RestRefusal as refusal:
            return JSONResponse(refusal.body(), refusal.status)
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return endpoint
