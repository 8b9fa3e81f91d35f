from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from desk_sync.adapters.desk import payload, raw
from desk_sync.adapters.desk.events import read_events
from desk_sync.adapters.desk.payload import private_comment, read_ticket, write_fields
from desk_sync.domain.account.identity import Evidence, EvidencePlace, Identifier, IdentifierKind
from desk_sync.domain.ticket.event import EventHint, EventItem
from desk_sync.domain.ticket.ticket import Field, digest
from desk_sync.errors import BadDelivery, FieldsRefused
from desk_sync.ports.portal import InstallationMark
from tests.adapters.desk.portal import ORG, PAYLOADS, TICKET, VOCABULARY, make_raw, read_payload
from tests.support.makers import changes

AGENT = "119514000000139001"
BOX = "cf_priority_customer_large_user_account"
ADDRESS = "cf_customer_primary_email_address"
MARK = "ds-0123456789ab"


def make_event(kind: str = "Ticket_Update", payload: object = None, **changes) -> dict:
    facts = {"payload": make_raw() if payload is None else payload, "eventTime": "1784296961000"}
    return facts | {"eventType": kind, "orgId": ORG} | changes


def read(*events: object):
    return read_events(json.dumps(events).encode(), VOCABULARY, org_id=ORG)


# Tickets ------------------------------------------------------------------------------------------------------------


def test_a_ticket_is_read_in_our_words():
    raw = make_raw(
        category="Feature Request",
        cf={
            ADDRESS: "Admin@Large.example ",
            BOX: "true",
            "cf_severity": "S1-Critical",
            "cf_request_type": "Technical Support",
        },
    )

    ticket = read_ticket(raw, VOCABULARY)

    assert ticket.ticket_id == TICKET
    assert ticket.department_id == "119514000000006907"
    assert (ticket.status, ticket.status_type) == ("Open", "Open")
    assert ticket.customer_primary_email == "admin@large.example"
    assert ticket.evidence == (
        Evidence(EvidencePlace.FIELD, (Identifier(IdentifierKind.EMAIL, "admin@large.example"),)),
        Evidence(EvidencePlace.FIELD, (Identifier(IdentifierKind.DOMAIN, "large.example"),)),
    )
    assert (ticket.large_user, ticket.severity) == (True, "S1-Critical")
    assert (ticket.request_type, ticket.issue_type, ticket.product) == ("TECHNICAL_SUPPORT", "feature_request", None)
    assert (ticket.contact_id, ticket.sender) == ("119514000001200101", "ops@partner.example")
    assert (ticket.in_bin, ticket.modified_by) == (False, AGENT)
    assert ticket.modified_at == datetime(2026, 7, 17, 13, 54, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "ticked"),
    [
        pytest.param("true", True, id="as Desk writes it"),
        pytest.param(True, True, id="a JSON boolean"),
        pytest.param("false", False, id="a text that Python takes for true"),
        pytest.param(False, False, id="a JSON boolean that is false"),
        pytest.param(None, False, id="never set"),
        pytest.param("", False, id="empty"),
        pytest.param("yes", False, id="another word"),
        pytest.param({"value": "true"}, False, id="another shape"),
    ],
)
def test_a_box_is_ticked_only_by_true(value, ticked):
    assert read_ticket(make_raw(cf={BOX: value}), VOCABULARY).large_user is ticked


@pytest.mark.parametrize("flag", ["isTrashed", "isSpam", "isDeleted", "isArchived"])
def test_a_ticket_that_is_put_away_is_in_the_bin(flag):
    assert read_ticket(make_raw(**{flag: True}), VOCABULARY).in_bin


def test_a_text_that_is_no_address_is_kept_and_is_no_evidence():
    ticket = read_ticket(make_raw(cf={ADDRESS: " see below "}), VOCABULARY)

    assert (ticket.customer_primary_email, ticket.evidence) == ("see below", ())


def test_a_custom_field_that_is_not_even_empty_has_no_place_on_the_layout():
    ticket = read_ticket(make_raw(cf={BOX: None, "cf_severity": "S1-Critical"}), VOCABULARY)

    assert Field.CUSTOMER_PRIMARY_EMAIL in ticket.not_on_layout
    assert not {Field.LARGE_USER, Field.SEVERITY, Field.STATUS} & ticket.not_on_layout


