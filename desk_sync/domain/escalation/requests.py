"""What people have asked of us on a ticket: an escalation (R33), or that it be left to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desk_sync.domain.commitment.calendar import Pause


class Requester(StrEnum):
    """Who asked for an escalation."""

    PARTNER = "partner"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRequest:
    """An escalation that somebody asked for, by a checkbox, a status or a tag."""

    by: Requester
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRequests:
    """The request that stands, if one does, and the spans in which somebody had taken the escalation over."""

    request: EscalationRequest | None = None
    taken_over: tuple[Pause, ...] = ()

    def then(self, request: EscalationRequest | None, *, taken_over: bool, now: datetime) -> EscalationRequests:
        """What is so after a look; a request that stood already stays what it was."""
        return EscalationRequests(
            request=request and (self.request or request), taken_over=self._spans(now, taken_over=taken_over)
        )

    def _spans(self, now: datetime, *, taken_over: bool) -> tuple[Pause, ...]:
        lasting = bool(self.taken_over) and self.taken_over[-1][1] is None
        if taken_over == lasting:
            return self.taken_over
        if taken_over:
            return (*self.taken_over, (now, None))
        *before, (begun, _) = self.taken_over
        return (*before, (begun, now))


NOTHING_ASKED = EscalationRequests()
