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
    """An issue type that words of a language suggest. The words themselves are not kept (L11)."""

    issue_type: str
    language: str


_RULES = {"security": "R36", "outage": "R21", "login": "R21"}
_KINDS = {"security": "a breach of security", "outage": "an outage", "login": "a login problem"}


def suggestions(inferred: Iterable[Inference], stated: str | None) -> tuple[Reason, ...]:
    """Return a reason for agents for each inferred type that is not the ticket's stated one. It names the kind only."""
    suggested = sorted({each.issue_type for each in inferred} - {stated})
    return tuple(Reason(_RULES[each], f"words of the ticket suggest {_KINDS[each]}") for each in suggested)