def test_values_that_the_mapping_does_not_name_are_empty():
    ticket = read_ticket(make_raw(category="Billing", cf={"cf_request_type": "Sales"}), VOCABULARY)

    assert (ticket.issue_type, ticket.request_type) == (None, None)


@pytest.mark.parametrize("raw", [{}, {"cf": None}, {"cf": [], "id": True, "email": 3.5, "status": {}}], ids=repr)
def test_what_is_not_shown_is_empty(raw):
    ticket = read_ticket(raw, VOCABULARY)

    assert (ticket.customer_primary_email, ticket.large_user, ticket.severity) == (None, False, None)
    assert (ticket.sender, ticket.in_bin, ticket.closed) == (None, False, False)


# Writing ------------------------------------------------------------------------------------------------------------


def test_a_write_spells_values_as_desk_takes_them():
    fields = {Field.LARGE_USER: True, Field.SEVERITY: None, Field.CUSTOMER_PRIMARY_EMAIL: "admin@large.example"}

    assert write_fields(fields, VOCABULARY) == {
        "cf": {BOX: "true", "cf_severity": None, ADDRESS: "admin@large.example"}
    }
    assert write_fields({Field.LARGE_USER: False}, VOCABULARY) == {"cf": {BOX: "false"}}


def test_a_standard_field_is_written_outside_cf():
    vocabulary = replace(VOCABULARY, fields={"severity": "priority", "large_user": BOX})
    fields = {Field.SEVERITY: "High", Field.LARGE_USER: True}

    assert write_fields(fields, vocabulary) == {"priority": "High", "cf": {BOX: "true"}}
    assert write_fields({Field.SEVERITY: "High"}, vocabulary) == {"priority": "High"}
    assert read_ticket(make_raw(priority="High"), vocabulary).severity == "High"


def test_a_field_without_a_name_in_the_portal_cannot_be_written():
    with pytest.raises(FieldsRefused, match="severity") as caught:
        write_fields({Field.SEVERITY: "S1-Critical"}, replace(VOCABULARY, fields={}))

    assert caught.value.fields == {"severity": "refused"}


@pytest.mark.parametrize("name", ["cf_severity", "priority"])
@pytest.mark.parametrize("empty", [None, "", " "])
def test_a_field_is_emptied_by_null_and_never_by_an_empty_text(name, empty):
    body = write_fields({Field.SEVERITY: empty}, replace(VOCABULARY, fields={"severity": name}))

    assert {**body, **body.get("cf", {})}[name] is None


# Events -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "hints", "actor"),
    [
        ("ticket_add.json", [EventHint.STATE], AGENT),
        ("ticket_update.json", [EventHint.STATE], AGENT),
        ("ticket_update_no_prevstate.json", [EventHint.STATE], AGENT),
        ("ticket_delete.json", [EventHint.GONE], None),
        ("ticket_thread_add_in.json", [EventHint.CONVERSATION], "119514000001200101"),
        ("ticket_thread_add_out.json", [EventHint.CONVERSATION], AGENT),
        ("ticket_comment_add.json", [EventHint.CONVERSATION], AGENT),
        ("ticket_comment_update.json", [EventHint.CONVERSATION], AGENT),
        ("contact_update.json", [], None),
        ("empty_array.json", [], None),
    ],
)
def test_a_delivery_gives_the_ticket_and_the_actor(file, hints, actor):
    events = read_events((PAYLOADS / file).read_bytes(), VOCABULARY, org_id=ORG)

    assert [event.hint for event in events] == hints
    assert {event.ticket_id for event in events} <= {TICKET}
    assert {event.actor_id for event in events} <= {actor}


@pytest.mark.parametrize(
    ("file", "item"),
    [
        ("ticket_update.json", None),
        ("ticket_thread_add_in.json", EventItem.THREAD),
        ("ticket_comment_add.json", EventItem.COMMENT),
        ("ticket_comment_update.json", EventItem.COMMENT),
    ],
)
def test_an_event_about_a_conversation_names_its_item(file, item):
    (event,) = read_events((PAYLOADS / file).read_bytes(), VOCABULARY, org_id=ORG)

    assert event.item is item
    assert event.item_id == (read_payload(file)[0]["payload"]["id"] if item else None)


