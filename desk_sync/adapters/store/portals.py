"""What is known of a portal itself: its one access token, and who we are in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, or_, select, update

from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.tables import portals
from desk_sync.adapters.store.values import insert
from desk_sync.ports import Token


@dataclass(frozen=True, slots=True)
class SqlTokens:
    """The access token that all processes share, and the election of the one that refreshes it."""

    engine: Engine
    portal: str

    def read(self) -> Token | None:
        """The stored token, expired or not."""
        stored = select(portals.c.access_token, portals.c.expires_at).where(
            portals.c.name == self.portal, portals.c.access_token.is_not(None)
        )
        with reading(self.engine) as connection:
            row = connection.execute(stored).one_or_none()
        return Token(access_token=row.access_token, expires_at=row.expires_at) if row else None

    def elect(self, *, now: datetime, until: datetime) -> bool:
        """Whether the caller alone may refresh the token until `until`."""
        free = or_(portals.c.election_until.is_(None), portals.c.election_until <= now)
        with writing(self.engine) as connection:
            connection.execute(insert(connection, portals).values(name=self.portal).on_conflict_do_nothing())
            won = update(portals).where(portals.c.name == self.portal, free).values(election_until=until)
            return connection.execute(won).rowcount == 1

    def save(self, token: Token) -> None:
        """Replace the token and end the election."""
        _learn(
            self.engine,
            self.portal,
            access_token=token.access_token,
            expires_at=token.expires_at,
            election_until=None,
        )


@dataclass(frozen=True, slots=True)
class SqlPortalFacts:
    """What we learn about one portal on the way."""

    engine: Engine
    portal: str

    def own_agent(self) -> str | None:
        """The id of the agent whose token we use, once a write has shown it."""
        with reading(self.engine) as connection:
            return connection.scalar(select(portals.c.own_agent_id).where(portals.c.name == self.portal))

    def learn_own_agent(self, agent_id: str) -> None:
        _learn(self.engine, self.portal, own_agent_id=agent_id)


def _learn(engine: Engine, portal: str, **facts: object) -> None:
    with writing(engine) as connection:
        statement = insert(connection, portals).values(name=portal, **facts)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=facts))
