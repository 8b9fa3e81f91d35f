"""The `CallBudget` port in memory: without limits, unless a test sets some."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta

from desk_sync.errors import TemporaryError


class FakeBudget:
    """Records what callers report. Limits: `paused` (no calls), `most` tickets to claim, `worst_only` (reserve).

    `is_ill` is what a test sets it to.
    """

    def __init__(self) -> None:
        self.most: int | None = None
        self.worst_only = False
        self.paused: timedelta | None = None
        self.left: list[int | None] = []
        self.credits: list[int | None] = []
        self.waits: list[timedelta] = []
        self.failures: list[str] = []
        self.concerned: list[str | None] = []
        self.is_ill = False

    def admit(self, limit: int) -> int:
        return limit if self.most is None else min(limit, self.most)

    def check(self, urgency: int) -> None:
        self._refuse()
        if self.worst_only and urgency > 1:
            raise TemporaryError("kept for the most urgent tickets", retry_after=timedelta(minutes=15))

    def slot(self, within: timedelta) -> AbstractContextManager[None]:
        self._refuse()
        return nullcontext()

    def spent(self, left: int | None, *, sent_at: datetime) -> None:
        self.left.append(left)

    def counted(self, left: int | None, *, sent_at: datetime) -> None:
        self.credits.append(left)

    def exhausted(self, wait: timedelta) -> None:
        self.waits.append(wait)

    def failed(self, cause: str, about: str | None = None) -> None:
        self.failures.append(cause)
        self.concerned.append(about)

    def _refuse(self) -> None:
        if self.paused is not None:
            raise TemporaryError("the portal is paused", retry_after=self.paused)
