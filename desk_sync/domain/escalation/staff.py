"""Who does a role's work on a date: people, the days on which they hold roles, and who stands in for them.

Days are half-open: the first day counts, the last one named is the first that does not. They are dates where the
ticket's region is, so whoever asks brings the region's own date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class DutyDays:
    """The dates from `first` on; `until` is the first that does not count. Left out: always."""

    first: date = date.min
    until: date = date.max

    def __post_init__(self) -> None:
        if not self.first < self.until:
            raise ValueError(f"days {self.first}–{self.until}: the end must come after the beginning")

    def __contains__(self, day: date) -> bool:
        return self.first <= day < self.until


ALWAYS = DutyDays()


class NoticeChannel(StrEnum):
    """How a notice travels. What stands behind a name of CHAT is in the environment, never in the mapping."""

    MAIL = "mail"
    CHAT = "chat"


@dataclass(frozen=True, slots=True, order=True)
class NoticeAddress:
    """Where a notice goes: a mail address, or the name of a chat address that the environment holds."""

    channel: NoticeChannel
    to: str

    def __str__(self) -> str:
        return f"{self.channel} {self.to}"


@dataclass(frozen=True, slots=True)
class StaffAbsence:
    """Days on which a person's work is done by `deputy`, a person or a role; by nobody if there is none."""

    days: DutyDays
    deputy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """Somebody who is told: an agent of Desk by id or e-mail, a team of Desk, addresses for notices; any of them."""

    name: str
    agent: str | None = None
    team: str | None = None
    addresses: tuple[NoticeAddress, ...] = ()
    absences: tuple[StaffAbsence, ...] = ()

    def absent(self, on: date) -> StaffAbsence | None:
        return next((absence for absence in self.absences if on in absence.days), None)


@dataclass(frozen=True, slots=True)
class DutyPeriod:
    """A person holds a role on these days."""

    person: str
    days: DutyDays = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRoster:
    """The roles and who holds them. A role without a duty is a *placeholder*: somebody, known to Desk alone."""

    people: Mapping[str, StaffMember] = field(default_factory=dict)
    roles: Mapping[str, tuple[DutyPeriod, ...]] = field(default_factory=dict)

    def placeholder(self, role: str) -> bool:
        return self.roles.get(role) == ()

    def on_duty(self, role: str, on: date) -> tuple[StaffMember, ...]:
        """The people who do the role's work that day: its holders, or who stands in for them. Each once, in order."""
        return tuple(dict.fromkeys(self._present(role, on, frozenset())))

    def staffed(self, role: str, on: date) -> bool:
        """Whether the role ends at somebody that day. A role that is not in the mapping any more does not."""
        return self.placeholder(role) or bool(self.on_duty(role, on))

    def boundaries(self) -> frozenset[date]:
        """The dates on which somebody comes or goes: between two of them nothing changes."""
        return frozenset(day for days in self._days() for day in (days.first, days.until) if date.min < day < date.max)

    def out_of_reach(self) -> tuple[str, ...]:
        """The roles that no notice reaches on any day: Desk's comments are all that they see. In order."""
        return tuple(sorted(role for role, duties in self.roles.items() if not any(map(self._reachable, duties))))

    def _reachable(self, duty: DutyPeriod) -> bool:
        return bool(self.people[duty.person].addresses)

    def _present(self, name: str, on: date, seen: frozenset[str]) -> Iterator[StaffMember]:
        """Whom the name, a role or a person, stands for that day. Deputies who wait for each other are nobody."""
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
