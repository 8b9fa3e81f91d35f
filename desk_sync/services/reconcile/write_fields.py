"""The write of a ticket's fields: one call if Desk accepts them all, else one field costs only itself (L16)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desk_sync.domain.backoff import lies_ahead
from desk_sync.domain.plan.fields_plan import FieldsOutcome, FieldsPlan, groups
from desk_sync.domain.ticket.held_back import EVERY, SHORTEST, FieldRefusal, RefusalKind
from desk_sync.domain.ticket.ticket import Field, Ticket, Value, only_ours
from desk_sync.errors import (
    FieldsRefused,
    Gone,
    NotPermitted,
    NotSent,
    PermanentError,
    TemporaryError,
    Unreadable,
    WriteForbidden,
)
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk
from desk_sync.ports.held_back import DepartmentHold, HeldBackStore
from desk_sync.ports.now import Now
from desk_sync.ports.portal import PortalFacts
from desk_sync.services.reconcile.own_agents import OwnAgents

log = get_logger()

FieldValues = Mapping[Field, Value]

FRESH = timedelta(seconds=2)
"""The age of a reading up to which it is written on: a slow Desk or a suspended process makes it older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsWriter:
    """Writes the fields of one portal's tickets. A value that Desk does not accept is returned, not raised."""

    desk: Desk
    portal: PortalFacts
    held_back: HeldBackStore
    now: Now

    def write(
        self, ticket: Ticket, plan: FieldsPlan, *, mapping: str, read_at: datetime, renew: Callable[[], None]
    ) -> FieldsOutcome:
        """Write the plan's values to the ticket that was read at an instant. Raises Gone and NotPermitted.

        `renew` is called before each further call.

        A field that the ticket's department holds back is not sent, unless this ticket met the refusal itself and is
        to try again, or is elected to try for all.
        """
        if not plan.writes:
            return FieldsOutcome(ticket=ticket)
        own = {name for name, held in plan.memory.held_back.items() if held.refusal.sent}
        everywhere = dict(self._holds(ticket.department_id, mapping))
        withheld = {
            name: FieldRefusal(kind=hold.refusal.kind, detail=hold.refusal.detail, sent=False)
            for name, hold in everywhere.items()
            if name in plan.writes and name not in own and not self._is_elected(hold)
        }
        series = WriteSeries(desk=self.desk, before=ticket, replaced=_replaced(ticket, plan), renew=renew)
        values = {name: value for name, value in plan.writes.items() if name not in withheld}
        refused = series.write(values, read_first=self.now() - read_at > FRESH)
        OwnAgents(desk=self.desk, portal=self.portal).learn(series.author)
        for name in plan.writes.keys() - refused.keys() - withheld.keys():
            if name in everywhere:
                self._lift(everywhere[name])
        return FieldsOutcome(ticket=series.after, refused={**withheld, **refused})

    def spread(self, ticket: Ticket, outcome: FieldsOutcome, *, mapping: str) -> None:
        """Hold a refused field back for the whole department if enough of its tickets met the refusal; say so once."""
        met = {name: each for name, each in outcome.refused.items() if each.sent and each.may_be_everywhere}
        if not met:
            return
        now, department_id = self.now(), ticket.department_id
        for name in self.held_back.spread(department_id, met, mapping=mapping, now=now, until=now + EVERY):
            log.error(
                "field.held_back_everywhere",
                field=name,
                mapping_key=f"fields.{name}",
                department_id=department_id,
                reason=met[name].reason,
            )

    def _holds(self, department_id: str, mapping: str) -> Iterator[tuple[Field, DepartmentHold]]:
        """Yield the holds of the department; those from another version of the mapping are lifted."""
        for name, hold in self.held_back.everywhere(department_id).items():
            if hold.mapping == mapping:
                yield name, hold
            else:
                self._lift(hold)

    def _lift(self, hold: DepartmentHold) -> None:
        woken = self.held_back.lift(hold, now=self.now())
        log.info("field.hold_lifted", field=hold.field, department_id=hold.department_id, tickets=woken)

    def _is_elected(self, hold: DepartmentHold) -> bool:
        now = self.now()
        return not lies_ahead(hold.try_again_at, now, EVERY) and self.held_back.elect(hold, until=now + EVERY)


