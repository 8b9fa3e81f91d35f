"""The port `Notifier` in a simulation: notices are collected, not sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from desk_sync.domain.escalation.notice import Notice


@dataclass(frozen=True, slots=True)
class SimulatedNotifier:
    """The notices that would have been sent, each with its instant."""

    now: Callable[[], datetime]
    sent: list[tuple[datetime, Notice]] = field(default_factory=list)

    def send(self, notice: Notice) -> None:
        self.sent.append((self.now(), notice))
