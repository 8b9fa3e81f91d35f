"""The fields of a ticket: which values are ours to set, which of them differ, and which persons override."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.memory import AppliedValue, FieldsMemory, Override
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.ownership import (
    DECIDED,
    applied_after,
    changed_by_person,
    desired_values,
    overrides_of,
    reverts,
)
from desk_sync.domain.plan.policy import Mode, TicketPolicy
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.ticket import Field, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsPlan:
    """The values to write, which all differ from the ticket's (L5), and the fields' memory after that.

    `unplaceable` are values of ours for which the ticket's layout has no field. `looping` is True if another program
    keeps undoing what we write, so that nothing more is written (L14).
    """

    writes: Mapping[Field, Value] = field(default_factory=dict)
    memory: FieldsMemory = field(default_factory=FieldsMemory)
    unplaceable: tuple[Field, ...] = ()
    looping: bool = False

    @property
    def intended(self) -> Mapping[Field, AppliedValue]:
        """The values to store before they are written, so that a crash in between leaves no doubt."""
        return {name: self.memory.applied[name] for name in self.writes if name in self.memory.applied}


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
        return dict(desired_values(self.observed.ticket, self.observed.lookup, self.decision, self.rules))

    @cached_property
    def decided_by_people(self) -> Mapping[Field, Override]:
        return self._overrides(self.decided, DECIDED)

    @property
    def severity(self) -> Value:
        """The severity that counts: ours, also where it is not written, unless a person's stands (R49, L7)."""
        ours = self.decided.get(Field.SEVERITY)
        return ours.value if ours and Field.SEVERITY not in self.decided_by_people else self.observed.ticket.severity

    def finish(self, shown: Mapping[Field, DesiredValue], actions: Mapping[Field, Value], mode: Mode) -> FieldsPlan:
        """Return the plan; `shown` are the values that show clocks and escalation, `actions` those of raised levels.

        An action is done once: a later change of it by a person stays.
        """
        ticket = self.observed.ticket
        overrides = {**self.decided_by_people, **self._overrides(shown, frozenset(shown))}
        desired = {name: value for name, value in {**self.decided, **shown}.items() if name not in overrides}
        values = {name: value.value for name, value in desired.items()}
        values |= dict(reverts(ticket, self.decision, self.memory, self.rules))
        values |= actions
        differing = {name: value for name, value in values.items() if self._differs(name, value)}
        looping = bool(differing) and self._consecutive_writes >= self.rules.write_limit
        writes = differing if mode is Mode.WRITE and not looping else {}
        return FieldsPlan(
            writes=writes,
            memory=FieldsMemory(
                applied=dict(applied_after(ticket, self.memory, desired, writes)),
                overrides=overrides,
                consecutive_writes=self._consecutive_writes + bool(writes),
            ),
            unplaceable=tuple(sorted(desired.keys() & ticket.not_on_layout)),
            looping=looping,
        )

    def _differs(self, name: Field, value: Value) -> bool:
        ticket = self.observed.ticket
        return name not in ticket.not_on_layout and ticket.value(name) != value

    @property
    def _consecutive_writes(self) -> int:
        return 0 if changed_by_person(self.observed.events, self.rules) else self.memory.consecutive_writes

    def _overrides(self, desired: Mapping[Field, DesiredValue], among: frozenset[Field]) -> Mapping[Field, Override]:
        observed = self.observed
        return dict(
            overrides_of(observed.ticket, self.decision, desired, self.memory, observed.events, self.rules, among=among)
        )
