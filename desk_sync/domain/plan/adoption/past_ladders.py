"""The escalation of a ticket from its traces: the levels that our comments report, and the ladder that they are of.

A level is recognised by the reference of its comment, which follows from the ladder's key. A ladder is built anew from
its trigger, by the mapping of today, and goes on from the instants at which its levels were really raised.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.clock_reading import alarm_effect
from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.commitment.history import HistoryEventKind
from desk_sync.domain.commitment.read_clocks import read_clocks
from desk_sync.domain.escalation.escalate import UNTIL_IT_STOPS, start_ladder, step_key, stop_key
from desk_sync.domain.escalation.ladder import Ladder, LadderCause, RaisedLevel
from desk_sync.domain.escalation.ladder_position import LadderPosition
from desk_sync.domain.escalation.matrix import LEVELS, find_recipients
from desk_sync.domain.escalation.requests import EscalationRequest, EscalationRequests, Requester
from desk_sync.domain.escalation.triggers import OVERRUN, WITH_LADDER, ClusterBy, EscalationTrigger, request_key
from desk_sync.domain.format import format_instant
from desk_sync.domain.plan.adoption.traces import TicketTraces
from desk_sync.domain.plan.escalation import EscalationContext, fired_triggers, targets_passed
from desk_sync.domain.plan.memory import EscalationMemory
from desk_sync.domain.plan.note.note import NOTE
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.effect import reference_of
from desk_sync.domain.ticket.ticket import Field

REQUESTED_WITHIN = timedelta(minutes=10)
"""The longest time between a request and its first level, where Desk's history does not show the request."""


