"""The fields of a ticket: which values are ours to set, which of them differ, and which persons override."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.memory import AppliedValue, FieldsMemory, Override
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.ownership import (
    DECIDED,
    agreed_after,
    applied_after,
    changed_by_person,
    desired_values,
    is_named,
    is_person,
    overrides_of,
    overwritten,
    reverts,
    seems_overwritten,
    set_by_person,
)
from desk_sync.domain.plan.policy import Mode, TicketPolicy
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.domain.ticket.held_back import FieldRefusal, HeldBack, RefusalKind, hold_back
from desk_sync.domain.ticket.ticket import Field, Ticket, Value

ACTIONS = frozenset({Field.STATUS, Field.PRIORITY, Field.ASSIGNEE, Field.TEAM})
"""The fields that a raised level sets once."""
HELD = "held back"
"""The basis of an action that Desk did not accept when its level was raised."""
_GROUPS = (
    DECIDED,
    ACTIONS,
    frozenset({Field.ESCALATION_LEVEL, Field.ESCALATION_OWNER}),
    frozenset(Field),
)
"""The fields by their worth, most valuable first; each group leaves out the fields of those before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsOutcome:
    """The end of a plan's writes: the ticket after them, and the fields whose value Desk did not accept."""

    ticket: Ticket
    refused: Mapping[Field, FieldRefusal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsPlan:
    """The values to write, which all differ from the ticket's (L5), and the fields' memory if Desk accepts them all.

    `unwritten` are the applied values if it accepts none. `unplaceable` are values of ours for which the ticket's
    layout has no field. `looping` is True if another program keeps undoing what we write, so that nothing more is
    written (L14).
    """

    writes: Mapping[Field, Value] = field(default_factory=dict)
    memory: FieldsMemory = field(default_factory=FieldsMemory)
    unwritten: Mapping[Field, AppliedValue] = field(default_factory=dict)
    unplaceable: tuple[Field, ...] = ()
    looping: bool = False

    @property
    def intended(self) -> Mapping[Field, AppliedValue]:
        """The values to store before they are written, so that a crash in between leaves no doubt."""
        ours = {name: self.memory.applied[name] for name in self.writes if name in self.memory.applied}
        return {name: each for name, each in ours.items() if each.value == self.writes[name]}

    def memory_after(self, before: Ticket, outcome: FieldsOutcome, *, now: datetime, mapping: str) -> FieldsMemory:
        """Return what is remembered of the fields: a refused field costs that field alone (L16)."""
        refused, planned = outcome.refused, self.memory
        written = {name: replace(ours, written_at=outcome.ticket.modified_at) for name, ours in self.intended.items()}
        accepted = {name: ours for name, ours in {**planned.applied, **written}.items() if name not in refused}
        untouched = {name: ours for name, ours in self.unwritten.items() if name in refused and name not in ACTIONS}
        held = self.held_back_after(outcome, now=now, mapping=mapping)
        waiting = {name: each for name, each in planned.held_back.items() if name not in self.writes}
        applied = accepted | untouched | dict(self._replaced(outcome))
        return replace(
            planned,
            applied=applied,
            intended=self._unsettled(refused),
            found={**planned.found, **{name: before.value(name) for name in self.intended}},
            consecutive_writes=planned.consecutive_writes - (bool(refused) and self.writes.keys() == refused.keys()),
            held_back={**waiting, **held},
            set_by_rules=dict(self._set_by_rules(before, outcome.ticket, applied)),
            left_at=outcome.ticket.modified_at if waiting or held else None,
        )

    def held_back_after(self, outcome: FieldsOutcome, *, now: datetime, mapping: str) -> Mapping[Field, HeldBack]:
        """Return the fields that Desk did not accept in this write."""
        return {
            name: hold_back(
                refusal,
                self.memory.held_back.get(name),
                value=self.writes[name],
                found=outcome.ticket.value(name),
                now=now,
                mapping=mapping,
            )
            for name, refusal in outcome.refused.items()
        }

    def _unsettled(self, refused: Mapping[Field, FieldRefusal]) -> Mapping[Field, AppliedValue]:
        """Return the values that Desk may have or get yet, because a write of them has no answer."""
        waiting = {name: each.refusal for name, each in self.memory.held_back.items() if name not in self.writes}
        intended = {**self.memory.intended, **self.intended}
        return {name: ours for name, ours in intended.items() if _may_be_written({**waiting, **refused}.get(name))}

    def _replaced(self, outcome: FieldsOutcome) -> Iterator[tuple[Field, AppliedValue]]:
        """Yield the values that a rule of the portal made of ours: they come from our write, and are taken back."""
        for name, refusal in outcome.refused.items():
            if refusal.kind is RefusalKind.CHANGED and name in self.memory.applied and name not in ACTIONS:
                yield name, replace(self.memory.applied[name], value=outcome.ticket.value(name))

    def _set_by_rules(
        self, before: Ticket, after: Ticket, applied: Mapping[Field, AppliedValue]
    ) -> Iterator[tuple[Field, Value]]:
        """Yield the values that replaced ours within this write or an earlier one, and were not changed since."""
        for name, ours in applied.items():
            known = self.memory.is_by_rule(name, after.value(name))
            now = before.value(name) == ours.value
            if after.value(name) != ours.value and name not in self.writes and (known or now):
                yield name, after.value(name)


def _may_be_written(refusal: FieldRefusal | None) -> bool:
    return refusal is not None and refusal.kind is RefusalKind.UNANSWERED


def groups(names: Collection[Field]) -> Iterator[frozenset[Field]]:
    """Yield the fields in groups of equal worth: box, severity and address first (L16)."""
    left = frozenset(names)
    for group in _GROUPS:
        if left & group:
            yield left & group
        left -= group


@dataclass(frozen=True)
class FieldsDraft:
    """The fields that follow from the decision, before those of clocks and escalation are known."""

    observed: ObservedTicket
    decision: Decision
    memory: FieldsMemory
    rules: TicketPolicy

    @cached_property
    def decided(self) -> Mapping[Field, DesiredValue]:
        """The values that follow from the decision."""
        observed = self.observed
        return dict(desired_values(observed.ticket, observed.lookup, self.decision, self.memory, self.rules))

    @cached_property
    def decided_by_people(self) -> Mapping[Field, Override]:
        return self._overrides(self.decided, DECIDED)

    @property
    def severity(self) -> Value:
        """The severity that counts: ours or the one before ours, also unwritten, unless a person's stands (R49, L7)."""
        theirs, ours = self.decided_by_people.get(Field.SEVERITY), self.decided.get(Field.SEVERITY)
        standing = theirs or ours
        return standing.value if standing else self._reverts.get(Field.SEVERITY, self.observed.ticket.severity)

    @property
    def touched(self) -> frozenset[Field]:
        """The decided fields with a value of ours, or one that is to be written or taken back."""
        wanted = {name: each.value for name, each in self.decided.items() if name not in self.decided_by_people}
        differing = {name for name, value in (wanted | self._reverts).items() if self._differs(name, value)}
        return frozenset((self.memory.applied.keys() & DECIDED) | differing)

    def never_placed(self, plan: FieldsPlan) -> Sequence[Field]:
        """Return the decided fields of the plan for which the layout has no place, and never had one for a value."""
        return [name for name in plan.unplaceable if name in DECIDED and name not in self.memory.applied]

    @property
    def replaced_address(self) -> Value:
        """The address of a person in the customer field that ours replaces, or has replaced; None without one."""
        name = Field.CUSTOMER_PRIMARY_EMAIL
        ours, wanted, present = self.memory.applied.get(name), self.decided.get(name), self.observed.ticket.value(name)
        if wanted is None or name in self.decided_by_people:
            return None
        return ours.before if ours and ours.value == present else None if present == wanted.value else present

    @property
    def seem_overwritten(self) -> bool:
        """True if a write of ours may have replaced a person's value that we had not read."""
        ours = self.memory.applied.items()
        return any(seems_overwritten(name, each, self.observed, self.rules) for name, each in ours)

    def replaced(self, shown: Mapping[Field, DesiredValue]) -> frozenset[Field]:
        """Return the fields in which a value of others is to be replaced, as none is known to be a person's.

        Of the values to show those count that stand in the place of ours.
        """
        values = {name: each.value for name, each in self.decided.items() if name not in self.decided_by_people}
        values |= self._reverts
        ours, theirs = self.memory.applied, self._overrides(shown, frozenset(shown))
        values |= {
            name: each.value
            for name, each in shown.items()
            if name in ours and name not in theirs and self._differs(name, ours[name].value)
        }
        return frozenset(name for name, value in values.items() if self._differs(name, value))

    @property
    def doubtful(self) -> frozenset[Field]:
        """The fields whose value was set within a write of ours, and whose author no event names.

        It is taken for that of a rule of the portal, and may be a person's whose event is lost.
        """
        memory, observed = self.memory, self.observed
        standing = (name for name in memory.set_by_rules if memory.is_by_rule(name, observed.ticket.value(name)))
        return frozenset(name for name in standing if not is_named(name, observed))

    def finish(
        self, shown: Mapping[Field, DesiredValue], actions: Mapping[Field, DesiredValue], mode: Mode
    ) -> FieldsPlan:
        """Return the plan; `shown` are the values that show clocks and escalation, `actions` those of raised levels.

        An action is done once: a later change of it by a person stays.
        """
        ticket = self.observed.ticket
        judged = {**self.decided_by_people, **self._overrides(shown, frozenset(shown))}
        given_back = {} if actions else dict(self._given_back())
        overrides = {**self._unjudged(shown), **judged}
        desired = {name: value for name, value in {**self.decided, **shown}.items() if name not in overrides}
        raised = {name: action for name, action in actions.items() if not self._is_done(name, action)}
        values = self._reverts
        values |= {name: each.value for name, each in (judged | desired | raised).items()} | given_back
        differing = {name: value for name, value in values.items() if self._differs(name, value)}
        held = {name: each for name, each in self._held_back.items() if name in differing}
        due = {name: value for name, value in differing.items() if name not in held or self._is_due(held[name], value)}
        looping = bool(due) and self._consecutive_writes >= self.rules.write_limit
        writes = due if mode is Mode.WRITE and not looping else {}
        applied = dict(applied_after(ticket, self.memory, desired | raised, writes, overrides))
        agreed = dict(agreed_after(ticket, self.memory, desired, applied, overrides)) if mode is Mode.WRITE else {}
        return FieldsPlan(
            writes=writes,
            memory=FieldsMemory(
                applied=applied,
                intended={name: ours for name, ours in self.memory.intended.items() if name not in writes},
                found=self.memory.found,
                agreed=agreed,
                overrides=overrides,
                consecutive_writes=self._consecutive_writes + self._may_answer(writes),
                held_back=held if mode is Mode.WRITE else {},
                set_by_rules=self.memory.set_by_rules,
                looked=True,
            ),
            unwritten=dict(applied_after(ticket, self.memory, desired, {}, overrides)),
            unplaceable=tuple(sorted(desired.keys() & ticket.not_on_layout)),
            looping=looping,
        )

    @property
    def _reverts(self) -> dict[Field, Value]:
        ticket = self.observed.ticket
        return dict(reverts(ticket, self.decision, self.decided.keys(), self.memory, self.rules))

    def _unjudged(self, shown: Mapping[Field, DesiredValue]) -> Mapping[Field, Override]:
        """Return the overrides of fields that nothing is desired of at present, such as a clock's in the bin."""
        known = self.memory.overrides.items()
        return {name: override for name, override in known if name not in DECIDED and name not in shown}

    def _is_done(self, name: Field, action: DesiredValue) -> bool:
        """Return True for an action that was made before the process died, and stands or was changed by a person."""
        ours = self.memory.applied.get(name)
        if ours is None or ours.basis != action.basis:
            return False
        stands = self.observed.ticket.value(name) == ours.value
        return stands or set_by_person(name, self.observed, self.memory, self.rules)

    def _given_back(self) -> Iterator[tuple[Field, Value]]:
        """Yield the persons' values that an action of a level replaced unseen."""
        for name, ours in self.memory.applied.items():
            if name in ACTIONS and self.observed.ticket.value(name) == ours.value:
                yield from ((name, value) for value in overwritten(name, ours, self.observed, self.rules))

    def _differs(self, name: Field, value: Value) -> bool:
        ticket = self.observed.ticket
        return name not in ticket.not_on_layout and ticket.value(name) != value

    def held_actions(self) -> Mapping[Field, DesiredValue]:
        """Return the values of earlier levels that Desk did not accept, unless the field was changed since."""
        held = {name: each for name, each in self.memory.held_back.items() if name in ACTIONS}
        return {name: DesiredValue(each.value, HELD) for name, each in held.items() if self._still_waits(name, each)}

    def _still_waits(self, name: Field, held: HeldBack) -> bool:
        """Return True if the action was not made after all, by a write without an answer, and its field is as found."""
        ours = self.memory.applied.get(name)
        made = ours is not None and ours.value == held.value
        return not made and self.observed.ticket.value(name) == held.found

    def _is_due(self, held: HeldBack, value: Value) -> bool:
        """Return True if a field that is held back is tried again: by its value, its time, or a change of the ticket.

        Changes by programs count only up to the limit of writes (L14): one may be their answer to our try.
        """
        if not held.refusal.sent or not held.still_waits(
            value, now=self.observed.host_now, mapping=self.decision.policy_version
        ):
            return True
        return self._changed_by_person or (bool(self._news) and held.tries < self.rules.write_limit)

    @cached_property
    def _held_back(self) -> Mapping[Field, HeldBack]:
        """What is held back; a person's change of the ticket starts the count of tries again."""
        held = self.memory.held_back
        return {name: replace(each, tries=0) for name, each in held.items()} if self._changed_by_person else held

    @cached_property
    def _news(self) -> Sequence[Event]:
        """The events of changes after the last look."""
        events = [each for each in self.observed.events if each.hint is EventHint.STATE]
        return [each for each in events if self.memory.may_be_older_than(each.modified_at)]

    @cached_property
    def _changed_by_person(self) -> bool:
        """True if a person changed the ticket since a field was held back, by the events or by its last author."""
        ticket = self.observed.ticket
        last = self.memory.may_be_older_than(ticket.modified_at) and is_person(ticket.modified_by, self.rules)
        return last or changed_by_person(self._news, self.rules)

    @property
    def _consecutive_writes(self) -> int:
        """The count of writes; once it is at its limit, only an event can show that a person changed the ticket."""
        count = self.memory.consecutive_writes
        by_person = count < self.rules.write_limit and is_person(self.observed.ticket.modified_by, self.rules)
        return 0 if by_person or changed_by_person(self.observed.events, self.rules) else count

    def _may_answer(self, writes: Mapping[Field, Value]) -> bool:
        """Return True if the writes may answer another program's: of a decided field, or of a value that we had set.

        What clocks and escalation show changes with time, whatever others do.
        """
        ours = self.memory.applied
        return any(name in DECIDED or (name in ours and ours[name].value == value) for name, value in writes.items())

    def _overrides(self, desired: Mapping[Field, DesiredValue], among: frozenset[Field]) -> Mapping[Field, Override]:
        return dict(overrides_of(self.observed, self.decision, desired, self.memory, self.rules, among=among))
