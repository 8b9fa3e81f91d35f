"""An agent of Desk, as far as escalation cares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskAgent:
    """Who may be given a ticket, and how a comment mentions them: by `zuid`."""

    agent_id: str
    zuid: str
    active: bool
    departments: frozenset[str] = frozenset()

    def may_have(self, department_id: str) -> bool:
        """Whether a ticket of the department may be assigned to them."""
        return self.active and department_id in self.departments