@dataclass(slots=True, kw_only=True)
class WriteSeries:
    """The calls that write the fields of one ticket, as it was read `before`. A rule set those that are `replaced`.

    All fields are sent at once. A field that Desk names in a refusal is left out of the next call. Where it names none,
    the fields are sent in groups, the most valuable first, and those of a refused group one by one.

    Nothing is sent twice on the same reading of the ticket (L7): after an answer without the ticket it is read again,
    and only if nothing else changed, what still differs is sent. `seen` is the newest state that is known, `after` the
    one after the last write that Desk made; `author` is our agent's id in Desk's answer to a write.
    """

    desk: Desk
    before: Ticket
    replaced: Collection[Field]
    renew: Callable[[], None]
    seen: Ticket = field(init=False)
    after: Ticket = field(init=False)
    author: str | None = None
    accepted: dict[Field, Value] = field(default_factory=dict)
    refused: dict[Field, FieldRefusal] = field(default_factory=dict)
    waiting: deque[FieldValues] = field(default_factory=deque)
    repeated: bool = False

    def __post_init__(self) -> None:
        self.seen = self.after = self.before

    def write(self, values: FieldValues, *, read_first: bool = False) -> Mapping[Field, FieldRefusal]:
        """Write the values; return the refused ones. Raises Gone and NotPermitted.

        With `read_first` the ticket is read again before the first call: much may have happened since.
        """
        self._send_next([values])
        if read_first and self.waiting:
            self._read_again()
        while self.waiting:
            if batch := dict(self._unchanged(self.waiting.popleft())):
                self._send(batch)
                if self.waiting:
                    self.renew()
        return self.refused

    def _unchanged(self, values: FieldValues) -> Iterator[tuple[Field, Value]]:
        """Yield the values of fields that are as they were read: a change since then is not overwritten (L7)."""
        for name, value in values.items():
            if self.seen.value(name) == self.before.value(name):
                yield name, value
            elif self.seen.value(name) != value:
                self.refused[name] = FieldRefusal(kind=RefusalKind.OVERTAKEN)

    def _send(self, batch: FieldValues) -> None:
        try:
            self._accept(batch, self.desk.write_ticket(self.before.ticket_id, batch))
        except FieldsRefused as error:
            self._leave_out(batch, error)
        except WriteForbidden:
            self._split(batch, FieldRefusal(kind=RefusalKind.FORBIDDEN))
        except (Gone, NotPermitted, NotSent):
            raise
        except TemporaryError as error:
            self._without_answer(batch, FieldRefusal(kind=RefusalKind.UNANSWERED, at_least=error.retry_after))
        except Unreadable:
            self._without_answer(batch, FieldRefusal(kind=RefusalKind.UNANSWERED))
        except PermanentError as error:
            self._give_up(batch, FieldRefusal(kind=RefusalKind.REFUSED, detail=str(error)))

    def _accept(self, batch: FieldValues, answer: Ticket) -> None:
        """Take the answer to a write: a value that it does not show was dropped, or replaced by a rule."""
        self.accepted |= batch
        self.author = answer.modified_by
        for name, value in batch.items():
            if answer.value(name) != value:
                dropped = answer.value(name) == self.before.value(name) and name not in self.replaced
                self.refused[name] = FieldRefusal(kind=RefusalKind.DROPPED if dropped else RefusalKind.CHANGED)
        self.seen = self.after = answer

    def _without_answer(self, batch: FieldValues, refusal: FieldRefusal) -> None:
        """Read again: a write that Desk has is accepted; one that it has not is sent once more, if nothing changed."""
        reading = None if self.repeated or refusal.at_least > SHORTEST else self._read()
        self.repeated = True
        if reading and only_ours(self.seen, reading, batch):
            shown = {name: reading.value(name) for name in batch}
            if shown == batch:
                self.accepted |= batch
                self.seen = self.after = reading
                return
            if shown == {name: self.seen.value(name) for name in batch}:
                self._send_next([batch])
                return
        self._give_up(batch, refusal)

    def _read_again(self) -> None:
        """Read the ticket before the next call; if it changed, what waits was decided on facts that are so no more."""
        reading = self._read()
        if reading is None:
            self._give_up({}, FieldRefusal(kind=RefusalKind.UNANSWERED))
        elif not only_ours(self.seen, reading, [name for part in self.waiting for name in part]):
            self._give_up({}, FieldRefusal(kind=RefusalKind.OVERTAKEN))
        else:
            self.seen = reading

    def _read(self) -> Ticket | None:
        """Return the ticket as it is now; None if Desk does not show it at present. Raises Gone and NotPermitted."""
        self.renew()
        try:
            return self.desk.read_ticket(self.before.ticket_id)
        except (TemporaryError, Unreadable):
            return None

    def _leave_out(self, batch: FieldValues, error: FieldsRefused) -> None:
        """Refuse the fields that the error names, and send the rest again, on a new reading."""
        named = {name: fault for name, fault in error.fields.items() if name in batch}
        if not named:
            self._split(batch, _not_ours(error))
            return
        self.refused |= {Field(name): FieldRefusal(kind=RefusalKind(fault)) for name, fault in named.items()}
        self._send_after_reading([{name: value for name, value in batch.items() if name not in named}])

    def _split(self, batch: FieldValues, refusal: FieldRefusal) -> None:
        """Send the fields again in smaller parts; refuse a single one."""
        if len(batch) == 1:
            self.refused |= dict.fromkeys(batch, refusal)
            self._send_after_reading([])
            return
        parts = list(groups(batch.keys()))
        if len(parts) == 1:
            parts = [frozenset({name}) for name in batch]
        self._send_after_reading([{name: value for name, value in batch.items() if name in part} for part in parts])

    def _give_up(self, batch: FieldValues, refusal: FieldRefusal) -> None:
        """Refuse these fields and all that wait: the cause is none of theirs."""
        for each in (batch, *self.waiting):
            self.refused |= dict.fromkeys(each, refusal)
        self.waiting.clear()

    def _send_next(self, parts: Sequence[FieldValues]) -> None:
        self.waiting.extendleft(part for part in reversed(parts) if part)

    def _send_after_reading(self, parts: Sequence[FieldValues]) -> None:
        self._send_next(parts)
        if self.waiting:
            self._read_again()


def _replaced(ticket: Ticket, plan: FieldsPlan) -> Collection[Field]:
    """Return the fields that have the value of a rule, which replaced ours in an earlier write."""
    by_rule = {name: held for name, held in plan.memory.held_back.items() if held.refusal.kind is RefusalKind.CHANGED}
    return [name for name, held in by_rule.items() if ticket.value(name) == held.found]


def _not_ours(error: FieldsRefused) -> FieldRefusal:
    """Return the refusal of a write because of fields that are not in it, or of no field by name."""
    others = (*(f"{word} is {fault}" for word, fault in error.fields.items()), *error.others)
    missing = any(each.endswith(f" is {RefusalKind.MISSING}") for each in others)
    return FieldRefusal(kind=RefusalKind.MISSING if missing else RefusalKind.REFUSED, detail=", ".join(others))
