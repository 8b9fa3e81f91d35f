"""The request for an escalation that is open at a look: by a field, by a person's record, or by words (R33, R34).

A field, a status or a tag comes first: a person can see it, and take it back. Of the others the newest counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.commitment.history import History
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.ladder import LadderSignal
from desk_sync.domain.escalation.ladder_position import LadderPosition
from desk_sync.domain.escalation.requests import EscalationRequest, EscalationRequests, Requester, RequestSource
from desk_sync.domain.escalation.triggers import WordsEffect
from desk_sync.domain.plan.escalation import requests_after, signals
from desk_sync.domain.plan.memory import EscalationMemory
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.event import EventHint
from desk_sync.domain.ticket.written_request import WrittenRequest


def requests_at(observed: ObservedTicket, memory: EscalationMemory, policy: Policy) -> EscalationRequests:
    """Return the requests that are open at this look."""
    before = memory.requests
    by_field = before.request if before.request and before.request.source is RequestSource.FIELD else None
    known = replace(before, request=by_field)
    requests = requests_after(observed.ticket, known, observed.events, policy, observed.now)
    if requests.request:
        return requests
    found = [*_recorded(observed, before), *_worded(observed, memory.state, requests, policy)]
    return replace(requests, request=max(found, key=lambda each: each.at, default=None))


def open_requests(
    observed: ObservedTicket, state: EscalationState, requests: EscalationRequests
) -> Sequence[WrittenRequest]:
    """Return the requests in the partner's words that no escalation has answered; none of a ticket that is not open."""
    ticket, history, since = observed.ticket, observed.history, observed.related.active_since
    if ticket.closed or ticket.in_bin or history is None:
        return []
    answers = _Answers(state, requests, history, observed.now)
    return [
        each for each in observed.written_requests if not ((since and each.at < since) or answers.has_answered(each.at))
    ]


@dataclass(frozen=True, slots=True)
class _Answers:
    """The escalations of a ticket, by which a request is answered."""

    state: EscalationState
    requests: EscalationRequests
    history: History
    now: datetime

    def has_answered(self, at: datetime) -> bool:
        """Return True if a level was raised since, or was to be raised then, or a person has made a request of it."""
        return any(each.at >= at for each in self.state.raised) or self._ran(at) or self._was_requested(at)

    def _ran(self, at: datetime) -> bool:
        """Return True if the last ladder was running at the instant."""
        ladder = self.state.ladder
        if ladder is None:
            return False
        all_signals = {**signals(self.history), LadderSignal.TAKE_OVER: self.requests.taken_over}
        position = LadderPosition(ladder, self.state.raised, all_signals, self.now)
        return ladder.started_at <= at <= (position.stopped_at or position.finished_at or self.now)

    def _was_requested(self, at: datetime) -> bool:
        request = self.requests.request
        if request is None or request.source is RequestSource.WORDS:
            return False
        return request.source is RequestSource.FIELD or request.at >= at


def _recorded(observed: ObservedTicket, before: EscalationRequests) -> Sequence[EscalationRequest]:
    """Return the requests that persons recorded, now or before. Their events are in the host's time."""
    former = [before.request] if before.request and before.request.source is RequestSource.PERSON else []
    now = [
        EscalationRequest(
            by=Requester.PARTNER,
            at=observed.offset.in_desk_time(each.occurred_at),
            source=RequestSource.PERSON,
            person=each.actor_id,
        )
        for each in observed.events
        if each.hint is EventHint.REQUEST
    ]
    return [*former, *now]


def _worded(
    observed: ObservedTicket, state: EscalationState, requests: EscalationRequests, policy: Policy
) -> Sequence[EscalationRequest]:
    """Return the requests in words, where the mapping follows them."""
    if policy.escalation.requests.words is not WordsEffect.RAISE:
        return []
    return [
        EscalationRequest(by=Requester.PARTNER, at=each.at, source=RequestSource.WORDS)
        for each in open_requests(observed, state, requests)
    ]
