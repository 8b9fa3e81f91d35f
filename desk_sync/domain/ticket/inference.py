"""What the words of a ticket suggest that it is about. It is only ever added to what is stated, and shown as such.

An inference may put a ticket's clocks on the wall clock, tell of a security breach, or be a suggestion to agents; it
never exempts a ticket, never lowers anything, and is never written to the severity (§0).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, order=True)
class Inference:
    """An issue type that words suggest. `phrase` is ours, from the list of words, never the ticket's own text (L11)."""

    issue_type: str
    language: str
    phrase: str


_RULES = {"security": "R36", "outage": "R21", "login": "R21"}


def suggestions(inferred: Iterable[Inference], stated: str | None) -> tuple[Reason, ...]:
    """What agents are told of it: what the ticket does not state itself."""
    return tuple(
        Reason(_RULES[each.issue_type], f'the words "{each.phrase}" ({each.language}) suggest {each.issue_type}')
        for each in sorted(inferred)
        if each.issue_type != stated
    )
