"""Handlers of the calls about a ticket's conversation and tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from desk_sync.simulated_desk.portal import ticket as forms
from desk_sync.simulated_desk.portal.portal import SimulatedPortal
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.rest import search
from desk_sync.simulated_desk.rest.route import RestCall


def list_threads(portal: SimulatedPortal, call: RestCall) -> Record:
    threads = [portal.shown_thread(each) for each in reversed(portal.ticket(call.ids[0]).threads)]
    return {"data": search.page([forms.thread_entry(each) for each in threads], call.query)}


def read_thread(portal: SimulatedPortal, call: RestCall) -> Record:
    thread = portal.shown_thread(portal.thread(*call.ids))
    return forms.thread_whole(thread, call.ids[0], with_plain_text="include" in call.query)


def read_full_content(portal: SimulatedPortal, call: RestCall) -> Record:
    thread = portal.thread(*call.ids)
    return {key: thread[key] for key in ("id", "content", "contentType")}


def read_latest_thread(portal: SimulatedPortal, call: RestCall) -> Record | None:
    wanted = {
        "direction": "in" if call.query.get("needIncomingThread") else None,
        "visibility": "public" if call.query.get("needPublic") else None,
        "status": call.query.get("threadStatus"),
    }
    threads = [portal.shown_thread(each) for each in portal.ticket(call.ids[0]).threads]
    threads = [each for each in threads if all(value in (None, each[key]) for key, value in wanted.items())]
    if not threads:
        return None
    return forms.thread_whole(threads[-1], call.ids[0], with_plain_text="include" in call.query)


def list_comments(portal: SimulatedPortal, call: RestCall) -> Record:
    comments = portal.ticket(call.ids[0]).comments
    oldest_first = call.query.get("sortBy") == "commentedTime"
    shown = search.page(comments if oldest_first else comments[::-1], call.query)
    include = call.query.get("include", ())
    return {"data": [each | {INCLUDED[name][0]: INCLUDED[name][1](each) for name in include} for each in shown]}


INCLUDED: Mapping[str, tuple[str, Callable[[Record], Any]]] = {
    "plainText": ("plainText", lambda comment: forms.plain(comment["content"])),
    "mentions": ("mention", lambda _: []),
}


def create_comment(portal: SimulatedPortal, call: RestCall) -> Record:
    portal.quirks.check_act()
    return portal.add_comment(
        call.ids[0],
        call.body["content"],
        public=call.body.get("isPublic", True),
        kind=call.body.get("contentType", "html"),
        by=call.by,
        source_id=call.source_id,
    )


def write_comment(portal: SimulatedPortal, call: RestCall) -> Record:
    portal.quirks.check_act()
    changes = {key: value for key, value in call.body.items() if key != "attachmentIds"}
    return portal.edit_comment(call.ids[0], call.ids[1], changes, by=call.by, source_id=call.source_id)


def delete_comment(portal: SimulatedPortal, call: RestCall) -> None:
    portal.remove_comment(call.ids[0], call.ids[1], by=call.by)


def list_tags(portal: SimulatedPortal, call: RestCall) -> Record:
    return {"tags": portal.ticket(call.ids[0]).tags}


def add_tags(portal: SimulatedPortal, call: RestCall) -> Record:
    portal.quirks.check_act()
    return {"data": portal.add_tags(call.ids[0], call.body["tags"], by=call.by)}


def remove_tags(portal: SimulatedPortal, call: RestCall) -> Record:
    portal.quirks.check_act()
    return {"data": portal.remove_tags(call.ids[0], call.body["tags"], by=call.by)}
