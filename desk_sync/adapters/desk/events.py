"""The events in a delivery of Desk's webhook. Subjects, bodies and names are never read (L11)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from desk_sync.adapters.desk.payload import read_shown
from desk_sync.adapters.desk.raw import Raw, our_reference
from desk_sync.adapters.desk.raw import identifier as _id
from desk_sync.adapters.desk.raw import instant as _instant
from desk_sync.adapters.desk.raw import object_in as _object
from desk_sync.adapters.desk.raw import text as _text
from desk_sync.adapters.desk.vocabulary import DeskVocabulary
from desk_sync.adapters.zoho.json_reader import NotJson, read_json
from desk_sync.domain.ticket.event import Event, EventHint, EventItem, FieldChange
from desk_sync.domain.ticket.ticket import Field, Ticket, differing, digest, value_digest
from desk_sync.errors import BadDelivery, DeliveryFault, describe

log = structlog.get_logger()

HINTS: Mapping[str, EventHint] = {
    "Ticket_Add": EventHint.STATE,
    "Ticket_Update": EventHint.STATE,
    "Ticket_Delete": EventHint.GONE,
    "Ticket_Thread_Add": EventHint.CONVERSATION,
    "Ticket_Comment_Add": EventHint.CONVERSATION,
    "Ticket_Comment_Update": EventHint.CONVERSATION,
}

# Real events fill the largest body long before this number; many tiny ones would delay the commits of others.
MOST_EVENTS = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def read_events(body: bytes, vocabulary: DeskVocabulary, *, org_id: str) -> list[Event]:
    """Return the events of a delivery that concern tickets, in its order.

    Each event is checked by itself, so that an unreadable one does not discard the others. Raises BadDelivery for a
    body that Desk would not send to the portal `org_id`: no array, more than MOST_EVENTS, or every event unreadable.
    """
    try:
        delivery = read_json(body)
    except NotJson:
        raise BadDelivery("the body is not JSON", fault=DeliveryFault.NOT_JSON) from None
    if not isinstance(delivery, list):
        raise BadDelivery("the body is not an array of events")
    if len(delivery) > MOST_EVENTS:
        raise BadDelivery(f"more than {MOST_EVENTS} events")
    events: list[Event | None] = []
    refusals: list[Exception] = []
    for raw in delivery:
        try:
            events.append(_read_event(raw, vocabulary, org_id))
        except Exception as error:  # noqa: BLE001 - one odd event must not cost the others
            refusals.append(error)
    if refusals:
        _log_refusals([describe(each) for each in refusals], org_id)
        if not events:
            raise BadDelivery(describe(refusals[0]), fault=_fault(refusals[0]))
    return [event for event in events if event]


def _fault(error: Exception) -> DeliveryFault:
    return error.fault if isinstance(error, BadDelivery) else DeliveryFault.BAD_EVENTS


def _log_refusals(refusals: list[str], org_id: str) -> None:
    for cause, times in Counter(refusals).items():
        log.warning("event.refused", org_id=org_id, cause=cause, count=times)


def _read_event(raw: object, vocabulary: DeskVocabulary, org_id: str) -> Event | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("payload"), dict):
        raise BadDelivery("an event is not an object with a payload")
    if _text(raw.get("orgId")) != org_id:
        raise BadDelivery("an event is another portal's", fault=DeliveryFault.OTHER_PORTAL)
    kind = _text(raw.get("eventType")) or ""
    if kind not in HINTS:
        return None
    return _READERS[HINTS[kind]](kind, raw, vocabulary)


def _read_change(kind: str, raw: Raw, vocabulary: DeskVocabulary) -> Event:
    payload, previous = _object(raw, "payload"), _object(raw, "prevState")
    after, before = read_shown(payload, vocabulary), read_shown(previous, vocabulary)
    state, state_before = _digest(after), _digest(before)
    ticket_id, at = _needed_id(payload, "id"), _occurred_at(raw)
    return Event(
        key=_key(kind, ticket_id, at, state, state_before),
        type=kind,
        hint=HINTS[kind],
        ticket_id=ticket_id,
        occurred_at=at,
        state=state,
        before=state_before,
        changes=_changes(before, after) if before and after else {},
        actor_id=_id(payload, "modifiedBy"),
        modified_at=_instant(payload.get("modifiedTime")),
    )


def _changes(before: Ticket, after: Ticket) -> Mapping[Field, FieldChange]:
    return {
        name: FieldChange(
            before=value_digest(before, name, before.value(name)), after=value_digest(after, name, after.value(name))
        )
        for name in sorted(differing(before, after))
    }


def _read_end(kind: str, raw: Raw, _: DeskVocabulary) -> Event:
    payload, at = _object(raw, "payload"), _occurred_at(raw)
    ticket_id = _needed_id(payload, "id")
    return Event(
        key=_key(kind, ticket_id, at),
        type=kind,
        hint=HINTS[kind],
        ticket_id=ticket_id,
        occurred_at=at,
        actor_id=_id(payload, "modifiedBy"),
    )


def _read_conversation(kind: str, raw: Raw, _: DeskVocabulary) -> Event:
    payload, at = _object(raw, "payload"), _occurred_at(raw)
    author = _id(_object(payload, "commenter"), "id") or _id(_object(payload, "author"), "id")
    item_id = _needed_id(payload, "id")
    return Event(
        key=_key(kind, item_id, at),
        type=kind,
        hint=HINTS[kind],
        ticket_id=_needed_id(payload, "ticketId"),
        occurred_at=at,
        actor_id=_id(payload, "commenterId") or author,
        item=_ITEMS[kind],
        item_id=item_id,
        reference=our_reference(payload),
    )


_ITEMS: Mapping[str, EventItem] = {
    "Ticket_Thread_Add": EventItem.THREAD,
    "Ticket_Comment_Add": EventItem.COMMENT,
    "Ticket_Comment_Update": EventItem.COMMENT,
}
_READERS: Mapping[EventHint, Callable[[str, Raw, DeskVocabulary], Event]] = {
    EventHint.STATE: _read_change,
    EventHint.GONE: _read_end,
    EventHint.CONVERSATION: _read_conversation,
}


def _digest(ticket: Ticket | None) -> str | None:
    return digest(ticket) if ticket else None


def _key(kind: str, about: str, at: datetime, *states: str | None) -> str:
    """Return a key that is the same when the event is delivered twice; `about` is the id of the ticket or comment.

    Desk gives events no id. The key begins with the time, so that events of one time are stored side by side, which
    costs the database a quarter less.
    """
    parts = (kind, about, at.isoformat(), *states)
    since_1970 = (at - _EPOCH) // _MILLISECOND
    return f"{since_1970:012x}{hashlib.sha256(repr(parts).encode()).hexdigest()[:20]}"


def _needed_id(raw: Raw, name: str) -> str:
    value = _id(raw, name)
    if value is None:
        raise BadDelivery(f"an event has no usable {name}")
    return value


def _occurred_at(raw: Raw) -> datetime:
    """Return the event's time: milliseconds since 1970 as text or number; ISO 8601 with a zone has been seen too."""
    text = _text(raw.get("eventTime")) or ""
    try:
        if text.isascii() and text.isdigit():
            return _EPOCH + timedelta(milliseconds=int(text))
    except (ValueError, OverflowError):
        pass
    if at := _instant(text):
        return at
    raise BadDelivery("an event has no usable time")
