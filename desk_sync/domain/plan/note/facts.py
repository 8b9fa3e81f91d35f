"""The facts that the note on a ticket is made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import Lookup
from desk_sync.domain.account.licence_policy import Threshold
from desk_sync.domain.account.subscription import Snapshot
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.escalation.ladder import RaisedLevel
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.ticket.held_back import HeldBack
from desk_sync.domain.ticket.ticket import Field, Ticket, Value


class NoteSubject(StrEnum):
    """What the first sentence of the note says; each is the name of its text."""

    LARGE = "large"
    LARGE_ONLY = "large_only"
    EXEMPT = "exempt"
    EXCLUDED = "excluded"
    NOT_LARGE = "not_large"
    REVIEW = "review"
    TAGGED = "tagged"
    STALE = "stale"
    SUGGESTION = "suggestion"
    NOT_FOUND = "not_found"
    UNNAMED = "unnamed"
    NO_DATA = "no_data"

    @property
    def asks(self) -> bool:
        """True if the sentence is a question that a person must answer."""
        return self in _QUESTIONS


_QUESTIONS = frozenset(
    {NoteSubject.REVIEW, NoteSubject.TAGGED, NoteSubject.STALE, NoteSubject.SUGGESTION, NoteSubject.NOT_FOUND}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFacts:
    """The facts of one look that concern the agents.

    `verdict` is that of the account alone, whatever the ticket is about; None without one. `thresholds` are the
    possible ones by region. `severe`: the ticket has severity 1 in Desk after this look. `left_alone`: tickets of its
    kind keep their severity. `by_people` are the fields that stay as a person set them, `unplaceable` those for which
    the layout has no place, `replaced` is the person's address that ours replaced. `looping`: another program undoes
    what we write. `reading` are the clocks, if the note shows them, `level` is the last level of a running escalation.
    `zone` is the one in which the agents read the time.
    """

    ticket: Ticket
    lookup: Lookup
    decision: Decision
    now: datetime
    zone: str
    verdict: Verdict | None = None
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    service: str = ""
    severe: bool = False
    left_alone: bool = False
    by_people: Collection[Field] = ()
    held_back: Mapping[Field, HeldBack] = field(default_factory=dict)
    unplaceable: Collection[Field] = ()
    replaced: Value = None
    looping: bool = False
    reading: ClockReading | None = None
    level: RaisedLevel | None = None

    @property
    def subject(self) -> NoteSubject:
        """What the first sentence says."""
        return self._without_account if self.decision.account_id is None else self._of_account

    @property
    def _without_account(self) -> NoteSubject:
        lookup = self.lookup
        if lookup.candidates:
            return NoteSubject.SUGGESTION
        if lookup.account is not None:
            return NoteSubject.STALE
        if lookup.snapshot is None:
            return NoteSubject.NO_DATA
        return NoteSubject.NOT_FOUND if lookup.named and lookup.whole else NoteSubject.UNNAMED

    @property
    def _of_account(self) -> NoteSubject:
        if self.decision.verdict is Verdict.REVIEW:
            return NoteSubject.REVIEW if self.verdict is Verdict.REVIEW else NoteSubject.TAGGED
        if self.decision.hands_off:
            return NoteSubject.EXCLUDED
        if self.verdict is not Verdict.PRIORITY:
            return NoteSubject.NOT_LARGE
        if self.left_alone:
            return NoteSubject.EXEMPT
        return NoteSubject.LARGE if self.severe else NoteSubject.LARGE_ONLY

    @property
    def asks(self) -> bool:
        """True if a person is asked about the customer; not on a ticket that is closed or in the bin."""
        over = self.ticket.closed or self.ticket.in_bin
        return self.subject.asks and not (over and self.decision.account_id is None)

    @property
    def suspected(self) -> tuple[str, ...]:
        """The issue types that the words of an open ticket without a type suggest."""
        if self.ticket.issue_type is not None or self.ticket.closed:
            return ()
        return tuple(sorted({each.issue_type for each in self.ticket.inferred}))

    def with_held_back(self, refused: Mapping[Field, HeldBack]) -> NoteFacts:
        """Return the facts after a write that Desk did not accept in these fields."""
        if not refused:
            return self
        return replace(
            self,
            held_back={**self.held_back, **refused},
            severe=self.severe and Field.SEVERITY not in refused,
            replaced=None if Field.CUSTOMER_PRIMARY_EMAIL in refused else self.replaced,
        )

    @property
    def snapshot(self) -> Snapshot | None:
        """The subscription data that were asked."""
        return (self.lookup.account and self.lookup.account.origin) or self.lookup.snapshot
