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


class ReasonEnds(StrEnum):
    """The effect on a ladder when the breach that it tells of does not hold any more: it stops, or climbs on."""

    STOP = "stop"
    CLIMB_ON = "climb_on"


class BreachMeanwhile(StrEnum):
    """The treatment of a breach while another ladder runs, if that ladder stops without a further level.

    RAISE: it is raised then, if it still holds. NEVER: it is not.
    """

    RAISE = "raise"
    NEVER = "never"


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
    At the target of a clock of one of the severities `at_risk` the people of level 1 get a notice.
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
    reason_ends: ReasonEnds = ReasonEnds.STOP
    breach_meanwhile: BreachMeanwhile = BreachMeanwhile.RAISE
    at_risk: frozenset[int] = frozenset({1})

    def rule(self, because: LadderCause, region: str, severity: int) -> LadderRule:
        return next(rule for rule in self.rules if rule.fits(because, region, severity))

    def action(self, level: int) -> LevelAction:
        return self.actions.get(level, NO_ACTION)
