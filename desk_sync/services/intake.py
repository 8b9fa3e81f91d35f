"""Intake of a delivery: check its token, read its events, record them. Nothing is decided here."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from desk_sync.domain.ticket.event import Event
from desk_sync.errors import BadDelivery, DeliveryFault
from desk_sync.ports.now import Now
from desk_sync.ports.tickets import DeliveryInbox, RecordedDelivery

Token: TypeAlias = str | None
Verify: TypeAlias = Callable[[Token], None]
KnownToken: TypeAlias = Callable[[Token], bool]
Read: TypeAlias = Callable[[bytes], Sequence[Event]]

NOTHING = RecordedDelivery(stored=0, known=0)
_JSON_SPACE = b" \t\r\n"


class DeliveryDoor(Protocol):
    """The entrance for one portal's deliveries."""

    def is_known(self, token: Token) -> bool:
        """Return True if the token was verified before and is still valid, so that `take` may be called at once."""
        ...

    def verify(self, token: Token) -> None:
        """Return if the token is valid. Raises BadToken, or TemporaryError if that cannot be found out now."""
        ...

    def accept(self, token: Token, body: bytes) -> Future[RecordedDelivery]:
        """Check the token, then take the delivery. Raises the errors of `verify` and of `take`."""
        ...

    def take(self, body: bytes) -> Future[RecordedDelivery]:
        """Take a delivery whose token is known to be valid, without blocking.

        The future is done when the delivery is committed, and not before (L1); cancelling it withdraws the delivery.
        Raises BadDelivery or TemporaryError, or the future ends with an error; then nothing is recorded.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The intake of one portal. `verify` raises BadToken, `read` raises BadDelivery, both may raise TemporaryError.

    `is_known` returns True if `verify` would accept the token without a call.
    """

    verify: Verify
    is_known: KnownToken
    read: Read
    inbox: DeliveryInbox
    now: Now

    def accept(self, token: Token, body: bytes) -> Future[RecordedDelivery]:
        """Record the events of a delivery. A body that is no array is Desk's unsigned handshake and is not recorded."""
        if not _is_array(body):
            return _nothing()
        self.verify(token)
        return self._record(body)

    def take(self, body: bytes) -> Future[RecordedDelivery]:
        return self._record(body) if _is_array(body) else _nothing()

    def _record(self, body: bytes) -> Future[RecordedDelivery]:
        events = self.read(body)
        return self.inbox.submit(events, now=self.now()) if events else _nothing()


def _is_array(body: bytes) -> bool:
    """Return True if the body begins as a JSON array; errors further on are found by `read`, after the token check."""
    if body.removeprefix(BOM_UTF8).lstrip(_JSON_SPACE).startswith(b"["):
        return True
    if not body:
        return False
    try:
        json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BadDelivery("the body is not JSON", fault=DeliveryFault.NOT_JSON) from None
    return False


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _nothing() -> Future[RecordedDelivery]:
    done: Future[RecordedDelivery] = Future()
    done.set_result(NOTHING)
    return done
