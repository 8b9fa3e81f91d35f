"""The admin's escalation policy as one checked value (the mapping's section `escalation`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from desk_sync.domain.escalation.basic_questions import QuestionRule
from desk_sync.domain.escalation.ladder import LadderCause, LadderRung, LadderSignal, SignalEffect
from desk_sync.domain.escalation.matrix import EscalationMatrix
from desk_sync.domain.escalation.public_update import UpdateTexts
from desk_sync.domain.escalation.staff import StaffRoster
from desk_sync.domain.escalation.triggers import ClusterRule, OverrunRule, RequestRules


class LadderTime(StrEnum):
    """The time by which a ladder waits: that of the clock that started it, the region's business time, or wall time."""

    AS_THE_CLOCK = "as_the_clock"
    BUSINESS = "business"
    WALL = "wall"


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderRule:
    """The levels and waits of a ladder, for some causes, regions and severities; an empty set means all."""

    rungs: tuple[LadderRung, ...]
    causes: frozenset[LadderCause] = frozenset()
    regions: frozenset[str] = frozenset()
    severities: frozenset[int] = frozenset()
    counts: LadderTime

    def fits(self, because: LadderCause, region: str, severity: int) -> bool:
        conditions = ((because, self.causes), (region, self.regions), (severity, self.severities))
        return all(not allowed or value in allowed for value, allowed in conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelAction:
    """The change that a level makes to the ticket besides notifying people; None leaves a value unchanged."""

    status: str | None = None
    priority: str | None = None
    assign: bool = False


NO_ACTION = LevelAction()


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPolicy:
    """Everything about escalation that the admin decides.

    The first of `rules` that fits is used; the last fits everything. A breach that is detected more than `late` after
    it happened is reported as detected late. The messages to one recipient within `digest` are sent as one notice.
    """

    matrix: EscalationMatrix
    staff: StaffRoster
    rules: tuple[LadderRule, ...]
    answers: Mapping[LadderCause, Mapping[LadderSignal, SignalEffect]]
    actions: Mapping[int, LevelAction]
    requests: RequestRules
    overrun: OverrunRule | None
    clusters: tuple[ClusterRule, ...]
    questions: QuestionRule | None
    infers_security: bool
    fallback_agent: str | None
    late: timedelta
    digest: timedelta
    updates: UpdateTexts

    def rule(self, because: LadderCause, region: str, severity: int) -> LadderRule:
        return next(rule for rule in self.rules if rule.fits(because, region, severity))

    def action(self, level: int) -> LevelAction:
        return self.actions.get(level, NO_ACTION)
