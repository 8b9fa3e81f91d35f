"""What one portal's Desk said of who writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Engine, bindparam, or_, select

from desk_sync.adapters.store.engine import reading, redoable, writing
from desk_sync.adapters.store.tables import education_replies, partners
from desk_sync.adapters.store.values import insert
from desk_sync.domain.account.partner import Partner
from desk_sync.ports.partners import StoredPartner

_PARTNER = TypeAdapter(Partner)
# Built once, as the statements of `queue`.
_KNOWN = select(partners).where(partners.c.portal == bindparam("its_portal"), partners.c.key == bindparam("its_key"))


@dataclass(frozen=True, slots=True)
class SqlPartners:
    """One portal's partners."""

    engine: Engine
    portal: str

    def recall(self, key: str) -> StoredPartner | None:
        """What Desk said last, however long ago; None if it was never asked."""
        with reading(self.engine) as connection:
            row = connection.execute(_KNOWN, {"its_portal": self.portal, "its_key": key}).one_or_none()
        if row is None:
            return None
        partner = _PARTNER.validate_python(row.partner) if row.partner else None
        return StoredPartner(partner=partner, at=row.read_at, refused=row.refused)

    def learn(self, key: str, learnt: StoredPartner) -> None:
        """Replace what was known."""
        partner = _PARTNER.dump_python(learnt.partner, mode="json") if learnt.partner else None
        told = {"partner": partner, "refused": learnt.refused, "read_at": learnt.at}
        with redoable(self.engine) as connection:
            statement = insert(connection, partners).values(portal=self.portal, key=key, **told)
            connection.execute(statement.on_conflict_do_update(index_elements=["portal", "key"], set_=told))


@dataclass(frozen=True, slots=True)
class SqlEducationLog:
    """Which of one portal's partners were taught lately."""

    engine: Engine
    portal: str

    def claim(self, partner_key: str, ticket_id: str, *, now: datetime, every: timedelta) -> bool:
        """Whether the partner may be taught on this ticket: nobody else's ticket taught it within `every`."""
        claimed = {"ticket_id": ticket_id, "taught_at": now}
        key = (education_replies.c.portal, education_replies.c.partner_key)
        free = or_(education_replies.c.taught_at <= now - every, education_replies.c.ticket_id == ticket_id)
        with writing(self.engine) as connection:
            statement = insert(connection, education_replies).values(
                portal=self.portal, partner_key=partner_key, **claimed
            )
            upsert = statement.on_conflict_do_update(index_elements=key, set_=claimed, where=free)
            return connection.execute(upsert.returning(education_replies.c.partner_key)).first() is not None
