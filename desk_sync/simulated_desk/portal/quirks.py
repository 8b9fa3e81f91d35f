"""The quirks of a portal: behaviour that Zoho's public material leaves open, or that live portals show at times.

`QUIRKS` is the only list: name, one line for people, effect. A quirk without an effect here is a switch that one other
module reads by its name (`"keeps_seconds" in quirks`). Without quirks the portal behaves as the harder default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from desk_sync.simulated_desk.error import RestError
from desk_sync.simulated_desk.portal.fields import format_instant
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.portal.ticket import DeskTicket

SENDING_TAKES = timedelta(minutes=1)
COUNTS_LAG = timedelta(minutes=1)
SEARCH_LAGS = timedelta(minutes=5)

Effect = TypeVar("Effect")
TicketShown = Callable[[Record, DeskTicket, datetime], Record]
ThreadShown = Callable[[Record, datetime], Record]
ClientWrite = Callable[[DeskTicket, Mapping[str, Any]], Mapping[str, Any]]
Encoding = Callable[[Any], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskQuirk:
    """One quirk and its effect.

    `ticket` and `thread` change how Desk shows them, `found` a row of a search. `write` changes the body of a client's
    PATCH, or refuses it; `act` refuses what a client adds to a ticket. `encode` writes the JSON of answers and events.
    """

    line: str
    ticket: TicketShown | None = None
    thread: ThreadShown | None = None
    found: Callable[[Record], Record] | None = None
    write: ClientWrite | None = None
    act: Callable[[], None] | None = None
    encode: Encoding | None = None


def plain_json(content: Any) -> bytes:
    """Return JSON in UTF-8; a text with half a character in it is escaped, as UTF-8 has no form for it."""
    try:
        return json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(content).encode()


def _halved(content: Any) -> bytes:
    """Return JSON in which every character beyond U+FFFF has lost its second half."""
    return re.sub(r"(\\ud[89ab]..)\\ud[c-f]..", r"\1", json.dumps(content)).encode()


def _cesu_8(content: Any) -> bytes:
    """Return JSON in which each half of a character beyond U+FFFF is encoded by itself, which is not UTF-8."""
    text = json.dumps(content, ensure_ascii=False)
    return re.sub("[\U00010000-\U0010ffff]", _two_halves, text).encode("utf-8", "surrogatepass")


def _two_halves(match: re.Match[str]) -> str:
    above = ord(match[0]) - 0x10000
    return chr(0xD800 + (above >> 10)) + chr(0xDC00 + (above & 0x3FF))


def _raw_control_characters(content: Any) -> bytes:
    return re.sub(rb"(?<!\\)\\([nrt])", lambda match: _RAW[match[1]], plain_json(content))


_RAW = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def _with_mark(content: Any) -> bytes:
    return b"\xef\xbb\xbf" + plain_json(content)


def _sent(thread: Record, now: datetime) -> Record:
    """Return the thread as sent once sending has taken its time."""
    done = thread["createdTime"] <= format_instant(now - SENDING_TAKES)
    return thread | {"status": "SUCCESS"} if thread["status"] == "PENDING" and done else thread


def _lagging(whole: Record, ticket: DeskTicket, now: datetime) -> Record:
    known = format_instant(now - COUNTS_LAG)
    threads = sum(each["createdTime"] <= known for each in ticket.threads)
    comments = sum(each["commentedTime"] <= known for each in ticket.comments)
    return whole | {"threadCount": str(threads), "commentCount": str(comments)}


def _without_threads(whole: Record, _: DeskTicket, __: datetime) -> Record:
    return whole | {"threadCount": "0"}


def _sent_threads(whole: Record, ticket: DeskTicket, _: datetime) -> Record:
    return whole | {"threadCount": str(sum(each["status"] == "SUCCESS" for each in ticket.threads))}


def _by_no_one(whole: Record, _: DeskTicket, __: datetime) -> Record:
    return whole | {"modifiedBy": None}


def _without_instant(found: Record) -> Record:
    return found | {"modifiedTime": None}


def _outside_a_transition() -> None:
    raise RestError("UNPROCESSABLE_ENTITY", "The ticket is in a blueprint; it changes by transitions only.")


def _refused_write(_: DeskTicket, __: Mapping[str, Any]) -> Mapping[str, Any]:
    _outside_a_transition()
    return {}


def _priority_rule(_: DeskTicket, body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**body, "priority": "High"} if body.get("cf") else body


def _severity_rule(ticket: DeskTicket, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the body with the last severity of the pick list instead of the one that the client wrote."""
    field_ = ticket.layout.field("cf_severity")
    if field_ is None or not (body.get("cf") or {}).get("cf_severity"):
        return body
    return {**body, "cf": {**body["cf"], "cf_severity": field_.choices[-1].value}}


