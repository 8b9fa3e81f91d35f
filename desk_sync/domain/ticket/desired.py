"""A desired value: the value that a field should have, and the basis for it."""

from __future__ import annotations

from dataclasses import dataclass

from desk_sync.domain.ticket.ticket import Value


@dataclass(frozen=True, slots=True)
class DesiredValue:
    """A value for a field. A person's different value is kept until `basis`, the facts behind ours, changes (L7)."""

    value: Value
    basis: str
