"""A reason: one step on the way to a decision, with the id of the rule that made it (docs/rules.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """What a rule said. Names ids and counts, never addresses or texts of a ticket."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"
