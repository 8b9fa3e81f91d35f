"""What happens to a delivery between the door and the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desk_sync.domain.ticket import Event, Hint
from desk_sync.errors import BadDelivery, BadToken, DeskSyncError, TemporaryError
from desk_sync.ports import Recorded
from desk_sync.services.intake import NOTHING, Intake

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EVENT = Event(key="1", type="Ticket_Update", hint=Hint.STATE, ticket_id="7", occurred_at=NOW)
PAYLOADS = sorted((Path(__file__).parents[1] / "cases" / "payloads").glob("ticket_*.json"))


class Notebook:
    """An inbox that keeps what it was given, or refuses to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.kept: list[tuple[tuple[Event, ...], datetime]] = []

    def record(self, events: Sequence[Event], *, now: datetime) -> Recorded:
        if self.error:
            raise self.error
        self.kept.append((tuple(events), now))
        return Recorded(stored=len(events), known=0)


def trust(token: str | None) -> None:
    if token != "good":
        raise BadToken("not good")


def intake(inbox: Notebook, *, verify=trust, read=lambda body: [EVENT]) -> Intake:
    return Intake(verify=verify, read=read, inbox=inbox, now=lambda: NOW)


def test_a_signed_delivery_is_recorded_with_the_time_of_its_coming():
    inbox = Notebook()

    assert intake(inbox).accept("good", b"[{}]") == Recorded(stored=1, known=0)
    assert inbox.kept == [((EVENT,), NOW)]


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: path.stem)
def test_the_reader_is_given_the_body_as_it_came(payload):
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

    assert intake(inbox).accept(None, body) == NOTHING
    assert inbox.kept == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"hello", id="a word"),
        pytest.param(b"a=1&b=2", id="a form"),
        pytest.param(b"[{}", id="cut off"),
        pytest.param(b"[NaN]", id="not a JSON number"),
        pytest.param(b'["\xff"]', id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_a_body_that_is_not_json_is_refused_whatever_its_token(body):
    inbox = Notebook()

    with pytest.raises(BadDelivery):
        intake(inbox).accept("good", body)

    assert inbox.kept == []


def test_a_body_is_read_only_after_its_token_was_found_good():
    def read(body: bytes) -> Sequence[Event]:
        raise AssertionError("a forged delivery was read")

    inbox = Notebook()

    with pytest.raises(BadToken):
        intake(inbox, read=read).accept("forged", b"[{}]")

    assert inbox.kept == []


@pytest.mark.parametrize("body", [b"[{}]", b"[]"], ids=["events", "no events"])
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
        intake(Notebook(error)).accept("good", b"[{}]")