def test_every_event_of_a_delivery_is_read():
    events = read_events((PAYLOADS / "batch_two_events.json").read_bytes(), VOCABULARY, org_id=ORG)

    assert len({event.key for event in events}) == len(read_payload("batch_two_events.json")) == 2


def test_an_update_carries_the_state_that_a_read_would_find_and_the_one_before():
    after, before = make_raw(cf={BOX: "true", "cf_severity": "S1-Critical"}), make_raw(modifiedBy="1")

    (event,) = read(make_event(payload=after, prevState=before))

    assert event.state == digest(read_ticket(after, VOCABULARY))
    assert event.before == digest(read_ticket(before, VOCABULARY))
    assert event.modified_at == read_ticket(after, VOCABULARY).modified_at
    assert event.changes == changes(read_ticket(before, VOCABULARY), read_ticket(after, VOCABULARY))
    assert event.changed == {Field.LARGE_USER, Field.SEVERITY}


def test_a_change_of_what_we_do_not_read_is_none():
    (event,) = read(make_event(payload=make_raw(subject="other", modifiedBy="2"), prevState=make_raw()))

    assert event.state == event.before
    assert event.changed == frozenset()


@pytest.mark.parametrize(
    "missing", ["cf", "status", "statusType", "departmentId", "contactId", "email", "category", "description"]
)
def test_a_payload_that_does_not_show_all_that_we_read_has_no_state(missing):
    part = make_raw()
    del part[missing]

    (of_payload,) = read(make_event(payload=part, prevState=make_raw(cf={BOX: "true"})))
    (of_previous,) = read(make_event(prevState=part))

    assert of_payload.state is None
    assert of_payload.before
    assert of_previous.before is None
    assert of_previous.state
    assert of_payload.changed == of_previous.changed == frozenset()


@pytest.mark.parametrize("previous", [{}, {"prevState": None}], ids=["absent", "null"])
def test_the_state_before_may_be_missing(previous):
    (event,) = read(make_event(**previous))

    assert event.state
    assert event.before is None


@pytest.mark.parametrize(
    "time",
    ["1784296961000", 1784296961000, "2026-07-17T14:02:41.000Z", "2026-07-17T19:32:41+05:30"],
    ids=["milliseconds as text", "milliseconds", "ISO text", "ISO text in another zone"],
)
def test_the_time_of_an_event_is_an_instant(time):
    (event,) = read(make_event(eventTime=time))

    assert event.occurred_at == datetime(2026, 7, 17, 14, 2, 41, tzinfo=UTC)
    assert event.occurred_at.tzinfo is UTC


def test_a_delivery_that_comes_twice_has_the_same_keys_and_another_has_not():
    first = make_event(prevState=make_raw())
    others = [
        first | {"eventTime": "1784296961001"},
        first | {"eventType": "Ticket_Add"},
        first | {"payload": make_raw(cf={BOX: "true"})},
        first | {"payload": make_raw(id="119514000017429002")},
        first | {"prevState": make_raw(status="Closed")},
    ]

    (key,) = {event.key for event in read(first, json.loads(json.dumps(first)))}
    keys = {event.key for event in read(*others)}

    assert len(keys) == len(others)
    assert key not in keys


def test_keys_sort_by_the_times_of_their_events_so_that_these_are_stored_side_by_side():
    first = make_event(eventTime="999999999999")
    later = [first | {"eventTime": time} for time in ("1000000000000", "1784296961000", "1784296961001")]

    keys = [event.key for event in read(first, *later)]

    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("content", "reference"),
    [
        pytest.param(private_comment("text", MARK)["content"], MARK, id="as we write it"),
        pytest.param(f"<div>text<br />[{MARK}]</div>\n", MARK, id="as Desk may wrap it"),
        pytest.param(f"See [{MARK}]: I do not agree", None, id="an agent quotes ours"),
        pytest.param(f"{MARK}", None, id="the bare words"),
        pytest.param("[ds-0123456789AB]", None, id="not our spelling"),
        pytest.param("thanks", None, id="another person's"),
        pytest.param(None, None, id="no content"),
    ],
)
def test_our_own_comment_is_known_by_the_reference_at_its_end(content, reference):
    (event,) = read(make_event("Ticket_Comment_Add", {"id": "1", "ticketId": TICKET, "content": content}))

    assert event.reference == reference


