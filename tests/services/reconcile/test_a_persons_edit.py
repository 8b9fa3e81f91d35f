"""L7: a person's edit of any field that we write stands, in whatever way we learn of it, or fail to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from desk_sync.domain.ticket.ticket import Field, Ticket, Value, digest
from desk_sync.errors import TemporaryError
from tests.services.reconcile.test_field_by_field import WRITTEN
from tests.support.fake_desk import Died
from tests.support.makers import PERSON, ROBOT, changes, make_account, make_evidence
from tests.support.one_portal import ADDRESS, TICKET, MakePortal, OnePortal

OTHER = make_account(99, account_id="A2", super_admin_email="boss@other.example", domain="other.example")
DECIDED = {Field.LARGE_USER, Field.SEVERITY}
THEIRS: dict[Field, Value] = {Field.LARGE_USER: False, ADDRESS: "else@nowhere.example", Field.SEVERITY: "S3-Minimal"}


@dataclass(slots=True, kw_only=True)
class EditedField:
    """A portal whose ticket gets one field from us, and then `theirs` from a person."""

    site: OnePortal
    field: Field
    theirs: Value

    @property
    def ticket(self) -> Ticket:
        return self.site.desk.tickets[TICKET]

    def run_until_we_write(self, then: Callable[[], None] = lambda: None) -> None:
        """Look until we write the field; `then` happens after Desk has it, and before its answer arrives."""
        done = False

        def after_a_write() -> None:
            nonlocal done
            done = self.field in self.site.desk.writes[-1]
            if done:
                then()
            else:
                self.site.desk.after["write_ticket"] = after_a_write

        self.site.desk.after["write_ticket"] = after_a_write
        while not done:
            self.site.runs(hours=0.1)

    def person_sets(self, **facts: Any) -> None:
        self.site.desk.person_sets(TICKET, **{str(self.field): self.theirs} | facts)

    def is_reported(self, before: Ticket, after: Ticket, **facts: Any) -> None:
        """Deliver the event of a change."""
        world = self.site.world
        reported = {"changes": changes(before, after), "state": digest(after), "before": digest(before)}
        world.receives(**{"key": f"{world.now()} {len(self.site.desk.calls)}"} | reported | facts)

    def look(self) -> None:
        """Look now, and again when what may have been held up is due."""
        self.site.world.look()
        for _ in range(3):
            self.site.world.waits(minutes=1)
            self.site.world.tickets.look_now([TICKET], now=self.site.world.now())
            self.site.world.look()


def its_event_is_late(edited: EditedField, *, last_author: str = PERSON) -> None:
    found: list[Ticket] = []
    before = edited.ticket
    edited.run_until_we_write(then=lambda: found.append(edited.ticket))
    edited.site.world.waits(minutes=1)
    edited.site.desk.person_sets(TICKET, product="CRM")
    edited.is_reported(found[0], edited.ticket)
    edited.site.world.look()
    ours = edited.ticket
    edited.person_sets()
    theirs = edited.ticket
    edited.site.desk.tickets[TICKET] = replace(theirs, modified_by=last_author)
    edited.is_reported(before, found[0], actor_id=ROBOT)
    edited.look()
    assert last_author == ROBOT or edited.ticket.value(edited.field) == edited.theirs
    edited.is_reported(ours, theirs)


def its_event_is_late_and_a_program_wrote_last(edited: EditedField) -> None:
    its_event_is_late(edited, last_author=ROBOT)


def our_answer_is_lost(edited: EditedField) -> None:
    def lose() -> None:
        edited.person_sets()
        raise TemporaryError("Desk did not answer")

    edited.run_until_we_write(then=lose)


def we_die_before_it_is_recorded(edited: EditedField) -> None:
    def die() -> None:
        edited.person_sets()
        raise Died

    with pytest.raises(Died):
        edited.run_until_we_write(then=die)
    edited.site.world.waits(minutes=2)


def it_puts_back_what_was_there_while_we_die(edited: EditedField) -> None:
    found: list[Ticket] = []

    def remember() -> None:
        found.append(edited.ticket)
        edited.site.desk.before["write_ticket"] = remember

    def die() -> None:
        ours, edited.theirs = edited.ticket, found[-1].value(edited.field)
        edited.person_sets()
        edited.is_reported(ours, edited.ticket)
        raise Died

    remember()
    with pytest.raises(Died):
        edited.run_until_we_write(then=die)
    edited.site.desk.before.clear()
    edited.site.world.waits(minutes=2)


def it_comes_with_a_change_of_its_basis(edited: EditedField) -> None:
    edited.run_until_we_write()
    if edited.field in DECIDED:
        edited.site.world.imports(make_account(), OTHER)
        basis = {"evidence": (make_evidence(OTHER.super_admin_email),), "customer_primary_email": "boss@other.example"}
    else:
        basis = {"severity": "S2-Moderate"}
    before = edited.ticket
    edited.person_sets(**basis)
    edited.is_reported(before, edited.ticket)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverwrittenEdit:
    """The ticket as we read it, as the person left it, and as our write left it."""

    read: Ticket
    theirs: Ticket
    ours: Ticket


def overwritten(edited: EditedField) -> OverwrittenEdit:
    """Let the person's edit fall between our reading and our write."""
    states: list[Ticket] = []

    def edit() -> None:
        states[:] = [edited.ticket]
        if edited.field in edited.site.desk.writes[-1]:
            edited.site.world.waits(seconds=1)
            edited.person_sets()
            states.append(edited.ticket)
        else:
            edited.site.desk.before["write_ticket"] = edit

    edited.site.desk.before["write_ticket"] = edit
    edited.run_until_we_write(then=lambda: states.append(edited.ticket))
    read, theirs, ours = states
    assert ours.value(edited.field) != edited.theirs
    return OverwrittenEdit(read=read, theirs=theirs, ours=ours)


