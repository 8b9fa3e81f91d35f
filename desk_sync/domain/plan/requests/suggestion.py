"""A partner's request in words, left to a person: a private note, and a question for review (R33, R34)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.requests import EscalationRequests
from desk_sync.domain.escalation.triggers import WordsEffect
from desk_sync.domain.format import format_instant, format_local
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.plan.requests.open_requests import open_requests
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.written_request import DESCRIPTION, RequestKind, WrittenRequest

NOTE = "words"
"""The beginning of the key of each note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSuggestion:
    """The open requests of one ticket, for a person to decide.

    `zone` is that of the ticket's region, None if it has no clocks; `box` is the check box that raises an escalation.
    """

    ticket_id: str
    requests: Sequence[WrittenRequest]
    zone: str | None = None
    box: str | None = None

    @property
    def questions(self) -> Sequence[str]:
        """A question for each request; another one is a new entry for review."""
        return [
            f"whether to escalate, as the partner {_SAID[each.kind]} in {self._mail(each)}" for each in self.requests
        ]

    def notes(self) -> Iterator[Effect]:
        """Yield one private note for each request."""
        for each in self.requests:
            yield Effect(key=f"{NOTE}:{each.mail}", kind=EffectKind.REVIEW, text=self._note(each))

    def _note(self, request: WrittenRequest) -> str:
        return "\n".join(
            (
                f"The partner {_SAID[request.kind]} in {self._mail(request)}. No level was raised.",
                f"To do: read it, and answer the partner in public. To escalate, {self._way}.",
                f"Why: {_WHY[request.kind]}",
            )
        )

    @property
    def _way(self) -> str:
        command = f"run: desk-sync review raise {self.ticket_id}"
        return f"tick {self.box} on this ticket, or {command}" if self.box else command

    def _mail(self, request: WrittenRequest) -> str:
        at = format_local(request.at, self.zone) if self.zone else format_instant(request.at)
        return f"the description of {at}" if request.mail == DESCRIPTION else f"the mail of {at}"


def suggest(
    observed: ObservedTicket,
    state: EscalationState,
    requests: EscalationRequests,
    policy: Policy,
    reading: ClockReading | None,
) -> RequestSuggestion:
    """Return the requests that are left to a person: all that are open, if the mapping says so."""
    rules = policy.escalation.requests
    return RequestSuggestion(
        ticket_id=observed.ticket.ticket_id,
        requests=open_requests(observed, state, requests) if rules.words is WordsEffect.SUGGEST else (),
        zone=reading.zone if reading else None,
        box=rules.box,
    )


_SAID: Mapping[RequestKind, str] = {
    RequestKind.ESCALATION: "asks for an escalation",
    RequestKind.DISSATISFACTION: "says that they are dissatisfied",
}
_WHY: Mapping[RequestKind, str] = {
    RequestKind.ESCALATION: (
        "a partner with a valid contract may escalate after the response time. Words alone raise nothing. [R33]"
    ),
    RequestKind.DISSATISFACTION: (
        "a partner may escalate if dissatisfied with the level or the speed of support. Words alone raise nothing. "
        "[R33, R34]"
    ),
}
