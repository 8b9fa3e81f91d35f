"""A reason: one step on the way to a decision, with the id of its rule (docs/rules.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """The result of a rule in words. `text` contains ids and counts, never addresses or texts of a ticket (L11)."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"
