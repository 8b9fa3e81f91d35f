"""Reading the conversation once more before a breach: its credits per ticket on a quiet portal.

The same day is simulated by the product and by a build that does not read it again. One ticket of the day is late, and
its level is raised in both.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import PropertyMock, patch

from desk_sync import logs
from desk_sync.domain.plan.draft import PlanDraft
from desk_sync.simulation import simulate
from tests.support.quiet_day import TICKETS, quiet_day

ACCOUNTS = Path(__file__).parents[1] / "tests" / "cases" / "scenarios" / "accounts.csv"
FULL = 400


def run(full: bool) -> None:
    logs.configure(level="WARNING")
    tickets = FULL if full else TICKETS
    again = _day(tickets)
    with patch.object(PlanDraft, "needs_conversation", PropertyMock(return_value=False)):
        once = _day(tickets)
    levels = [_levels(each) for each in (again, once)]
    if levels != [1, 1]:
        raise RuntimeError(f"{levels} levels were raised, not one in each: nothing was measured")
    print(f"{tickets} tickets, answered twice and closed, one of them late\n")
    print("| | credits per ticket |")
    print("|---|--:|")
    print(f"| without | {once['desk']['credits'] / tickets:.2f} |")
    print(f"| with a reading before each breach | {again['desk']['credits'] / tickets:.2f} |")
    print(f"| difference (at most 0.1) | {(again['desk']['credits'] - once['desk']['credits']) / tickets:.3f} |")


def _day(tickets: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ACCOUNTS, folder)
        scenario = Path(folder) / "day.yaml"
        scenario.write_text(f"start: 2026-11-20T09:00:00Z\n{quiet_day(tickets)}")
        return simulate(scenario)


def _levels(document: dict[str, Any]) -> int:
    return sum(len(ticket["escalations"]) for ticket in document["tickets"].values())
