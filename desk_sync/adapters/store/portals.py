"""A portal: its access token, the limits on calls to it, and the facts learned about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, bindparam, func, or_, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.tables import portals, statuses, tickets
from desk_sync.adapters.store.values import MAX_CLOCK_SKEW, insert
from desk_sync.domain.desk_clock import ClockOffset
from desk_sync.ports.portal import AccessToken, CreditAllowance, CreditLevel, DeskPause

# Built once, like the statements in `queue`: every look runs it.
_PORTAL = select(portals).where(portals.c.name == bindparam("its_name"))


@dataclass(frozen=True, slots=True)
class SqlTokens:
    """The access token that all processes share, and the election of the one that refreshes it."""

    engine: Engine
    portal: str

    def read(self) -> AccessToken | None:
        stored = select(portals.c.access_token, portals.c.expires_at).where(
            portals.c.name == self.portal, portals.c.access_token.is_not(None)
        )
        with reading(self.engine) as connection:
            row = connection.execute(stored).one_or_none()
        return AccessToken(access_token=row.access_token, expires_at=row.expires_at) if row else None

    def elect(self, *, now: datetime, until: datetime) -> bool:
        """Elect the caller. An election that ends after `until` was won before the clock was put back, and is void."""
        elected = portals.c.election_until
        free = or_(elected.is_(None), elected <= now, elected > until + MAX_CLOCK_SKEW)
        return _exchange(self.engine, self.portal, free, election_until=until)

    def save(self, token: AccessToken) -> None:
        learn(
            self.engine,
            self.portal,
            access_token=token.access_token,
            expires_at=token.expires_at,
            election_until=None,
            token_refusal=None,
        )

    def refuse(self, code: str) -> None:
        learn(self.engine, self.portal, token_refusal=code)

    def refusal(self) -> str | None:
        stored = select(portals.c.token_refusal).where(portals.c.name == self.portal)
        with reading(self.engine) as connection:
            code: str | None = connection.scalar(stored)
        return code


@dataclass(frozen=True, slots=True)
class SqlAllowances:
    """The limits on calls to one portal: the credits of its day, and its pause."""

    engine: Engine
    portal: str

    def read(self) -> CreditAllowance:
        with reading(self.engine) as connection:
            stored = connection.execute(_PORTAL, {"its_name": self.portal}).one_or_none()
        if stored is None:
            return CreditAllowance()
        level = CreditLevel(left=stored.credits_left, at=stored.credits_at) if stored.credits_at else None
        return CreditAllowance(credits=level, pause=_pause(stored) if stored.paused_until else None)

    def exchange_credits(self, seen: CreditLevel | None, new: CreditLevel) -> bool:
        left, at = (seen.left, seen.at) if seen else (None, None)
        unchanged = portals.c.credits_at.is_not_distinct_from(at) & portals.c.credits_left.is_not_distinct_from(left)
        return _exchange(self.engine, self.portal, unchanged, credits_left=new.left, credits_at=new.at)

    def elect(self, seen: CreditLevel, *, now: datetime) -> bool:
        return _exchange(self.engine, self.portal, portals.c.credits_at == seen.at, credits_at=now)

    def exchange(self, seen: DeskPause | None, new: DeskPause | None) -> bool:
        unchanged = portals.c.paused_until.is_not_distinct_from(seen.until if seen else None)
        begun_at, until, number = (new.begun_at, new.until, new.number) if new else (None, None, None)
        facts = {"paused_at": begun_at, "paused_until": until, "pauses": number}
        return _exchange(self.engine, self.portal, unchanged, **facts)


@dataclass(frozen=True, slots=True)
class SqlPortalFacts:
    """The facts learned about one portal."""

    engine: Engine
    portal: str
    _learned: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _agents: list[str] = field(default_factory=list, init=False, repr=False)
    _former: set[str] = field(default_factory=set, init=False, repr=False)

    def own_agent(self) -> str | None:
        """Return the agent's id, read from the database once: a token always belongs to the same agent."""
        if not self._agents:
            row = self._stored()
            self._former.update((row.former_agents if row else None) or ())
            self._agents.extend(filter(None, [row.own_agent_id if row else None]))
        return self._agents[-1] if self._agents else None

    def own_agents(self) -> frozenset[str]:
        own = self.own_agent()
        return frozenset({*self._former, *filter(None, [own])})

    def learn_own_agent(self, agent_id: str) -> None:
        before = self.own_agent()
        learn(self.engine, self.portal, own_agent_id=agent_id)
        self._agents.append(agent_id)
        if before and before != agent_id:
            self.learn_former_agents([before])

    def learn_former_agents(self, agent_ids: Iterable[str]) -> None:
        row = self._stored()
        known = {*self._former, *((row.former_agents if row else None) or ())}
        self._former.update(known, agent_ids)
        if not self._former <= known:
            learn(self.engine, self.portal, former_agents=sorted(self._former))

    def traces_wanted_at(self) -> datetime | None:
        row = self._stored()
        wanted: datetime | None = row.traces_wanted_at if row else None
        return wanted

    def want_traces(self, at: datetime) -> None:
        learn(self.engine, self.portal, traces_wanted_at=at)

    def is_new(self) -> bool:
        one = select(tickets.c.ticket_id).where(tickets.c.portal == self.portal).limit(1)
        with reading(self.engine) as connection:
            return connection.scalar(one) is None

    def _stored(self) -> Row[Any] | None:
        with reading(self.engine) as connection:
            return connection.execute(_PORTAL, {"its_name": self.portal}).one_or_none()

    def active_since(self, offset: ClockOffset) -> datetime | None:
        known = self._stored()
        return (known and known.active_since) or self._first_seen(offset)

    def _first_seen(self, offset: ClockOffset) -> datetime | None:
        """Return the instant of our first ticket, and record it, so that it is searched for once."""
        first = select(func.min(tickets.c.first_seen_at)).where(tickets.c.portal == self.portal)
        with reading(self.engine) as connection:
            seen_at: datetime | None = connection.scalar(first)
        if seen_at is None:
            return None
        active_since = offset.in_desk_time(seen_at)
        learn(self.engine, self.portal, active_since=active_since)
        return active_since

    def activate(self, since: datetime) -> None:
        learn(self.engine, self.portal, active_since=since)

    def learn_statuses(self, types: Mapping[str, str]) -> Mapping[str, str]:
        if not types.items() <= self._learned.items():
            self._learned.update(self._statuses())
        if new := types.items() - self._learned.items():
            rows = [{"portal": self.portal, "name": name, "type": kind} for name, kind in sorted(new)]
            with writing(self.engine) as connection:
                seen = insert(connection, statuses)
                update = {"type": seen.excluded.type}
                connection.execute(seen.on_conflict_do_update(index_elements=["portal", "name"], set_=update), rows)
            self._learned.update(types)
        return self._learned

    def _statuses(self) -> Mapping[str, str]:
        known = select(statuses.c.name, statuses.c.type).where(statuses.c.portal == self.portal)
        with reading(self.engine) as connection:
            return {row.name: row.type for row in connection.execute(known)}


def _pause(stored: Row[Any]) -> DeskPause:
    """Return the stored pause; one without a beginning, from an older version, is over."""
    begun_at = stored.paused_at or stored.paused_until
    return DeskPause(begun_at=begun_at, until=stored.paused_until, number=stored.pauses)


def learn(engine: Engine, portal: str, **facts: object) -> None:
    """Store these facts in the row of the portal, which may be new."""
    with writing(engine) as connection:
        statement = insert(connection, portals).values(name=portal, **facts)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=facts))


def _exchange(engine: Engine, portal: str, condition: ColumnElement[bool], **facts: object) -> bool:
    """Change the facts if the condition is true; return True if this call changed them."""
    with writing(engine) as connection:
        connection.execute(insert(connection, portals).values(name=portal).on_conflict_do_nothing())
        change = update(portals).where(portals.c.name == portal, condition).values(facts)
        return connection.execute(change).rowcount == 1
