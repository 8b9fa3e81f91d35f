"""The ways in which Desk does not accept the value of a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from desk_sync.domain.ticket.ticket import Field, Ticket, Value
from desk_sync.errors import FieldsRefused, WriteForbidden


class FieldTrouble(StrEnum):
    """`UNNAMED`: the write is refused, and the refusal names no field."""

    INVALID = "invalid"
    MISSING = "missing"
    DROPPED = "dropped"
    CHANGED = "changed"
    FORBIDDEN = "forbidden"
    UNNAMED = "unnamed"


NAMED = (FieldTrouble.INVALID, FieldTrouble.MISSING)
BY_RULE = "set by a rule"


def accepted(
    ticket: Ticket, fields: Mapping[Field, Value], troubles: Mapping[Field, FieldTrouble]
) -> Mapping[Field, Value]:
    """Return the values that a write of `fields` stores. Raises FieldsRefused and WriteForbidden."""
    met = {name: troubles[name] for name in fields if name in troubles}
    if FieldTrouble.FORBIDDEN in met.values():
        raise WriteForbidden("forbidden")
    if FieldTrouble.UNNAMED in met.values():
        raise FieldsRefused("refused")
    if named := {name: str(trouble) for name, trouble in met.items() if trouble in NAMED}:
        raise FieldsRefused("refused", fields=named)
    return dict(_stored(ticket, fields, met))


def _stored(
    ticket: Ticket, fields: Mapping[Field, Value], met: Mapping[Field, FieldTrouble]
) -> Iterator[tuple[Field, Value]]:
    for name, value in fields.items():
        match met.get(name):
            case FieldTrouble.DROPPED:
                yield name, ticket.value(name)
            case FieldTrouble.CHANGED:
                yield name, (not value) if isinstance(value, bool) else BY_RULE
            case _:
                yield name, value
