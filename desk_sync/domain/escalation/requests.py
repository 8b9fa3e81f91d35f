"""Requests of people on a ticket: to escalate it (R33), or to leave a running escalation to them (a take-over)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desk_sync.domain.commitment.calendar import Pause


class Requester(StrEnum):
    """The side that requested an escalation."""

    PARTNER = "partner"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRequest:
    """A request for an escalation, by a checkbox, a status or a tag."""

    by: Requester
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRequests:
    """The open request, if there is one, and the spans in which a person had taken the escalation over."""

    request: EscalationRequest | None = None
    taken_over: tuple[Pause, ...] = ()

    def then(self, request: EscalationRequest | None, *, taken_over: bool, now: datetime) -> EscalationRequests:
        """Return the requests after a look at `now`; a request that was already open stays unchanged."""
        return EscalationRequests(
            request=request and (self.request or request), taken_over=self._spans(now, taken_over=taken_over)
        )

    def _spans(self, now: datetime, *, taken_over: bool) -> tuple[Pause, ...]:
        open_span = bool(self.taken_over) and self.taken_over[-1][1] is None
        if taken_over == open_span:
            return self.taken_over
        if taken_over:
            return (*self.taken_over, (now, None))
        *before, (begun, _) = self.taken_over
        return (*before, (begun, now))


NO_REQUESTS = EscalationRequests()
