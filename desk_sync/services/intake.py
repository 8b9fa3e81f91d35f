"""Take a delivery: check who sent it, read what it tells, write it down. Nothing is acted on here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import orjson

from desk_sync.domain.ticket import Event
from desk_sync.errors import BadDelivery
from desk_sync.ports import Inbox, Now, Recorded

Verify: TypeAlias = Callable[[str | None], None]
Read: TypeAlias = Callable[[bytes], Sequence[Event]]

NOTHING = Recorded(stored=0, known=0)


class Door(Protocol):
    """Where one portal's deliveries come in."""

    def accept(self, token: str | None, body: bytes) -> Recorded:
        """Returns when the delivery is committed, and not before (L1).

        Raises BadDelivery, BadToken, or TemporaryError; then nothing counts as delivered.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The door of one portal. `verify` raises BadToken, `read` raises BadDelivery, both may raise TemporaryError."""

    verify: Verify
    read: Read
    inbox: Inbox
    now: Now

    def accept(self, token: str | None, body: bytes) -> Recorded:
        """Record the events of a delivery. What is no array is Desk's unsigned handshake: nothing is done."""
        if not body or not _is_array(body):
            return NOTHING
        self.verify(token)
        return self.inbox.record(self.read(body), now=self.now())


def _is_array(body: bytes) -> bool:
    try:
        return isinstance(orjson.loads(body), list)
    except orjson.JSONDecodeError:
        raise BadDelivery("the body is not JSON") from None