def test_the_author_of_a_comment_may_be_in_two_places():
    (event,) = read(make_event("Ticket_Comment_Add", {"id": "1", "ticketId": TICKET, "commenter": {"id": AGENT}}))

    assert event.actor_id == AGENT


def test_nothing_that_people_wrote_is_kept():
    canary = make_raw(subject="canary", description="canary", firstThread={"content": "canary"})
    thread = {"id": "2", "ticketId": TICKET, "content": "canary", "summary": "canary", "author": {"name": "canary"}}

    events = read(make_event(payload=canary, prevState=canary), make_event("Ticket_Thread_Add", thread))

    assert len(events) == 2
    assert "canary" not in repr(events)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"payload", id="not JSON"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b'["\\ud800"]', id="half a character"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="nested deeply"),
        pytest.param(b"{}", id="an object"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[1]", id="an array of numbers"),
        pytest.param(b"[{}]", id="an event without a payload"),
        pytest.param(json.dumps([make_event() | {"payload": []}]).encode(), id="a payload that is a list"),
        pytest.param(json.dumps([make_event() | {"orgId": "7"}]).encode(), id="another portal's"),
        pytest.param(json.dumps([make_event() | {"orgId": None}]).encode(), id="no portal's"),
        pytest.param(json.dumps([make_event("Ticket_Thread_Add")]).encode(), id="a thread of no ticket"),
        pytest.param(json.dumps([make_event(payload=make_raw(id="../1"))]).encode(), id="an id that is a path"),
        pytest.param(json.dumps([make_event(payload=make_raw(id="1" * 21))]).encode(), id="an id that is too long"),
        pytest.param(json.dumps([make_event(payload=make_raw(id="١٢"))]).encode(), id="digits of another script"),
        pytest.param(json.dumps([make_event(payload=make_raw(id=True))]).encode(), id="an id that is a boolean"),
        pytest.param(json.dumps([make_event(payload=make_raw(id=1.5))]).encode(), id="an id that is a fraction"),
        pytest.param(json.dumps([make_event(eventTime="")]).encode(), id="no time"),
        pytest.param(json.dumps([make_event(eventTime="yesterday")]).encode(), id="a word for a time"),
        pytest.param(json.dumps([make_event(eventTime="2026-07-17T14:02:41")]).encode(), id="a time in no zone"),
        pytest.param(json.dumps([make_event(eventTime="9" * 30)]).encode(), id="a time beyond all calendars"),
        pytest.param(json.dumps([make_event(eventTime="9" * 5000)]).encode(), id="a number too long to read"),
        pytest.param(json.dumps([make_event(eventTime="0001-01-01T00:00+14:00")]).encode(), id="before the first year"),
    ],
)
def test_what_desk_would_not_send_is_refused(body):
    with pytest.raises(BadDelivery):
        read_events(body, VOCABULARY, org_id=ORG)


BAD = [
    pytest.param(7, "an event is not an object with a payload", id="no object"),
    pytest.param(make_event(orgId="7"), "an event is another portal's", id="another portal's"),
    pytest.param(make_event(eventTime="canary"), "an event has no usable time", id="no time"),
    pytest.param(make_event(payload=make_raw(id="canary")), "an event has no usable id", id="no ticket"),
]


@pytest.mark.parametrize(("bad", "cause"), BAD)
def test_an_event_that_cannot_be_read_takes_no_other_with_it(bad, cause):
    """A delivery that is refused for one event would lose the others, since Desk may not repeat it."""
    with capture_logs() as lines:
        events = read(bad, make_event("Ticket_Delete"), bad)

    assert [event.type for event in events] == ["Ticket_Delete"]
    assert lines == [
        {"event": "event.refused", "log_level": "warning", "org_id": ORG, "cause": cause, "count": 2},
    ]


def test_an_event_that_is_none_of_ours_is_no_fault():
    assert read(7, make_event("Contact_Update")) == []


def test_ids_and_the_portal_may_come_as_numbers():
    (event,) = read(make_event("Ticket_Delete", {"id": int(TICKET)}, orgId=int(ORG)))

    assert event.ticket_id == TICKET


