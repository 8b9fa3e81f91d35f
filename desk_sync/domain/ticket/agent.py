"""An agent of Desk: the facts that an escalation needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskAgent:
    """An agent. Comments mention an agent by `zuid`; tickets are assigned by `agent_id`."""

    agent_id: str
    zuid: str
    active: bool
    departments: frozenset[str] = frozenset()

    def can_be_given(self, department_id: str) -> bool:
        """Return True if a ticket of the department can be assigned to the agent."""
        return self.active and department_id in self.departments
