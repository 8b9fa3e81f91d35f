"""The append-only list of decisions. The customer's address that was written is not stored (L11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from desk_sync.adapters.store.tables import decisions
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.ticket.ticket import Field, Value
from desk_sync.ports.tickets import PastDecision

_DECISION = TypeAdapter(Decision)
_FIELDS_WRITTEN = TypeAdapter(dict[Field, Value])
_COLUMNS = [each.name for each in fields(Decision)]
# Built once, like the statements in `queue`.
_OF_TICKET = select(decisions).where(
    decisions.c.portal == bindparam("its_portal"), decisions.c.ticket_id == bindparam("its_id")
)
_LAST = _OF_TICKET.order_by(decisions.c.id.desc()).limit(1)
_ALL = _OF_TICKET.order_by(decisions.c.id)
_ADD = insert(decisions)
_PLACEHOLDERS: Mapping[Field, str] = {Field.CUSTOMER_PRIMARY_EMAIL: "(super admin)"}


def is_new(
    connection: Connection, portal: str, ticket_id: str, decision: Decision, written: Mapping[Field, Value]
) -> bool:
    """Return True if the decision is to be added: it differs from the last one, or led to a write."""
    if written:
        return True
    row = connection.execute(_LAST, {"its_portal": portal, "its_id": ticket_id}).mappings().one_or_none()
    return row is None or decision_of(row) != decision


def add(
    connection: Connection,
    portal: str,
    ticket_id: str,
    decision: Decision,
    written: Mapping[Field, Value],
    *,
    at: datetime,
) -> None:
    """Add the decision to the list."""
    stored = {name: _PLACEHOLDERS.get(name, value) for name, value in written.items()}
    new = {"portal": portal, "ticket_id": ticket_id, "at": at, "fields_written": stored, **asdict(decision)}
    connection.execute(_ADD, new)


def past(connection: Connection, portal: str, ticket_id: str) -> Sequence[PastDecision]:
    """Return the ticket's decisions, oldest first."""
    rows = connection.execute(_ALL, {"its_portal": portal, "its_id": ticket_id}).mappings()
    return [
        PastDecision(
            at=row["at"],
            decision=decision_of(row),
            fields_written=_FIELDS_WRITTEN.validate_python(row["fields_written"]),
        )
        for row in rows
    ]


def decision_of(row: RowMapping) -> Decision:
    """Return the decision in a row. A column that was added after the row is empty, and takes the default."""
    return _DECISION.validate_python({name: row[name] for name in _COLUMNS if row[name] is not None})
