"""The control interface of the simulated Desk, for the demo and for tests: operations that no REST client has.

Its paths begin with /_simulator. Its calls do not count as calls to Desk; they act as a person or as the customer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from desk_sync.simulated_desk.error import RestError
from desk_sync.simulated_desk.faults import FaultInjector
from desk_sync.simulated_desk.portal.quirks import QUIRKS, DeskQuirks, plain_json
from desk_sync.simulated_desk.portal.records import differences
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.running import RunningDesk

PREFIX = "/_simulator"
JSON = "application/json"
THREAD_STATES = ("SUCCESS", "PENDING", "DRAFT", "FAILED")

Command = Callable[[RunningDesk, dict[str, str], Record], Any]
Endpoint = Callable[[Request], Awaitable[Response]]


def state(site: RunningDesk, _: dict[str, str], __: Record) -> Record:
    """Return the counters since the start or the last reset, and the present state."""
    desk, counts = site.desk, site.webhook_sender.counts
    return {
        "calls": dict(desk.calls),
        "credits": desk.credits,
        "most_in_flight": desk.quota.most_in_flight,
        "longest_call": desk.longest_call,
        "deliveries": {name: counts[name] for name in ("sent", "accepted", "failed", "dropped")},
        "idle": site.webhook_sender.idle(),
        "tickets": len(site.portal.tickets),
        "faults": [asdict(each) for each in site.chance.faults],
        "quirks": sorted(site.portal.quirks.names),
        "mails": Counter(each.rule for each in site.portal.mails),
    }


def idle(site: RunningDesk, _: dict[str, str], __: Record) -> Record:
    return {"idle": site.webhook_sender.idle()}


def deliveries(site: RunningDesk, _: dict[str, str], __: Record) -> Record:
    """Return the last events that were sent, with the result of each copy, and a token for sending more."""
    carried = [{"event": event, "results": results} for event, results in list(site.webhook_sender.finished)]
    return {"carried": carried, "token": site.signer.token(site.webhook_id)}


def reset(site: RunningDesk, _: dict[str, str], __: Record) -> Record:
    site.desk.reset_counters()
    site.webhook_sender.counts.clear()
    return {}


def set_faults(site: RunningDesk, _: dict[str, str], body: Record) -> Record:
    """Replace the faults; an empty body ends them all."""
    faults = FaultInjector.read(body)
    site.chance.set(faults)
    return asdict(faults)


def list_quirks(site: RunningDesk, _: dict[str, str], __: Record) -> Record:
    return {"quirks": {name: quirk.line for name, quirk in QUIRKS.items()}, "on": sorted(site.portal.quirks.names)}


def set_quirks(site: RunningDesk, _: dict[str, str], body: Record) -> Record:
    """Switch on the quirks in `names`, and all others off."""
    site.portal.quirks = DeskQuirks.named(*body["names"])
    return {"on": sorted(site.portal.quirks.names)}


def set_quota(site: RunningDesk, _: dict[str, str], body: Record) -> Record:
    """Set the `daily` credits and the `concurrent` calls, each optional."""
    quota = site.desk.quota
    quota.daily, quota.concurrent = body.get("daily", quota.daily), body.get("concurrent", quota.concurrent)
    return {"daily": quota.daily, "concurrent": quota.concurrent}


def rotate_keys(site: RunningDesk, _: dict[str, str], __: Record) -> Record:
    return {"kid": site.signer.rotate()}


def revoke_tokens(site: RunningDesk, _: dict[str, str], __: Record) -> Record:
    site.accounts.revoke_all()
    return {}


def nudge(site: RunningDesk, ids: dict[str, str], _: Record) -> Record:
    site.portal.nudge(ids["id"])
    return {}


def write(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    """Write `fields` as the person, or as the agent `by`. The answer is the ticket, with the fields that `changed`."""
    portal = site.portal
    before = portal.whole(portal.ticket(ids["id"]))
    after = portal.whole(portal.change_ticket(ids["id"], body["fields"], by=_writer(site, body)))
    return after | {"changed": [name for name, _, _ in differences(before, after)]}


def _writer(site: RunningDesk, body: Record) -> str:
    by: str = body.get("by") or site.portal.person["id"]
    return by


def reply(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    """Add a mail with `content`, from the customer if `from` is `customer`, else from the person or the agent `by`.

    A mail of an agent has the `status` PENDING, DRAFT, SUCCESS or FAILED.
    """
    portal = site.portal
    if body.get("from") == "customer":
        return portal.customer_reply(ids["id"], body["content"])
    return portal.agent_reply(ids["id"], body["content"], by=body.get("by"), status=_state(body))


def _state(body: Record) -> str | None:
    status: str | None = body.get("status")
    if status not in (None, *THREAD_STATES):
        raise ValueError(f"a thread is {', '.join(THREAD_STATES)}")
    return status


def change_thread(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    """Give a thread the `status`."""
    return site.portal.change_thread(ids["id"], ids["thread_id"], _state(body) or "SUCCESS")


def delete_thread(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    site.portal.remove_thread(ids["id"], ids["thread_id"], by=_writer(site, body))
    return {}


def edit_comment(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    """Change `content` and `isPublic` of a comment as the person or the agent `by`."""
    changes: Record = {key: body[key] for key in ("content", "isPublic") if key in body}
    return site.portal.edit_comment(ids["id"], ids["comment_id"], changes, by=_writer(site, body))


def delete_comment(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    site.portal.remove_comment(ids["id"], ids["comment_id"], by=_writer(site, body))
    return {}


def merge(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    """Merge the ticket `other` into this one."""
    site.portal.merge_tickets(ids["id"], body["other"], by=_writer(site, body))
    return {}


def trash(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    site.portal.trash_ticket(ids["id"], by=_writer(site, body))
    return {}


def restore(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    site.portal.restore_ticket(ids["id"], by=_writer(site, body))
    return {}


def mark_as_spam(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    site.portal.mark_as_spam(ids["id"], by=_writer(site, body))
    return {}


def comment(site: RunningDesk, ids: dict[str, str], body: Record) -> Record:
    public, by = body.get("public", False), _writer(site, body)
    return site.portal.add_comment(ids["id"], body["content"], public=public, by=by)


def erase(site: RunningDesk, ids: dict[str, str], _: Record) -> Record:
    site.portal.ticket(ids["id"])
    site.portal.erase_ticket(ids["id"])
    return {}


COMMANDS: tuple[tuple[str, str, Command], ...] = (
    ("GET", "/state", state),
    ("GET", "/idle", idle),
    ("GET", "/deliveries", deliveries),
    ("POST", "/reset", reset),
    ("POST", "/faults", set_faults),
    ("GET", "/quirks", list_quirks),
    ("POST", "/quirks", set_quirks),
    ("POST", "/quota", set_quota),
    ("POST", "/keys/rotate", rotate_keys),
    ("POST", "/tokens/revoke", revoke_tokens),
    ("POST", "/tickets/{id}/nudge", nudge),
    ("POST", "/tickets/{id}/write", write),
    ("POST", "/tickets/{id}/reply", reply),
    ("POST", "/tickets/{id}/comment", comment),
    ("POST", "/tickets/{id}/threads/{thread_id}", change_thread),
    ("DELETE", "/tickets/{id}/threads/{thread_id}", delete_thread),
    ("POST", "/tickets/{id}/comments/{comment_id}", edit_comment),
    ("DELETE", "/tickets/{id}/comments/{comment_id}", delete_comment),
    ("POST", "/tickets/{id}/merge", merge),
    ("POST", "/tickets/{id}/trash", trash),
    ("POST", "/tickets/{id}/restore", restore),
    ("POST", "/tickets/{id}/spam", mark_as_spam),
    ("POST", "/tickets/{id}/erase", erase),
)


def routes(site: RunningDesk) -> list[BaseRoute]:
    return [Route(f"{PREFIX}{path}", _endpoint(site, run), methods=[verb]) for verb, path, run in COMMANDS]


def _endpoint(site: RunningDesk, run: Command) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}")
            with site.portal.lock:
                return Response(plain_json(run(site, dict(request.path_params), body)), media_type=JSON)
        except RestError as error:
            return JSONResponse(error.body(), error.status)
        except (KeyError, TypeError, ValueError) as mistake:
            return JSONResponse({"error": str(mistake)}, 400)

    return endpoint
