"""The port `Notifier` in a rehearsal: nobody is told, and what they would have been told is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from desk_sync.domain.escalation.notice import Notice


@dataclass(frozen=True, slots=True)
class SimulatedNotifier:
    """What was sent, and when."""

    now: Callable[[], datetime]
    sent: list[tuple[datetime, Notice]] = field(default_factory=list)

    def send(self, notice: Notice) -> None:
        self.sent.append((self.now(), notice))
