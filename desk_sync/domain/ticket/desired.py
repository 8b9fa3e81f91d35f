"""A desired value: what a field should be, and the basis for it."""

from __future__ import annotations

from dataclasses import dataclass

from desk_sync.domain.ticket.ticket import Value


@dataclass(frozen=True, slots=True)
class DesiredValue:
    """A value that is ours to set, and the ground that it stands on: a person's value holds until that changes (L7)."""

    value: Value
    basis: str
