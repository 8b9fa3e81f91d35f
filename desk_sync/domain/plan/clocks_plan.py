"""The clocks of a ticket at one look: their reading, and the alarms."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_fields import clock_fields
from desk_sync.domain.commitment.clock_reading import ClockInputs, ClockReading, SeverityLevels, take_reading
from desk_sync.domain.commitment.folding import NO_LIMITS, FoldingLimits, fold
from desk_sync.domain.commitment.past import FoldedPast
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.memory import ClocksMemory
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.ticket import Field, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ClocksPlan:
    """The reading of the clocks, None for a ticket without clocks, and what is remembered of it."""

    reading: ClockReading | None = None
    memory: ClocksMemory = field(default_factory=ClocksMemory)

    @property
    def past(self) -> FoldedPast | None:
        """The part of the history that is folded."""
        return self.memory.inputs.history.past if self.memory.inputs else None


@dataclass(frozen=True)
class ClocksDraft:
    """The clocks, by what was promised when they started (L9). `severity` is the one that counts, as in Desk."""

    observed: ObservedTicket
    decision: Decision
    severity: Value
    memory: ClocksMemory
    policy: Policy

    @cached_property
    def level(self) -> int | None:
        """The level of the severity that counts; where the layout has no field for it, the last known (L8)."""
        return self._level(self.severity)

    def _level(self, severity: Value) -> int | None:
        inputs, ticket = self.memory.inputs, self.observed.ticket
        if severity is None and Field.SEVERITY in ticket.not_on_layout and inputs:
            return inputs.history.level(self.observed.now)
        return self.policy.tickets.level(severity) if isinstance(severity, str) else None

    @property
    def urgency(self) -> int:
        """The level, 1 first; a ticket without a known severity waits behind the others."""
        return self.level or max(self.policy.tickets.severities)

    @cached_property
    def reading(self) -> ClockReading | None:
        observed = self.observed
        if observed.history is None:
            return None
        levels = SeverityLevels(in_desk=self._level(observed.ticket.severity), counts=self.level)
        past = levels.after(observed.history, observed.ticket, observed.events, new=self.is_new, now=observed.now)
        promise = observed.promise or self.policy.commitment.promise(observed.related.origin, self.policy.version)
        return take_reading(past, promise, self._basis(), observed.now)

    @property
    def is_new(self) -> bool:
        """True at the first look that reads the ticket's clocks."""
        return self.memory.inputs is None

    @property
    def fields(self) -> Mapping[Field, DesiredValue]:
        """The values that show the clocks."""
        return dict(clock_fields(self.proven.clocks)) if self.proven else {}

    @property
    def proven(self) -> ClockReading | None:
        """The reading without breaches that rest on unknown time, which are not escalated (L8)."""
        return self.reading.proven if self.reading else None

    @property
    def doubts(self) -> Sequence[Reason]:
        """A reason for each breach that rests on unknown time: a person should find out."""
        clocks = self.reading.doubtful if self.reading else ()
        return [Reason("L8", f"{each.key} may be breached: what happened meanwhile is not known") for each in clocks]

    @property
    def next_at(self) -> datetime | None:
        """When the first clock changes by itself, or what is not known of the past is asked again."""
        if self.reading is None:
            return None
        again_at = self.reading.ask_again_at(self.observed.now)
        return min(filter(None, (self.reading.next_at, again_at)), default=None)

    @property
    def suppressed(self) -> frozenset[str]:
        """The alarms that were active at the first look, of which no comment is made."""
        return frozenset(self.reading.alarms) if self.reading and self.is_new else self.memory.suppressed

    @property
    def awaited_until(self) -> datetime | None:
        """The instant up to which a reply that is being sent holds back every breach; None without one."""
        until = self.memory.threads_seen.awaited_until
        return until if until and until > self.observed.now else None

    @property
    def to_be_checked(self) -> Mapping[str, Clock]:
        """The breaches that rest on unknown time, by the keys of their alarms; none that a reply being sent may end."""
        if self.reading is None or self.awaited_until:
            return {}
        alarms = self.reading.alarms.items()
        return {key: clock for key, clock in alarms if clock.is_doubtful and key not in self.suppressed}

    def breaches(self, escalated: Collection[str]) -> Iterator[datetime]:
        """Yield when each clock ran out whose breach the note tells, and no level."""
        if self.awaited_until is None:
            alarms_now = [clock for key, clock in self._breached.items() if key not in self.suppressed]
            yield from (clock.due_at for clock in alarms_now if clock.due_at and not _is_escalated(clock, escalated))

    @property
    def _breached(self) -> Mapping[str, Clock]:
        all_alarms = self.reading.alarms if self.reading else {}
        return {key: clock for key, clock in all_alarms.items() if clock.state is ClockState.BREACHED}

    @property
    def waits_for_a_reply(self) -> bool:
        """True if a reply that is being sent may end what a text would tell."""
        return self.awaited_until is not None and bool(self._breached)

    def finish(self, limits: FoldingLimits = NO_LIMITS) -> ClocksPlan:
        """Return the plan; `limits` are those of folding the history."""
        reading = self.reading
        inputs = self._folded(reading, limits) if reading else self.memory.inputs
        memory = replace(self.memory, inputs=inputs, suppressed=_unfinished(self.suppressed, inputs))
        return ClocksPlan(reading=reading, memory=memory)

    def _folded(self, reading: ClockReading, limits: FoldingLimits) -> ClockInputs:
        """Return the inputs of the next look; nothing is folded while a reply is being sent, which may correct it."""
        if self.awaited_until:
            return reading.inputs
        history = fold(reading.history, reading.promise, reading.basis, self.observed.now, limits)
        return replace(reading.inputs, history=history)

    def _basis(self) -> ClockBasis:
        """Return the facts that decide which promises hold. An unknown account takes nothing back (L8)."""
        before = self.memory.inputs.basis if self.memory.inputs else ClockBasis()
        verdict, ticket = self.decision.verdict, self.observed.ticket
        is_open = verdict is Verdict.UNKNOWN and not self.decision.unproven
        large = before.large if is_open else verdict is Verdict.PRIORITY
        return ClockBasis(
            large=large,
            large_since=(before.large_since or self.observed.now) if large else None,
            issue_type=ticket.issue_type,
            former_issue_types=() if self.is_new else before.types_before(ticket.issue_type, self._changed_at),
            request_type=ticket.request_type,
            inferred_issue_type=self._inferred(),
        )

    @property
    def _changed_at(self) -> datetime:
        """When the ticket was changed last, which is when what a look finds changed is taken to have changed."""
        now = self.observed.now
        return min(self.observed.ticket.modified_at or now, now)

    def _inferred(self) -> str | None:
        """Return the issue type that the words suggest, if it may add the weekend exception (R21)."""
        known = self.policy.commitment.terms.weekend.issue_types
        return next((each.issue_type for each in self.observed.ticket.inferred if each.issue_type in known), None)


def _is_escalated(clock: Clock, escalated: Collection[str]) -> bool:
    """Return True if an escalation reports the clock's breach; a ladder of an older version is named by the clock."""
    return clock.breach_key in escalated or clock.key in escalated


def _unfinished(alerts: frozenset[str], inputs: ClockInputs | None) -> frozenset[str]:
    """Return the alerts of those clocks that are not finished."""
    past = inputs.history.past if inputs else None
    return frozenset(key for key in alerts if past is None or not past.is_finished(key.rpartition(":")[0]))
