"""Fields that Desk does not accept: why, which of them are held back, and when they are tried again (L16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.backoff import doubled, lies_ahead
from desk_sync.domain.ticket.ticket import Value

EVERY = timedelta(hours=1)
"""How often a field is tried again while nothing changes."""
SHORTEST = timedelta(seconds=30)
"""The pause after a write without an answer; it doubles with each further one."""
ELSEWHERE = timedelta(days=1)
"""The longest wait of a ticket whose field was not sent, because other tickets of its department met a refusal."""
SEVERAL = 3
"""So many tickets of a department that meet the same refusal hold the field back for all of it."""


class RefusalKind(StrEnum):
    """How Desk did not accept a value.

    `MISSING`: a mandatory field, ours or another, is empty. `DROPPED`: the answer shows the value before the write.
    `CHANGED`: the answer shows a third value, which a rule of the portal set. `OVERTAKEN`: the value was not sent,
    because the field changed after it was read. `UNANSWERED`: it is not known.
    """

    INVALID = "invalid"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    REFUSED = "refused"
    DROPPED = "dropped"
    CHANGED = "changed"
    FORBIDDEN = "forbidden"
    OVERTAKEN = "overtaken"
    UNANSWERED = "unanswered"


_TEXTS: Mapping[RefusalKind, str] = {
    RefusalKind.INVALID: "Desk refuses the value as invalid",
    RefusalKind.DUPLICATE: "Desk refuses the value as a duplicate",
    RefusalKind.MISSING: "Desk requires another field first",
    RefusalKind.REFUSED: "Desk refuses the write and names no field",
    RefusalKind.DROPPED: "Desk ignored the value: the ticket's layout or the agent's profile may lack the field",
    RefusalKind.CHANGED: "a rule of the portal replaced the value within our write",
    RefusalKind.FORBIDDEN: "Desk does not permit our agent to write it",
    RefusalKind.OVERTAKEN: "the field was changed between our reading and our write",
    RefusalKind.UNANSWERED: "Desk did not answer the write",
}
_BRIEF = frozenset({RefusalKind.OVERTAKEN, RefusalKind.UNANSWERED})
_OF_THE_TICKET = _BRIEF | {RefusalKind.MISSING, RefusalKind.CHANGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRefusal:
    """Why Desk did not accept a field; `detail` names other fields, never a value (L11).

    `sent` is False for a field that was not sent because its department holds it back. `at_least` is the time that Desk
    asked to wait.
    """

    kind: RefusalKind
    detail: str = ""
    sent: bool = True
    at_least: timedelta = timedelta(0)

    @property
    def reason(self) -> str:
        return f"{_TEXTS[self.kind]}: {self.detail}" if self.detail else _TEXTS[self.kind]

    @property
    def may_be_everywhere(self) -> bool:
        """True if the refusal may follow from the field alone, and not from the other values of the ticket."""
        return self.kind not in _OF_THE_TICKET

    @property
    def is_brief(self) -> bool:
        """True if nobody need do anything: the next try is likely to succeed."""
        return self.kind in _BRIEF

    def pause(self, tries: int) -> timedelta:
        """Return the time until the field is tried again, after so many tries in a row."""
        if not self.sent:
            return ELSEWHERE
        if self.is_brief:
            return min(max(doubled(SHORTEST, tries, EVERY), self.at_least), ELSEWHERE)
        return EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """A field of one ticket that is not written until `try_again_at` (included), unless something changes before.

    `value` is the value that was not accepted, `found` the ticket's value after that, `tries` the number of refusals
    since a person last changed the ticket, and `mapping` the version of the mapping at the last of them.
    """

    value: Value
    found: Value
    refusal: FieldRefusal
    since: datetime
    try_again_at: datetime
    mapping: str
    tries: int

    @property
    def reason(self) -> str:
        return self.refusal.reason

    def still_waits(self, value: Value, *, now: datetime, mapping: str) -> bool:
        """Return True if this value need not be sent again before `try_again_at`."""
        return value == self.value and mapping == self.mapping and lies_ahead(self.try_again_at, now, ELSEWHERE)


def hold_back(
    refusal: FieldRefusal, before: HeldBack | None, *, value: Value, found: Value, now: datetime, mapping: str
) -> HeldBack:
    """Return a field as held back from now on, or for longer if it was held back `before`."""
    tries = (before.tries if before else 0) + refusal.sent
    return HeldBack(
        value=value,
        found=found,
        refusal=refusal,
        since=before.since if before else now,
        try_again_at=now + refusal.pause(tries),
        mapping=mapping,
        tries=tries,
    )
