"""What the programme promises for a ticket, as a value that is frozen when the ticket's first clock starts (L9).

Terms are what holds in every region: the windows by severity and the rules by which a clock starts, stands still and
stops. A promise is the terms with the region's calendar, and says which mapping it was made from. A ticket keeps its
promise: another severity picks other windows of the same promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from desk_sync.domain.commitment.calendar import WEEKDAYS, BusinessCalendar, WeeklyHours
from desk_sync.domain.commitment.conversation import ReplyRules, StatusRules
from desk_sync.domain.commitment.regions import RegionPolicy, TicketOrigin
from desk_sync.domain.fingerprint import fingerprint
from desk_sync.domain.reason import Reason


class Milestone(StrEnum):
    """What is promised (R29–R32): the first reply, the reaction to each message, the solution, news of a late one."""

    ACKNOWLEDGEMENT = "acknowledgement"
    DETERMINATION = "determination"
    RESOLUTION = "resolution"
    UPDATE = "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentWindow:
    """A promise of the programme: a warning at `target`, a breach at `commitment` (business time)."""

    target: timedelta
    commitment: timedelta

    def __post_init__(self) -> None:
        if not timedelta(0) < self.target <= self.commitment:
            raise ValueError(f"window {self.target}–{self.commitment}: target must come first")


class DeterminationRule(StrEnum):
    """How problem determination is promised (C7): in rounds, one for each wait, or as one deadline from creation."""

    ROUNDS = "rounds"
    ONCE = "once"


class FirstRound(StrEnum):
    """Which reply meets the first round of determination (C7); the first one acknowledges in any case."""

    SECOND_REPLY = "second_reply"
    FIRST_REPLY = "first_reply"


class PromiseScope(StrEnum):
    """Whom a milestone is promised to (C8): large user accounts only, or everybody."""

    LARGE_ACCOUNTS = "large_accounts"
    EVERYBODY = "everybody"


class CountFrom(StrEnum):
    """From when a clock counts after something about its ticket has changed."""

    CREATION = "creation"
    CHANGE = "change"


class ReopenedRule(StrEnum):
    """What becomes of the clocks of a ticket that was solved and is open again.

    RESUME: they go on, and the time in between is a pause. RESTART: all is counted afresh, as if the ticket were
    created now. NEW_ROUND: the same, and the clocks from before stay as they ended.
    """

    RESUME = "resume"
    RESTART = "restart"
    NEW_ROUND = "new_round"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketKinds:
    """Kinds of tickets by what they are about, in our words."""

    issue_types: frozenset[str] = frozenset()
    request_types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekendException:
    """Which tickets count by the wall clock (R21), by issue type and severity level.

    `inferred`: also those whose type was only inferred from words.
    """

    issue_types: frozenset[str] = frozenset()
    levels: frozenset[int] = frozenset()
    inferred: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTerms:
    """What is promised in every region.

    `windows` gives those of acknowledgement and determination by severity level, 1 the most severe; one that is absent
    is not promised. After the target of `resolution` each round of `update` asks for one more reply, until the ticket
    is solved. A ticket without severity has that of `without_severity`, or no clocks. `paused` are the milestones that
    stand still while the ticket waits or is on hold.
    """

    windows: Mapping[int, Mapping[Milestone, CommitmentWindow]]
    resolution: CommitmentWindow | None = None
    resolution_for: PromiseScope = PromiseScope.LARGE_ACCOUNTS
    update: CommitmentWindow | None = None
    without_severity: int | None = 3
    exempt: TicketKinds = TicketKinds()
    weekend: WeekendException = WeekendException()
    paused: frozenset[Milestone] = frozenset(Milestone)
    determination: DeterminationRule = DeterminationRule.ROUNDS
    first_round: FirstRound = FirstRound.SECOND_REPLY
    severity_changed: CountFrom = CountFrom.CREATION
    found_large_late: CountFrom = CountFrom.CREATION
    reopened: ReopenedRule = ReopenedRule.RESUME

    def level(self, level: int | None) -> int | None:
        """The severity level that counts; None for no clocks."""
        return self.without_severity if level is None else level

    def window(self, milestone: Milestone, level: int) -> CommitmentWindow | None:
        """The window of the milestone at a severity level; None if it is not promised."""
        always = {Milestone.RESOLUTION: self.resolution, Milestone.UPDATE: self.update}
        return always[milestone] if milestone in always else self.windows.get(level, {}).get(milestone)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """The terms, in a region, by one version of the mapping. `located` says why in this region (C17).

    `calendar_from` says where the calendar came from, if not from the mapping.
    """

    mapping_version: str
    region: str
    calendar: BusinessCalendar
    terms: PromiseTerms
    located: Reason
    calendar_from: str = ""

    @cached_property
    def digest(self) -> str:
        """A fingerprint of what is promised: not of the mapping's version, which changes for other reasons too."""
        return fingerprint((self.region, self.calendar, self.terms))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentPolicy:
    """What the admin decides about the clocks: what is promised, where and when, and what happens to count."""

    terms: PromiseTerms
    regions: RegionPolicy
    replies: ReplyRules = field(default_factory=ReplyRules)
    statuses: StatusRules = field(default_factory=StatusRules)

    def promise(self, origin: TicketOrigin, mapping_version: str) -> Promise:
        """What is promised to a ticket whose first clock starts now (L9)."""
        located = self.regions.locate(origin, self.regions.calendar_by)
        described = self.regions.described(located)
        return Promise(
            mapping_version=mapping_version,
            region=located.region,
            calendar=described.calendar,
            terms=self.terms,
            located=located.reason,
            calendar_from=described.origin,
        )


WALL_CLOCK = BusinessCalendar(tz="UTC", weekly=dict.fromkeys(WEEKDAYS, (WeeklyHours.of("00:00", "24:00"),)))
