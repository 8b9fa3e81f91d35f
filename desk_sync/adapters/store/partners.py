"""Partners as read from one portal's Desk, and the education replies to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, bindparam, or_, select

from desk_sync.adapters.store.engine import reading, redoable
from desk_sync.adapters.store.tables import education_replies, partners
from desk_sync.adapters.store.values import insert
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.plan.education import EducationClaim, LastEducation
from desk_sync.ports.partners import StoredPartner

PARTNER = TypeAdapter(Partner)
PLACED = "place:"
"""The beginning of the keys under which persons' decisions are (`partner_places`)."""
# Built once, like the statements in `queue`.
_KNOWN = select(partners).where(partners.c.portal == bindparam("its_portal"), partners.c.key == bindparam("its_key"))


@dataclass(frozen=True, slots=True)
class SqlPartners:
    """One portal's partners."""

    engine: Engine
    portal: str

    def recall(self, key: str) -> StoredPartner | None:
        with reading(self.engine) as connection:
            row = connection.execute(_KNOWN, {"its_portal": self.portal, "its_key": key}).one_or_none()
        if row is None:
            return None
        partner = PARTNER.validate_python(row.partner) if row.partner else None
        return StoredPartner(partner=partner, at=row.read_at, refused=row.refused)

    def learn(self, key: str, stored: StoredPartner) -> None:
        partner = PARTNER.dump_python(stored.partner, mode="json") if stored.partner else None
        facts = {"partner": partner, "refused": stored.refused, "read_at": stored.at}
        with redoable(self.engine) as connection:
            statement = insert(connection, partners).values(portal=self.portal, key=key, **facts)
            connection.execute(statement.on_conflict_do_update(index_elements=["portal", "key"], set_=facts))


@dataclass(frozen=True, slots=True)
class SqlEducationLog:
    """The last education reply to each of one portal's partners."""

    engine: Engine
    portal: str

    def last(self, partner_key: str) -> LastEducation | None:
        known = select(education_replies.c.ticket_id, education_replies.c.taught_at).where(
            education_replies.c.portal == self.portal, education_replies.c.partner_key == partner_key
        )
        with reading(self.engine) as connection:
            row = connection.execute(known).first()
        return LastEducation(ticket_id=row.ticket_id, at=row.taught_at) if row else None

    def learn(self, partner_key: str, found: LastEducation) -> None:
        facts = {"ticket_id": found.ticket_id, "taught_at": found.at}
        key = (education_replies.c.portal, education_replies.c.partner_key)
        with redoable(self.engine) as connection:
            new = insert(connection, education_replies).values(portal=self.portal, partner_key=partner_key, **facts)
            earlier = education_replies.c.taught_at < found.at
            connection.execute(new.on_conflict_do_update(index_elements=key, set_=facts, where=earlier))


def claim_education(
    connection: Connection, portal: str, ticket_id: str, claim: EducationClaim, *, now: datetime
) -> bool:
    """Return True, and record it, if no other ticket of the partner got a reply less than `claim.every` ago."""
    taken = {"ticket_id": ticket_id, "taught_at": now}
    key = (education_replies.c.portal, education_replies.c.partner_key)
    free = or_(education_replies.c.taught_at <= now - claim.every, education_replies.c.ticket_id == ticket_id)
    statement = insert(connection, education_replies).values(portal=portal, partner_key=claim.partner_key, **taken)
    upsert = statement.on_conflict_do_update(index_elements=key, set_=taken, where=free)
    return connection.execute(upsert.returning(education_replies.c.partner_key)).first() is not None
