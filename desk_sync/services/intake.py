"""Take a delivery: check who sent it, read what it tells, write it down. Nothing is acted on here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import orjson

from desk_sync.domain.ticket.event import Event
from desk_sync.errors import BadDelivery
from desk_sync.ports.now import Now
from desk_sync.ports.tickets import DeliveryInbox, RecordedDelivery

Token: TypeAlias = str | None
Verify: TypeAlias = Callable[[Token], None]
Know: TypeAlias = Callable[[Token], bool]
Read: TypeAlias = Callable[[bytes], Sequence[Event]]

NOTHING = RecordedDelivery(stored=0, known=0)
_JSON_SPACE = b" \t\r\n"


class DeliveryDoor(Protocol):
    """Where one portal's deliveries come in."""

    def knows(self, token: Token) -> bool:
        """Whether the token was found good before and still is, so that the delivery may be taken at once."""
        ...

    def accept(self, token: Token, body: bytes) -> Future[RecordedDelivery]:
        """Check the token, then take the delivery. Raises BadToken, and what `take` raises."""
        ...

    def take(self, body: bytes) -> Future[RecordedDelivery]:
        """Take the delivery of one who is known; waits for nobody.

        The future is done when the delivery is committed, and not before (L1); cancelled, it is withdrawn.
        Raises BadDelivery or TemporaryError, or ends with an error; then nothing counts as delivered.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The door of one portal. `verify` raises BadToken, `read` raises BadDelivery, both may raise TemporaryError.

    `knows` tells whether `verify` would answer at once.
    """

    verify: Verify
    knows: Know
    read: Read
    inbox: DeliveryInbox
    now: Now

    def accept(self, token: Token, body: bytes) -> Future[RecordedDelivery]:
        """Have the events of a delivery recorded. What is no array is Desk's unsigned handshake: nothing is done."""
        if not _is_array(body):
            return _nothing()
        self.verify(token)
        return self._record(body)

    def take(self, body: bytes) -> Future[RecordedDelivery]:
        """The same for who is known."""
        return self._record(body) if _is_array(body) else _nothing()

    def _record(self, body: bytes) -> Future[RecordedDelivery]:
        events = self.read(body)
        return self.inbox.submit(events, now=self.now()) if events else _nothing()


def _is_array(body: bytes) -> bool:
    """Whether the JSON is an array. One that is broken further on is for `read` to refuse, once its sender is known."""
    if body.lstrip(_JSON_SPACE).startswith(b"["):
        return True
    if not body:
        return False
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadDelivery("the body is not JSON") from None
    return False


def _nothing() -> Future[RecordedDelivery]:
    done: Future[RecordedDelivery] = Future()
    done.set_result(NOTHING)
    return done
