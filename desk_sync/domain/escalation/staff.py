"""Staff: people, the days on which they hold roles, and the deputies for their absences.

Days are half-open: `first` counts, `until` does not. They are local dates of the ticket's region.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class DutyDays:
    """The dates from `first` (included) to `until` (excluded); all dates by default."""

    first: date = date.min
    until: date = date.max

    def __post_init__(self) -> None:
        if not self.first < self.until:
            raise ValueError(f"days {self.first}–{self.until}: the end must come after the beginning")

    def __contains__(self, day: date) -> bool:
        return self.first <= day < self.until


ALWAYS = DutyDays()


class NoticeChannel(StrEnum):
    """The channel of a notice. The URL of a CHAT address is in the environment, never in the mapping."""

    MAIL = "mail"
    CHAT = "chat"


@dataclass(frozen=True, slots=True, order=True)
class NoticeAddress:
    """The address of a notice: a mail address, or the name of a chat address that is set in the environment."""

    channel: NoticeChannel
    to: str

    def __str__(self) -> str:
        return f"{self.channel} {self.to}"


@dataclass(frozen=True, slots=True)
class StaffAbsence:
    """Days on which a person is absent, with the `deputy`, a person or a role; without one, nothing replaces them."""

    days: DutyDays
    deputy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """A person to notify: an agent of Desk (id or e-mail), a team of Desk, addresses for notices; all optional."""

    name: str
    agent: str | None = None
    team: str | None = None
    addresses: tuple[NoticeAddress, ...] = ()
    absences: tuple[StaffAbsence, ...] = ()

    def absent(self, on: date) -> StaffAbsence | None:
        return next((absence for absence in self.absences if on in absence.days), None)


@dataclass(frozen=True, slots=True)
class DutyPeriod:
    """The days on which a person holds a role."""

    person: str
    days: DutyDays = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRoster:
    """The roles and their duty periods. A role without any is a *placeholder*, staffed by people unknown here."""

    people: Mapping[str, StaffMember] = field(default_factory=dict)
    roles: Mapping[str, tuple[DutyPeriod, ...]] = field(default_factory=dict)

    def placeholder(self, role: str) -> bool:
        return self.roles.get(role) == ()

    def on_duty(self, role: str, on: date) -> tuple[StaffMember, ...]:
        """Return the people on duty for the role that day: its holders or their deputies, each once, in order."""
        return tuple(dict.fromkeys(self._present(role, on, frozenset())))

    def staffed(self, role: str, on: date) -> bool:
        """Return True if the role is a placeholder or has people on duty that day; False for an unknown role."""
        return self.placeholder(role) or bool(self.on_duty(role, on))

    def boundaries(self) -> frozenset[date]:
        """Return the dates on which a duty or absence begins or ends; between two of them nothing changes."""
        return frozenset(day for days in self._days() for day in (days.first, days.until) if date.min < day < date.max)

    def out_of_reach(self) -> tuple[str, ...]:
        """Return the roles that no notice reaches on any day, sorted: they see Desk's comments only."""
        return tuple(sorted(role for role, duties in self.roles.items() if not any(map(self._reachable, duties))))

    def _reachable(self, duty: DutyPeriod) -> bool:
        return bool(self.people[duty.person].addresses)

    def _present(self, name: str, on: date, seen: frozenset[str]) -> Iterator[StaffMember]:
        """Yield the people on duty for a name, a role or a person. A circle of absent deputies yields no one."""
        if name in seen:
            return
        seen |= {name}
        if person := self.people.get(name):
            absence = person.absent(on)
            if absence is None:
                yield person
            elif absence.deputy:
                yield from self._present(absence.deputy, on, seen)
        else:
            for duty in self._held(name, on):
                yield from self._present(duty.person, on, seen)

    def _held(self, role: str, on: date) -> Iterable[DutyPeriod]:
        return (duty for duty in self.roles.get(role, ()) if on in duty.days)

    def _days(self) -> Iterator[DutyDays]:
        yield from (duty.days for duties in self.roles.values() for duty in duties)
        yield from (absence.days for person in self.people.values() for absence in person.absences)
