"""A portal with one ticket of a large account that nobody answers, a Desk in memory, and a look whenever one is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.domain.account.identity import IdentifierKind
from desk_sync.domain.escalation.policy import LevelAction
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.effect import reference_of
from desk_sync.domain.ticket.held_back import EVERY
from desk_sync.domain.ticket.ticket import Field
from tests.services.conftest import World
from tests.support.fake_desk import FakeDesk
from tests.support.makers import NOW, TICKETS, make_account, make_evidence, make_ticket
from tests.support.plan_scenes import ADA, EVERYTHING, FALLBACK, STAFFED, make_agent

TICKET = "100000000000000001"
LIMIT = 20
ADDRESS = Field.CUSTOMER_PRIMARY_EMAIL
POLICY: Policy = replace(
    EVERYTHING,
    tickets=replace(TICKETS, write_limit=LIMIT),
    escalation=replace(
        STAFFED,
        actions={
            1: LevelAction(status="Escalated", priority="High", assign=True),
            2: LevelAction(priority="Urgent", assign=True),
        },
    ),
)


NOTE = reference_of(TICKET, "clocks")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePortal:
    """A portal with one ticket of a large account that nobody answers."""

    world: World
    desk: FakeDesk

    def runs(self, *, hours: float) -> None:
        """Look whenever a look is due, until so many hours have passed."""
        world = self.world
        end = world.now() + hours * EVERY
        while (due := world.metrics.next_look_at()) is not None and due <= end:
            world.waits(seconds=max((due - world.now()).total_seconds(), 1))
            world.look()
        world.waits(seconds=(end - world.now()).total_seconds())

    def person_changes_something_that_is_not_read(self) -> None:
        """Change the ticket a minute later: Desk's event shows nothing that we read."""
        self.world.waits(minutes=1)
        self.desk.person_sets(TICKET)
        memory, at = self.world.tickets.history(TICKET).memory, self.world.now()
        self.world.receives(key=f"{at}", state=memory.written_digest, before=memory.written_digest, modified_at=at)

    def held_back(self) -> Mapping[Field, Any]:
        return self.world.tickets.history(TICKET).memory.fields.held_back

    def values(self, *, without: Field | None = None) -> Mapping[Field, Any]:
        return {name: self.desk.tickets[TICKET].value(name) for name in Field if name is not without}

    def everything_else(self, field: Field) -> Mapping[str, Any]:
        """Return all that people see of the ticket, without one field; of the note, which tells of it, the clocks."""
        history = self.world.tickets.history(TICKET)
        comments = [text.rpartition(" [") for text in self.desk.comments[TICKET]]
        return {
            "values": self.values(without=field),
            "comments": [text for text, _, reference in comments if reference != f"{NOTE}]"],
            "note": [text.partition("The clocks, as of ")[2] for text, _, by in comments if by == f"{NOTE}]"],
            "public": list(self.desk.public_comments[TICKET]),
            "messages": [(each.topic, each.to) for each in SqlNotices(self.world.engine, "default").waiting()],
            "levels": [(each.level, each.at) for each in history.memory.escalation.state.raised],
            "clocks": history.clocks(self.world.now()),
            "decision": history.decisions[-1].decision,
            "parked": history.parked_at,
            "attempts": history.attempts,
        }


def open_portal(engine: Any, policy: Policy = POLICY) -> OnePortal:
    """Return a new portal whose ticket was just opened, and not looked at yet."""
    ticket = make_ticket(
        customer_primary_email="user@large.example",
        evidence=(make_evidence("user@large.example"), make_evidence("large.example", IdentifierKind.DOMAIN)),
        severity="S2-Moderate",
        created_at=NOW,
        modified_at=NOW,
        threads=1,
    )
    desk = FakeDesk(ticket)
    for address in (ADA.agent, FALLBACK):
        desk.agents[address] = make_agent()
    world = World(engine, desk)
    world.policy = policy
    world.imports(make_account())
    world.receives(modified_at=NOW)
    return OnePortal(world=world, desk=desk)


MakePortal: TypeAlias = Callable[[], OnePortal]
