"""The demo: the whole product as separate processes against a simulated Desk, and what came of it.

Processes: broker, simulated Desk, receiver, worker, beat. Each dies with this one, also after kill -9.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen
from time import monotonic
from typing import Any

import requests

from desk_sync import wiring
from desk_sync.adapters.embedded import Broker, spawn, stop
from desk_sync.cli.output import say, table
from desk_sync.domain.subscription import Account
from desk_sync.errors import TemporaryError
from desk_sync.ports import TicketHistory

PATIENCE = 120.0
READ, WRITE = "GET /tickets/{id}", "PATCH /tickets/{id}"
OPEN = "POST /tickets"


def run(accounts_file: Path | None, *, har: Path | None) -> dict[str, Any]:
    """Two passes over a ticket for each account of the file; everything has stopped when it returns."""
    started = monotonic()
    accounts, file = _accounts(accounts_file)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ds-")))
        stage = stack.enter_context(_stage(folder, file, record=har is not None))
        ready = monotonic()
        tickets = stage.desk.open_tickets(accounts)
        stage.wait_until_quiet(len(accounts))
        processed = monotonic()
        first = stage.desk.counters()
        second_from = wiring.now()
        stage.desk.nudge(tickets.values())
        stage.wait_until_quiet(len(accounts))
        second = stage.desk.counters()
        histories = stage.histories(tickets.values())
        report = {
            "accounts": [_outcome(account, histories[tickets[account.account_id]], stage.desk) for account in accounts],
            "deliveries": first["deliveries"] | stage.stored_at_first,
            "desk": _calls(first, opened=len(accounts))
            | {"second_pass": _second_pass(first, second, histories.values(), since=second_from)},
        }
        if har:
            stage.write_archive(har)
    report["seconds"] = {
        "ready": round(ready - started, 1),
        "processed": round(processed - ready, 1),
        "total": round(monotonic() - started, 1),
    }
    return report


def problem(report: Mapping[str, Any]) -> str | None:
    """What went wrong in the run itself, if anything."""
    deliveries, second = report["deliveries"], report["desk"]["second_pass"]
    checks = {
        "deliveries were lost": deliveries["sent"] != deliveries["processed"] or deliveries["failed"],
        "the second pass wrote": second["writes"],
        "the second pass left tickets out": second["looks"] != len(report["accounts"]),
    }
    return next((what for what, found in checks.items() if found), None)


def tell(report: Mapping[str, Any]) -> None:
    """The report for a person."""
    headings = ["account", "ticket", "licences", "decision", "box", "severity", "because"]
    rows = [
        [
            each["account_id"],
            each["ticket_id"],
            str(each["licences_counted"]),
            each["decision"],
            "ticked" if each["checkbox"] == "true" else "",
            each["severity"] or "",
            each["reasons"][-1],
        ]
        for each in report["accounts"]
    ]
    table(headings, rows)
    deliveries, desk, seconds = report["deliveries"], report["desk"], report["seconds"]
    calls = ", ".join(f"{count} x {call}" for call, count in desk["calls"].items())
    second = desk["second_pass"]
    say()
    say(f"{deliveries['sent']} deliveries sent, {deliveries['stored']} stored, {deliveries['processed']} processed")
    say(f"calls to Desk: {calls}")
    say(f"second pass: {second['looks']} tickets looked at again, {second['writes']} written")
    say(f"{seconds['processed']} s of work, {seconds['total']} s in all")
    say()
    say("Next: README.md (by hand, and for real), mappings/README.md (your thresholds), docs/rules.md (what R42 means)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedDesk:
    """The simulated Desk from outside, as another REST client sees it, and its control interface."""

    facts: Mapping[str, str]
    session: requests.Session = field(default_factory=requests.Session)

    def open_tickets(self, accounts: Sequence[Account]) -> dict[str, str]:
        """A ticket for each account; returns their ids by account."""
        with ThreadPoolExecutor(8) as pool:
            return dict(zip((each.account_id for each in accounts), pool.map(self._open, accounts), strict=True))

    def read(self, ticket_id: str) -> Mapping[str, Any]:
        """The ticket's custom fields, as Desk answers them over REST."""
        answer = self._rest("GET", f"/tickets/{ticket_id}").json()
        custom: Mapping[str, Any] = answer["cf"]
        return custom

    def counters(self) -> dict[str, Any]:
        """Calls, credits and deliveries since the start."""
        return self._control("GET", "state")

    def nudge(self, ticket_ids: Iterator[str] | Sequence[str] | Any) -> None:
        """Send for each ticket one more update, in which a field has changed and changed back."""
        for ticket_id in ticket_ids:
            self._control("POST", f"tickets/{ticket_id}/nudge")
