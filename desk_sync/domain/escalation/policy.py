"""What the admin decides about escalation, as one checked value (the mapping's section `escalation`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from desk_sync.domain.escalation.basic_questions import QuestionRule
from desk_sync.domain.escalation.ladder import Answer, Cause, Rung, Signal
from desk_sync.domain.escalation.matrix import Matrix
from desk_sync.domain.escalation.public_update import Updates
from desk_sync.domain.escalation.staff import Staff
from desk_sync.domain.escalation.triggers import ClusterRule, OverrunRule, RequestRules


class Counts(StrEnum):
    """By which time a ladder waits: that of the clock that started it, the region's business time, or wall time."""

    AS_THE_CLOCK = "as_the_clock"
    BUSINESS = "business"
    WALL = "wall"


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderRule:
    """How ladders climb, for these causes, regions and severities; an empty set is all of them."""

    rungs: tuple[Rung, ...]
    causes: frozenset[Cause] = frozenset()
    regions: frozenset[str] = frozenset()
    severities: frozenset[int] = frozenset()
    counts: Counts = Counts.AS_THE_CLOCK

    def fits(self, because: Cause, region: str, severity: int) -> bool:
        asked = ((because, self.causes), (region, self.regions), (severity, self.severities))
        return all(not listed or value in listed for value, listed in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a level does to the ticket besides telling people; None leaves things as they are."""

    status: str | None = None
    priority: str | None = None
    assign: bool = False


NO_ACTION = Action()


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPolicy:
    """Everything about escalation that the admin decides.

    Of `rules` the first that fits decides; the last fits everything. A breach that is seen `late` after it happened is
    told as one that was seen late. What one recipient is told within `digest` is one notice.
    """

    matrix: Matrix
    staff: Staff
    rules: tuple[LadderRule, ...]
    answers: Mapping[Cause, Mapping[Signal, Answer]]
    actions: Mapping[int, Action] = field(default_factory=dict)
    requests: RequestRules = field(default_factory=RequestRules)
    overrun: OverrunRule | None = None
    clusters: tuple[ClusterRule, ...] = ()
    questions: QuestionRule | None = None
    infers_security: bool = True
    fallback_agent: str | None = None
    late: timedelta = timedelta(minutes=15)
    digest: timedelta = timedelta(minutes=1)
    updates: Updates = field(default_factory=Updates)

    def rule(self, because: Cause, region: str, severity: int) -> LadderRule:
        return next(rule for rule in self.rules if rule.fits(because, region, severity))

    def action(self, level: int) -> Action:
        return self.actions.get(level, NO_ACTION)
