"""An event of the simulated Desk, before it becomes a webhook delivery."""

from __future__ import annotations

from dataclasses import dataclass

from desk_sync.simulated_desk.portal.seed import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEvent:
    """One event of a ticket. `before` is the resource before an update; `source_id` is the writer's header."""

    type: str
    at_ms: int
    ticket_id: str
    department_id: str
    payload: Record
    before: Record | None = None
    source_id: str | None = None
    direction: str | None = None
