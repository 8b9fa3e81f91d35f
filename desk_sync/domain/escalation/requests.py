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


class RequestSource(StrEnum):
    """The place of a request: a checkbox, status or tag; the record of a person; or the words of a mail."""

    FIELD = "field"
    PERSON = "person"
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRequest:
    """A request for an escalation. `person` is the one who recorded it, if they gave a name."""

    by: Requester
    at: datetime
    source: RequestSource = RequestSource.FIELD
    person: str | None = None

    def __str__(self) -> str:
        """The request as a sentence, without its instant."""
        recorded = f", as {self.person or 'a person'} recorded" if self.source is RequestSource.PERSON else ""
        return f"the {self.by} asked for an escalation{' in a mail' * (self.source is RequestSource.WORDS)}{recorded}"


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