@dataclass(frozen=True)
class PastLadders:
    """The escalation that a ticket's traces show. `since_new`: without a memory, our first act on the ticket."""

    context: EscalationContext
    traces: TicketTraces
    memory: EscalationMemory
    since_new: datetime | None

    def adopted(self) -> EscalationMemory:
        """Return the memory with the levels that were raised, and the ladder that was started last."""
        state = self.memory.state
        found = sorted(self._raised(), key=lambda each: (each.at, each.level))
        before = {
            each.key for each in fired_triggers(self.context) if self._is_early(each.at) or _is_reported(each, found)
        }
        known = state.known | before | {each.ladder for each in found}
        ladder = self._ladder(found) or state.ladder
        raised = (*state.raised, *(self._with_roles(each) for each in found))
        stopped = tuple(self._stopped({each.ladder for each in raised}))
        lapsed, stops = state.lapsed.union(stopped), max(state.stops, len(stopped))
        state = replace(state, ladder=ladder, raised=raised, known=known, lapsed=lapsed, stops=stops)
        return EscalationMemory(state=replace(state, warned=self._warned()), requests=self._requests())

    def _warned(self) -> frozenset[str] | None:
        """Return the clocks whose people were notified in time, as a comment of the same look shows (R36b)."""
        passed = targets_passed(self.context).items()
        noted = frozenset(
            key for key, each in passed if self._is_noted(key, each.target_at) or self._is_early(each.target_at)
        )
        known = self.memory.state.warned
        return None if known is None and not noted else noted.union(known or ())

    def _is_noted(self, key: str, target_at: datetime | None) -> bool:
        """Return True if the note was made or edited since the target, or a comment of its own made."""
        note = self._comment(NOTE)
        if note and target_at and self.traces.written_at(note) >= target_at:
            return True
        return self._comment(alarm_effect(key)) is not None

    def _is_early(self, at: datetime | None) -> bool:
        """Return True for an instant before we first acted: what began then gets no comment but those of that time."""
        return self.since_new is not None and at is not None and at < self.since_new

    def _raised(self) -> Iterator[RaisedLevel]:
        """Yield the levels that the memory lacks."""
        known = {(each.ladder, each.level) for each in self.memory.state.raised}
        ticket_id = self.context.ticket.ticket_id
        for key, cause in self._causes.items():
            for level in LEVELS:
                comment = self.traces.comment(reference_of(ticket_id, step_key(key, level)))
                if comment and (key, level) not in known:
                    yield RaisedLevel(ladder=key, because=cause, level=level, at=comment.at)

    def _stopped(self, ladders: Collection[str]) -> Iterator[str]:
        """Yield the key of each ladder that a note of ours reports as stopped, in the order of the notes."""
        number = 1
        while found := [key for key in ladders if self._comment(stop_key(key, number))]:
            yield found[0]
            number += 1

    def _comment(self, effect: str) -> ConversationItem | None:
        return self.traces.comment(reference_of(self.context.ticket.ticket_id, effect))

    @property
    def _causes(self) -> Mapping[str, LadderCause]:
        """The keys that a ladder of the ticket can have."""
        clocks = [each for each in self._clocks() if each.milestone in WITH_LADDER]
        breaches = [*(each.key for each in clocks), *(each.breach_key for each in clocks)]
        named = [LadderCause.SECURITY, OVERRUN, *(f"{LadderCause.CLUSTER}:{by}" for by in ClusterBy)]
        fired = (each.key for each in fired_triggers(self.context))
        keys = [*breaches, *named, *fired, *self.memory.state.known, *map(request_key, self._instants())]
        return {key: LadderCause(key.partition(":")[0]) for key in keys}

    def _clocks(self) -> Iterator[Clock]:
        """Yield the clocks as they read now, and as they read before each change of the severity; none is folded."""
        return (clock for clock in self._all_clocks() if not clock.folded)

    def _all_clocks(self) -> Iterator[Clock]:
        reading = self.context.reading
        yield from reading.clocks
        for event in reading.history.events:
            if event.kind is HistoryEventKind.SEVERITY:
                before = event.at - timedelta(microseconds=1)
                yield from read_clocks(reading.history, reading.promise, reading.basis, before)

    def _instants(self) -> Iterator[datetime]:
        """Yield the instants at which an escalation may have been requested, to the second."""
        for name in (Field.ESCALATION_REQUEST, Field.STATUS):
            yield from (each.at for each in self.traces.changes_of(name, None))
        for comment in self.traces.comments:
            if not comment.public:
                seconds = range(int(REQUESTED_WITHIN.total_seconds()))
                yield from (comment.at - timedelta(seconds=each) for each in seconds)

    def _ladder(self, found: Sequence[RaisedLevel]) -> Ladder | None:
        """Return the ladder that raised a level last, if it is not the one that is known."""
        climbing = [each for each in found if each.because is not LadderCause.SECURITY]
        former = self.memory.state.ladder
        if not climbing or (former and former.key == climbing[-1].ladder):
            return None
        started = self._started(climbing[-1].ladder, found)
        if former is None:
            return started
        signals, now = self.context.signals, self.context.now
        stopped_at = LadderPosition(former, self.memory.state.raised, signals, now).stopped_at
        was_running = stopped_at is None or stopped_at > started.started_at
        return started.extended_by(former) if was_running else started

    def _started(self, key: str, found: Sequence[RaisedLevel]) -> Ladder:
        first = next(each for each in found if each.ladder == key)
        fired = (each for each in fired_triggers(self.context) if key in (each.key, each.former))
        trigger = replace(next(fired, _reported(first)), key=key)
        severity = self.context.reading.history.level(trigger.at) or self.context.severity
        return start_ladder(trigger, replace(self.context.ladder, severity=severity), self.context.policy.escalation)

    def _with_roles(self, raised: RaisedLevel) -> RaisedLevel:
        """Return the level with the roles that it notifies."""
        ladder, staff = self.context.ladder, self.context.policy.escalation.staff
        chain = self.context.policy.escalation.matrix.chain(ladder.location)
        return replace(raised, roles=find_recipients(chain, raised.level, staff, ladder.date_of(raised.at)).roles)

    def _requests(self) -> EscalationRequests:
        """Return the requests with the one that is open, since it was made, and the take-overs since they began."""
        before = self.memory.requests
        return replace(before, request=before.request or self._open_request(), taken_over=self._taken_over(before))

    def _open_request(self) -> EscalationRequest | None:
        ticket, rules = self.context.ticket, self.context.policy.escalation.requests
        statuses = {each.casefold() for each in rules.statuses}
        made = [each for each in self.traces.changes_of(Field.ESCALATION_REQUEST, None) if each.after is True]
        made += [each for each in self.traces.changes_of(Field.STATUS, None) if str(each.after).casefold() in statuses]
        if made:
            last = max(made, key=lambda each: each.at)
            by = Requester.PARTNER if last.by in (None, ticket.contact_id) else Requester.AGENT
            return EscalationRequest(by=by, at=last.at)
        keys = {request_key(at): at for at in self._instants()}
        requested = [keys[each.ladder] for each in self._raised() if each.because is LadderCause.REQUEST]
        return EscalationRequest(by=Requester.PARTNER, at=max(requested)) if requested else None

    def _taken_over(self, before: EscalationRequests) -> tuple[tuple[datetime, datetime | None], ...]:
        if before.taken_over:
            return before.taken_over
        spans: list[tuple[datetime, datetime | None]] = []
        for change in self.traces.changes_of("taken_over", None):
            if change.after is True:
                spans.append((change.at, None))
            elif spans and spans[-1][1] is None:
                spans[-1] = (spans[-1][0], change.at)
        return tuple(spans)


def _is_reported(trigger: EscalationTrigger, found: Iterable[RaisedLevel]) -> bool:
    """Return True if a level was raised after the trigger that told of it, as the next one of a ladder does."""
    climbing = (each.at for each in found if each.because is not LadderCause.SECURITY)
    return trigger.because not in UNTIL_IT_STOPS and any(at >= trigger.at for at in climbing)


def _reported(first: RaisedLevel) -> EscalationTrigger:
    """Return the trigger of a ladder of which only the comment on its first level is left."""
    reason = Reason("R33", f"a comment of {format_instant(first.at)} reports it")
    return EscalationTrigger(
        key=first.ladder, because=first.because, at=first.at, reason=reason, about=_about(first.ladder)
    )


def _about(key: str) -> str:
    """Return the clock that a ladder's key names, or the overrun; "" for other ladders, and those of older versions."""
    cause, *instants = key.split(":")
    return OVERRUN if cause == OVERRUN else f"{cause}:{instants[0]}" if len(instants) == 2 else ""