def our_write_replaces_it_unseen(edited: EditedField) -> None:
    lost = overwritten(edited)
    edited.is_reported(lost.read, lost.theirs, modified_at=lost.theirs.modified_at)


def only_the_echo_of_our_write_shows_it(edited: EditedField) -> None:
    lost = overwritten(edited)
    edited.is_reported(lost.theirs, lost.ours, actor_id=ROBOT, modified_at=lost.ours.modified_at)


def its_event_is_lost_and_a_rule_wrote_last(edited: EditedField) -> None:
    edited.run_until_we_write()
    edited.look()
    edited.site.world.waits(minutes=1)
    edited.person_sets()
    theirs = edited.ticket
    edited.site.world.waits(minutes=1)
    edited.site.desk.person_sets(TICKET, product="CRM", modified_by=None)
    edited.is_reported(theirs, edited.ticket, actor_id=None, modified_at=edited.ticket.modified_at)


def its_event_is_lost_and_our_next_write_of_others_follows_at_once(edited: EditedField) -> None:
    done = False

    def edit() -> None:
        nonlocal done
        if edited.field not in edited.site.desk.writes[-1]:
            edited.person_sets()
            done = True
        else:
            edited.site.desk.before["write_ticket"] = edit

    edited.run_until_we_write()
    edited.look()
    edited.site.desk.before["write_ticket"] = edit
    while not done:
        edited.site.runs(hours=0.1)
    assert edited.ticket.modified_by == ROBOT


WAYS = (
    its_event_is_lost_and_our_next_write_of_others_follows_at_once,
    its_event_is_lost_and_a_rule_wrote_last,
    our_write_replaces_it_unseen,
    only_the_echo_of_our_write_shows_it,
    its_event_is_late,
    its_event_is_late_and_a_program_wrote_last,
    our_answer_is_lost,
    we_die_before_it_is_recorded,
    it_puts_back_what_was_there_while_we_die,
    it_comes_with_a_change_of_its_basis,
)


OVERWRITTEN = (our_write_replaces_it_unseen, only_the_echo_of_our_write_shows_it)
TABLE = [
    pytest.param(field, way, id=f"{field}-{way.__name__}")
    for field in sorted(WRITTEN)
    for way in WAYS
    if not (field is Field.LARGE_USER and way in OVERWRITTEN)  # nobody can untick a box before it is ticked
]


@pytest.mark.parametrize(("field", "way"), TABLE)
def test_it_stands(make_portal: MakePortal, field: Field, way: Callable[[EditedField], None]):
    edited = EditedField(site=make_portal(), field=field, theirs=THEIRS.get(field, "mine"))
    way(edited)
    edited.look()

    assert edited.ticket.value(field) == edited.theirs
