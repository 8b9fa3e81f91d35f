"""What is known of a portal itself: its one access token, how it may be called, and who we are in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, bindparam, func, or_, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.tables import portals, statuses, tickets
from desk_sync.adapters.store.values import AHEAD, insert
from desk_sync.ports.portal import AccessToken, CreditAllowance, CreditLevel, DeskPause

# Built once, as the statements of `queue`: every look reads it.
_PORTAL = select(portals).where(portals.c.name == bindparam("its_name"))


@dataclass(frozen=True, slots=True)
class SqlTokens:
    """The access token that all processes share, and the election of the one that refreshes it."""

    engine: Engine
    portal: str

    def read(self) -> AccessToken | None:
        """The stored token, expired or not."""
        stored = select(portals.c.access_token, portals.c.expires_at).where(
            portals.c.name == self.portal, portals.c.access_token.is_not(None)
        )
        with reading(self.engine) as connection:
            row = connection.execute(stored).one_or_none()
        return AccessToken(access_token=row.access_token, expires_at=row.expires_at) if row else None

    def elect(self, *, now: datetime, until: datetime) -> bool:
        """Whether the caller alone may refresh the token until `until`.

        An election that lasts longer was won by a clock that has been put back, and holds nobody up.
        """
        elected = portals.c.election_until
        free = or_(elected.is_(None), elected <= now, elected > until + AHEAD)
        return _exchange(self.engine, self.portal, free, election_until=until)

    def save(self, token: AccessToken) -> None:
        """Replace the token and end the election."""
        _learn(
            self.engine,
            self.portal,
            access_token=token.access_token,
            expires_at=token.expires_at,
            election_until=None,
        )


@dataclass(frozen=True, slots=True)
class SqlAllowances:
    """How one portal may be called: the credits of its day, and until when it is paused."""

    engine: Engine
    portal: str

    def read(self) -> CreditAllowance:
        with reading(self.engine) as connection:
            stored = connection.execute(_PORTAL, {"its_name": self.portal}).one_or_none()
        if stored is None:
            return CreditAllowance()
        heard = CreditLevel(left=stored.credits_left, at=stored.credits_at) if stored.credits_at else None
        return CreditAllowance(credits=heard, pause=_pause(stored) if stored.paused_until else None)

    def save_credits(self, heard: CreditLevel) -> None:
        _learn(self.engine, self.portal, credits_left=heard.left, credits_at=heard.at)

    def elect(self, seen: CreditLevel, *, now: datetime) -> bool:
        """Whether the caller alone may ask Desk again how the credits stand, which count as heard at `now`."""
        return _exchange(self.engine, self.portal, portals.c.credits_at == seen.at, credits_at=now)

    def exchange(self, seen: DeskPause | None, then: DeskPause | None) -> bool:
        """Put `then` in the place of `seen`. False, and nothing is changed, if something else stands there by now."""
        unchanged = portals.c.paused_until.is_not_distinct_from(seen.until if seen else None)
        begun_at, until, number = (then.begun_at, then.until, then.number) if then else (None, None, None)
        facts = {"paused_at": begun_at, "paused_until": until, "pauses": number}
        return _exchange(self.engine, self.portal, unchanged, **facts)


@dataclass(frozen=True, slots=True)
class SqlPortalFacts:
    """What we learn about one portal on the way."""

    engine: Engine
    portal: str
    _learned: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _agents: list[str] = field(default_factory=list, init=False, repr=False)

    def own_agent(self) -> str | None:
        """The id of the agent whose token we use, once a write has shown it; then read once, since a token is his."""
        if not self._agents:
            known = select(portals.c.own_agent_id).where(portals.c.name == self.portal)
            with reading(self.engine) as connection:
                self._agents.extend(filter(None, [connection.scalar(known)]))
        return self._agents[-1] if self._agents else None

    def learn_own_agent(self, agent_id: str) -> None:
        _learn(self.engine, self.portal, own_agent_id=agent_id)
        self._agents.append(agent_id)

    def active_since(self) -> datetime | None:
        """Since when what happens sets off escalations: when we first heard of a ticket, or what a person has said."""
        with reading(self.engine) as connection:
            known = connection.execute(_PORTAL, {"its_name": self.portal}).one_or_none()
        return (known and known.active_since) or self._first_heard()

    def _first_heard(self) -> datetime | None:
        """When we first heard of a ticket; learnt, so that it is looked for once."""
        first = select(func.min(tickets.c.first_seen_at)).where(tickets.c.portal == self.portal)
        with reading(self.engine) as connection:
            heard: datetime | None = connection.scalar(first)
        if heard:
            _learn(self.engine, self.portal, active_since=heard)
        return heard

    def activate(self, since: datetime) -> None:
        """Let what happened since then set off escalations, too."""
        _learn(self.engine, self.portal, active_since=since)

    def learn_status(self, name: str, kind: str) -> Mapping[str, str]:
        """Remember Desk's type of a status that was seen; returns the types of all that are known, by name."""
        if self._learned.get(name) != kind:
            self._learned.update(self._statuses())
        if self._learned.get(name) != kind:
            with writing(self.engine) as connection:
                seen = insert(connection, statuses).values(portal=self.portal, name=name, type=kind)
                key = ["portal", "name"]
                connection.execute(seen.on_conflict_do_update(index_elements=key, set_={"type": kind}))
            self._learned[name] = kind
        return self._learned

    def _statuses(self) -> Mapping[str, str]:
        known = select(statuses.c.name, statuses.c.type).where(statuses.c.portal == self.portal)
        with reading(self.engine) as connection:
            return {row.name: row.type for row in connection.execute(known)}


def _pause(stored: Row[Any]) -> DeskPause:
    """A version that did not write down when a pause began is gone, and its pauses with it."""
    begun_at = stored.paused_at or stored.paused_until
    return DeskPause(begun_at=begun_at, until=stored.paused_until, number=stored.pauses)


def _learn(engine: Engine, portal: str, **facts: object) -> None:
    with writing(engine) as connection:
        statement = insert(connection, portals).values(name=portal, **facts)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=facts))


def _exchange(engine: Engine, portal: str, condition: ColumnElement[bool], **facts: object) -> bool:
    """Whether the caller was the one that found the condition true, and changed the facts."""
    with writing(engine) as connection:
        connection.execute(insert(connection, portals).values(name=portal).on_conflict_do_nothing())
        change = update(portals).where(portals.c.name == portal, condition).values(facts)
        return connection.execute(change).rowcount == 1
