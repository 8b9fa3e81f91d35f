"""The programme's promise to a ticket, as a value that is frozen when the ticket's first clock starts (L9).

Terms are the same in every region: the windows by severity and the rules by which a clock starts, pauses and stops. A
promise is the terms with the region's calendar and the version of the mapping that it was made from. A ticket keeps its
promise: with another severity, other windows of the same promise apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from desk_sync.domain.commitment.calendar import WEEKDAYS, BusinessCalendar, HolidayMode, WeeklyHours
from desk_sync.domain.commitment.conversation import ReplyRules, StatusRules
from desk_sync.domain.commitment.regions import RegionPolicy, TicketOrigin
from desk_sync.domain.fingerprint import fingerprint
from desk_sync.domain.reason import Reason


class Milestone(StrEnum):
    """The promises (R29–R32): the first reply, the reaction to each message, the solution, updates if it is late."""

    ACKNOWLEDGEMENT = "acknowledgement"
    DETERMINATION = "determination"
    RESOLUTION = "resolution"
    UPDATE = "update"


BY_SEVERITY = frozenset({Milestone.ACKNOWLEDGEMENT, Milestone.DETERMINATION})
"""The milestones with a window for each severity level; the others have one window for all levels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentWindow:
    """A promise of the programme: a warning at `target`, a breach at `commitment` (business time)."""

    target: timedelta
    commitment: timedelta

    def __post_init__(self) -> None:
        if not timedelta(0) < self.target <= self.commitment:
            raise ValueError(f"window {self.target}–{self.commitment}: target must come first")


class DeterminationRule(StrEnum):
    """The form of the promise of problem determination (C7): a cycle for each wait, or one deadline for all."""

    ROUNDS = "rounds"
    ONCE = "once"


class FirstRound(StrEnum):
    """The reply that meets the first cycle of determination (C7); the first one acknowledges in any case."""

    SECOND_REPLY = "second_reply"
    FIRST_REPLY = "first_reply"


class PromiseScope(StrEnum):
    """The tickets that a milestone is promised to (C8): those of large user accounts, or all."""

    LARGE_ACCOUNTS = "large_accounts"
    EVERYBODY = "everybody"


class CountFrom(StrEnum):
    """The instant from which a clock counts after a change of its ticket."""

    CREATION = "creation"
    CHANGE = "change"


class ReopenedRule(StrEnum):
    """The treatment of the clocks of a ticket that was solved and is open again.

    RESUME: they go on, and the time in between is a pause. RESTART: everything is counted afresh, as if the ticket had
    been created at the reopening. NEW_ROUND: the same, and the earlier clocks stay as they ended.
    """

    RESUME = "resume"
    RESTART = "restart"
    NEW_ROUND = "new_round"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketKinds:
    """A set of tickets, by issue type and request type, in our words."""

    issue_types: frozenset[str] = frozenset()
    request_types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekendException:
    """The tickets whose clocks count by the wall clock (R21), by issue type and severity level.

    `inferred`: also those whose issue type is only inferred from words.
    """

    issue_types: frozenset[str]
    levels: frozenset[int]
    inferred: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTerms:
    """The part of the promise that is the same in every region.

    `windows` has those of acknowledgement and determination by severity level, 1 the most severe; a missing one is not
    promised. After the target of `resolution`, each cycle of `update` requires one more reply, until the ticket is
    solved. A ticket without severity counts as of level `without_severity`; if that is None, it has no clocks. `paused`
    are the milestones that pause while the ticket waits or is on hold.
    """

    windows: Mapping[int, Mapping[Milestone, CommitmentWindow]]
    resolution: CommitmentWindow | None
    resolution_for: PromiseScope
    update: CommitmentWindow | None
    without_severity: int | None
    exempt: TicketKinds
    weekend: WeekendException
    paused: frozenset[Milestone]
    determination: DeterminationRule
    first_round: FirstRound
    severity_changed: CountFrom
    found_large_late: CountFrom
    reopened: ReopenedRule

    def level(self, level: int | None) -> int | None:
        """Return the severity level that counts; None if the ticket has no clocks."""
        return self.without_severity if level is None else level

    def window(self, milestone: Milestone, level: int) -> CommitmentWindow | None:
        """Return the window of the milestone at a severity level; None if it is not promised."""
        at_every_level = {Milestone.RESOLUTION: self.resolution, Milestone.UPDATE: self.update}
        return at_every_level[milestone] if milestone in at_every_level else self.windows.get(level, {}).get(milestone)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """The terms in one region, by one version of the mapping. `located` is the reason for the region (C17).

    `calendar_from` is the origin of the calendar in words; empty if its hours are in the mapping.
    """

    mapping_version: str
    region: str
    calendar: BusinessCalendar
    terms: PromiseTerms
    located: Reason
    calendar_from: str = ""

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the promise without the mapping's version, which changes for other reasons too."""
        return fingerprint((self.region, self.calendar, self.terms))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentPolicy:
    """The admin's rules for the clocks: the terms, the regions, and which replies and statuses count."""

    terms: PromiseTerms
    regions: RegionPolicy
    replies: ReplyRules
    statuses: StatusRules

    def promise(self, origin: TicketOrigin, mapping_version: str) -> Promise:
        """Return the promise to a ticket whose first clock starts now (L9)."""
        located = self.regions.locate(origin, self.regions.calendar_by)
        sourced = self.regions.sourced_calendar(located)
        return Promise(
            mapping_version=mapping_version,
            region=located.region,
            calendar=sourced.calendar,
            terms=self.terms,
            located=located.reason,
            calendar_from=sourced.origin,
        )


WALL_CLOCK = BusinessCalendar(
    tz="UTC",
    weekly=dict.fromkeys(WEEKDAYS, (WeeklyHours.of("00:00", "24:00"),)),
    holiday_mode=HolidayMode.CIVIL_DATE,
)