def test_many_marks_in_a_text_cost_no_time():
    text = "[ds-0123456789ab]<" * 50_000

    (event,) = read(make_event("Ticket_Comment_Add", {"id": "1", "ticketId": TICKET, "content": text}))

    assert event.reference is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("payload", "prevState", "eventTime", "orgId")
PARTS = ("id", "ticketId", "cf", "content", "email", "author", "commenter", "modifiedBy", "isSpam", "status")


@given(
    st.sampled_from(["Ticket_Update", "Ticket_Delete", "Ticket_Comment_Add", "Ticket_Thread_Add"]),
    st.dictionaries(st.sampled_from(KEYS), anything),
    st.dictionaries(st.sampled_from(PARTS), anything),
)
def test_a_delivery_is_read_or_refused_whatever_it_holds(kind, event, payload):
    body = json.dumps([make_event(kind, make_raw() | payload) | event]).encode()

    try:
        events = read_events(body, VOCABULARY, org_id=ORG)
    except BadDelivery:
        return

    assert all(event.ticket_id.isdigit() for event in events)


class TestEvidenceBasis:
    """The texts that hold evidence are part of the state; the evidence itself is extracted only by a look."""

    def state(self, **facts):
        (event,) = json.loads((PAYLOADS / "ticket_update.json").read_bytes())
        changed = event | {"payload": event["payload"] | facts}
        (read,) = read_events(json.dumps([changed]).encode(), VOCABULARY, org_id=event["orgId"])
        return read.state

    def test_another_description_is_another_state(self):
        assert self.state(description="ZOID 123456") != self.state(description="ZOID 123457")

    @pytest.mark.parametrize(
        "description",
        [
            pytest.param("<div>ZOID: 123456</div>", id="markup"),
            pytest.param("ZOID:&nbsp;123456\n", id="blanks"),
        ],
    )
    def test_the_same_words_in_another_layout_are_the_same_state(self, description):
        assert self.state(description=description) == self.state(description="ZOID: 123456")

    def test_a_description_without_end_is_read_at_once(self):
        began = time.monotonic()
        self.state(description="<" * 1_000_000)

        assert time.monotonic() - began < 1


INSTALLATION = "65f0c1a2b3c4d5"


class TestTheInstallationInAComment:
    def test_a_private_comment_names_it_beside_the_reference(self):
        body = payload.private_comment("Seen.", MARK, INSTALLATION)

        assert body["content"] == f"Seen.<br>[{MARK}.{INSTALLATION}]"
        assert raw.our_reference(body) == MARK

    def test_a_public_one_does_not(self):
        assert payload.public_comment("Seen.")["content"] == "Seen."

    def test_the_text_of_the_comment_is_without_both(self):
        body = payload.private_comment("Seen.", MARK, INSTALLATION)

        assert payload.comment_text({"data": [body]}, MARK).split() == ["Seen."]

    @pytest.mark.parametrize(
        ("changes", "read"),
        [
            pytest.param({}, True, id="ours"),
            pytest.param({"isPublic": True}, False, id="public: a partner can write that"),
            pytest.param({"commenter": {"type": "END_USER"}}, False, id="by a partner"),
            pytest.param({"commenter": None}, False, id="by nobody"),
            pytest.param({"commentedTime": None}, False, id="without a time"),
            pytest.param({"content": f"Seen. [{MARK}]"}, False, id="of a version without installations"),
            pytest.param({"content": f"Seen. [{MARK}.{INSTALLATION}] But why?"}, False, id="quoted by a person"),
            pytest.param({"content": f"Seen. [{MARK}.{INSTALLATION[:-1]}]"}, False, id="too short"),
        ],
    )
    def test_it_is_read_from_private_comments_of_agents_only(self, changes, read):
        comment = {
            "id": "1",
            "content": f"Seen.<br>[{MARK}.{INSTALLATION}]",
            "commentedTime": "2026-11-23T09:00:00.000Z",
            "isPublic": False,
            "commenter": {"type": "AGENT"},
        }

        found = payload.installation_marks({"data": [comment | changes]})

        at = datetime(2026, 11, 23, 9, tzinfo=UTC)
        mark = InstallationMark(installation=INSTALLATION, made_at=at, edited_at=at)
        assert found == ([mark] if read else [])
