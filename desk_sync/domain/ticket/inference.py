"""Inferences: issue types that the words of a ticket suggest. They add to the stated type, never replace it.

An inference can put a ticket's clocks on the wall clock, report a security breach, or be a suggestion to agents. It
never exempts a ticket, never lowers anything, and is never written to the severity (§0).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, order=True)
class Inference:
    """A suggested issue type. `phrase` is an entry of our list of words, never the ticket's own text (L11)."""

    issue_type: str
    language: str
    phrase: str


_RULES = {"security": "R36", "outage": "R21", "login": "R21"}


def suggestions(inferred: Iterable[Inference], stated: str | None) -> tuple[Reason, ...]:
    """Return a reason for agents for each inferred type that is not the ticket's stated one."""
    return tuple(
        Reason(_RULES[each.issue_type], f'the words "{each.phrase}" ({each.language}) suggest {each.issue_type}')
        for each in sorted(inferred)
        if each.issue_type != stated
    )