QUIRKS: Mapping[str, DeskQuirk] = {
    "refuses_fields_off_the_layout": DeskQuirk(
        line="a PATCH with a field that is not on the ticket's layout is refused; by default the field is dropped"
    ),
    "keeps_seconds": DeskQuirk(line="the seconds of a DateTime field are kept; by default they are dropped"),
    "takes_json_booleans": DeskQuirk(line="a check box takes JSON true and false; by default only the texts"),
    "enforces_published_patterns": DeskQuirk(
        line='a custom value with one of + & ( ) ; # % = * ", or an empty text, is refused; null empties'
    ),
    "replies_touch_modified_time": DeskQuirk(line="a reply moves modifiedTime; by default it does not"),
    "replies_are_pending_first": DeskQuirk(
        line="an agent's reply is PENDING, and SUCCESS a minute later, without an event", thread=_sent
    ),
    "thread_count_zero": DeskQuirk(line='threadCount is "0" whatever the ticket holds', ticket=_without_threads),
    "thread_count_of_sent": DeskQuirk(
        line="threadCount leaves out threads that are PENDING, DRAFT or FAILED", ticket=_sent_threads
    ),
    "counts_lag": DeskQuirk(line="threadCount and commentCount are a minute behind", ticket=_lagging),
    "search_lags": DeskQuirk(line="a search finds tickets as they were five minutes ago"),
    "found_without_instant": DeskQuirk(line="modifiedTime is null in search answers", found=_without_instant),
    "modified_by_null": DeskQuirk(line="modifiedBy is null in answers and events", ticket=_by_no_one),
    "contacts_without_email": DeskQuirk(line="new contacts and tickets have no e-mail address, as from the phone"),
    "merged_threads_on_top": DeskQuirk(
        line="threads of a merged-in ticket are listed as the newest; by default at their own times"
    ),
    "strict_blueprint": DeskQuirk(
        line="clients cannot edit, comment or tag: the ticket is in a blueprint in strict mode",
        write=_refused_write,
        act=_outside_a_transition,
    ),
    "layout_rule_sets_priority": DeskQuirk(
        line="a layout rule sets the priority to High within a client's PATCH of custom fields", write=_priority_rule
    ),
    "layout_rule_changes_severity": DeskQuirk(
        line="a layout rule replaces the severity that a client writes by the last one of its pick list",
        write=_severity_rule,
    ),
    "contact_rule_off": DeskQuirk(line="the contact gets no mail about public comments"),
    "owner_rule_off": DeskQuirk(line="the owner of a ticket gets no mail about comments"),
    "token_times_in_milliseconds": DeskQuirk(line="iat and exp of a delivery's token are in milliseconds"),
    "half_emoji": DeskQuirk(line="of every emoji only the first half is sent: a lone surrogate", encode=_halved),
    "cesu_8": DeskQuirk(line="emoji are sent as CESU-8, which is not UTF-8", encode=_cesu_8),
    "raw_control_characters": DeskQuirk(
        line="line ends and tabs stand unescaped inside JSON strings", encode=_raw_control_characters
    ),
    "byte_order_mark": DeskQuirk(line="JSON begins with a byte order mark", encode=_with_mark),
}


@dataclass(frozen=True, slots=True)
class DeskQuirks:
    """The quirks that are switched on, by name. Raises ValueError for an unknown name."""

    names: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if unknown := self.names - QUIRKS.keys():
            raise ValueError(f"no such quirk: {', '.join(sorted(unknown))}")

    @classmethod
    def named(cls, *names: str) -> DeskQuirks:
        return cls(frozenset(names))

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def show_ticket(self, whole: Record, ticket: DeskTicket, now: datetime) -> Record:
        for change in self._effects(lambda each: each.ticket):
            whole = change(whole, ticket, now)
        return whole

    def show_thread(self, thread: Record, now: datetime) -> Record:
        for change in self._effects(lambda each: each.thread):
            thread = change(thread, now)
        return thread

    def show_found(self, found: Record) -> Record:
        for change in self._effects(lambda each: each.found):
            found = change(found)
        return found

    def take_write(self, ticket: DeskTicket, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the body of a client's PATCH as rules of the portal leave it. Raises RestError."""
        for change in self._effects(lambda each: each.write):
            body = change(ticket, body)
        return body

    def check_act(self) -> None:
        """Raise RestError if a client may add nothing to a ticket."""
        for refuse in self._effects(lambda each: each.act):
            refuse()

    def encode(self, content: Any) -> bytes:
        """Return the JSON of an answer or a delivery; the last quirk of the list that encodes does it."""
        encodings = self._effects(lambda each: each.encode)
        return encodings[-1](content) if encodings else plain_json(content)

    def _effects(self, of: Callable[[DeskQuirk], Effect | None]) -> Sequence[Effect]:
        found = (of(quirk) for name, quirk in QUIRKS.items() if name in self.names)
        return [each for each in found if each is not None]
