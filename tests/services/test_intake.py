"""The intake of a delivery, between the receiver and the store."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.errors import BadDelivery, BadToken, DeskSyncError, TemporaryError
from desk_sync.ports.tickets import RecordedDelivery
from desk_sync.services.intake import NOTHING, Intake

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EVENT = Event(key="1", type="Ticket_Update", hint=EventHint.STATE, ticket_id="7", occurred_at=NOW)
PAYLOADS = sorted((Path(__file__).parents[1] / "cases" / "payloads").glob("ticket_*.json"))


class Notebook:
    """An inbox in memory that keeps the submitted events, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.kept: list[tuple[tuple[Event, ...], datetime]] = []

    def submit(self, events: Sequence[Event], *, now: datetime) -> Future[RecordedDelivery]:
        answer: Future[RecordedDelivery] = Future()
        if self.error:
            answer.set_exception(self.error)
            return answer
        self.kept.append((tuple(events), now))
        answer.set_result(RecordedDelivery(stored=len(events), known=0))
        return answer


def trust(token: str | None) -> None:
    if token != "good":
        raise BadToken("not good")


def intake(inbox: Notebook, *, verify=trust, read=lambda body: [EVENT]) -> Intake:
    return Intake(verify=verify, is_known=lambda token: False, read=read, inbox=inbox, now=lambda: NOW)


def test_a_signed_delivery_is_recorded_with_its_time_of_arrival():
    inbox = Notebook()

    assert intake(inbox).accept("good", b"[{}]").result(0) == RecordedDelivery(stored=1, known=0)
    assert inbox.kept == [((EVENT,), NOW)]


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: path.stem)
def test_the_reader_gets_the_body_unchanged(payload):
    bodies = []

    intake(Notebook(), read=lambda body: bodies.append(body) or []).accept("good", payload.read_bytes())

    assert bodies == [payload.read_bytes()]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="an object"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"hello"', id="a text"),
        pytest.param(b' \n {"a": [1]}', id="an object with an array in it"),
    ],
)
def test_a_handshake_needs_no_token_and_does_nothing(body):
    inbox = Notebook()

    assert intake(inbox).accept(None, body).result(0) == NOTHING
    assert inbox.kept == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"hello", id="a word"),
        pytest.param(b"a=1&b=2", id="a form"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"NaN", id="not a JSON number"),
        pytest.param(b'"\xff"', id="not UTF-8"),
        pytest.param(b'{"a":' * 100_000, id="nested without end"),
    ],
)
def test_a_body_that_is_not_json_is_refused_even_with_a_good_token(body):
    inbox = Notebook()

    with pytest.raises(BadDelivery):
        intake(inbox).accept("good", body)

    assert inbox.kept == []


def test_a_body_is_read_only_after_its_token_was_verified():
    def read(body: bytes) -> Sequence[Event]:
        raise AssertionError("a forged delivery was read")

    inbox = Notebook()

    with pytest.raises(BadToken):
        intake(inbox, read=read).accept("forged", b"[{}]")

    assert inbox.kept == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[{}]", id="events"),
        pytest.param(b"[]", id="no events"),
        pytest.param(b" \t\r\n[]", id="after blanks"),
        pytest.param(b"\xef\xbb\xbf[{}]", id="after a byte order mark"),
        pytest.param(b"[{}", id="cut off"),
    ],
)
def test_an_array_needs_a_token(body):
    with pytest.raises(BadToken):
        intake(Notebook()).accept(None, body)


def test_a_delivery_that_cannot_be_read_is_not_recorded_in_part():
    def read(body: bytes) -> Sequence[Event]:
        raise BadDelivery("event 2 has no type")

    inbox = Notebook()

    with pytest.raises(BadDelivery):
        intake(inbox, read=read).accept("good", b"[{}]")

    assert inbox.kept == []


@pytest.mark.parametrize("error", [TemporaryError("locked"), DeskSyncError("odd"), RuntimeError("a bug")], ids=repr)
def test_a_store_that_fails_is_never_answered_with_a_result(error):
    with pytest.raises(type(error)):
        intake(Notebook(error)).accept("good", b"[{}]").result(0)


def test_a_delivery_without_relevant_events_is_not_stored():
    inbox = Notebook()

    assert intake(inbox, read=lambda body: []).accept("good", b"[{}]").result(0) == NOTHING
    assert inbox.kept == []


def test_a_known_token_is_not_verified_again():
    def verify(token: str | None) -> None:
        raise AssertionError("a known token was verified again")

    inbox = Notebook()

    assert intake(inbox, verify=verify).take(b"[{}]").result(0) == RecordedDelivery(stored=1, known=0)
    assert inbox.kept == [((EVENT,), NOW)]


def test_a_handshake_with_a_known_token_does_nothing_either():
    inbox = Notebook()

    assert intake(inbox).take(b"{}").result(0) == NOTHING
    assert inbox.kept == []


def test_a_body_that_is_not_json_is_refused_with_a_known_token_too():
    with pytest.raises(BadDelivery):
        intake(Notebook()).take(b"hello")
