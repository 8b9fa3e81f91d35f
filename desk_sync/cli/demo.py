"""The demo: one ticket for each account goes through the whole product, twice; and the report of the run."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from importlib import resources
from pathlib import Path
from time import monotonic
from typing import Any

from desk_sync.cli.demo_client import DemoClient
from desk_sync.cli.demo_processes import DemoProcesses, demo_processes
from desk_sync.cli.output import print_line, table
from desk_sync.domain.account.subscription import Account
from desk_sync.ports.tickets import TicketHistory
from desk_sync.wiring.environment import utc_now
from desk_sync.wiring.offline import read_accounts
from desk_sync.wiring.process import DEFAULT

OPENED = "POST /tickets"
READ = "GET /tickets/{id}"


def run(
    accounts_file: Path | None, *, har: Path | None, database: str | None = None, source: str | None = None
) -> dict[str, Any]:
    """Run two passes over one ticket for each account of the file, stop all processes, and return the report.

    With a `source`, the product pulls the accounts from that simulated source; otherwise it imports the file.
    """
    started = monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # shut down in order, as after Ctrl-C
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ds-")))
        file = accounts_file or stack.enter_context(resources.as_file(_sample()))
        accounts = read_accounts(file).accounts
        on = stack.enter_context(demo_processes(folder, file, record=har is not None, database=database, source=source))
        ready = monotonic()
        report, processed = _run_passes(on, accounts)
        if har:
            on.write_archive(har)
    report["seconds"] = {
        "ready": round(ready - started, 1),
        "processed": round(processed - ready, 1),
        "total": round(monotonic() - started, 1),
    }
    return report


def _run_passes(on: DemoProcesses, accounts: Iterable[Account]) -> tuple[dict[str, Any], float]:
    """Run both passes; return the report and the end of the first pass (monotonic seconds)."""
    tickets = on.desk.open_tickets(list(accounts))
    on.wait_until_quiet(len(tickets))
    processed = monotonic()
    first, events = on.desk.counters(), on.desk_sync.portal(DEFAULT).inbox.counts()
    second_from = utc_now()
    on.desk.nudge(tickets.values())
    on.wait_until_quiet(len(tickets))
    second = on.desk.counters()
    histories = {account: on.desk_sync.portal(DEFAULT).tickets.history(id_) for account, id_ in tickets.items()}
    known = {account: history for account, history in histories.items() if history}
    sent = first["deliveries"]
    report = {
        "accounts": [_outcome(account, history, on.desk) for account, history in known.items()],
        "deliveries": {
            "sent": sent["sent"],
            "accepted": sent["accepted"],
            "stored": events.stored,
            "processed": events.processed,
            "failed": sent["failed"],
        },
        "desk": _own_calls(first, len(tickets))
        | {"second_pass": _second_pass(first, second, known.values(), second_from)},
    }
    return report, processed


def _outcome(account_id: str, history: TicketHistory, desk: DemoClient) -> dict[str, Any]:
    """Return the decision together with the fields read from Desk."""
    decision, fields = history.decisions[-1].decision, desk.read(history.ticket_id)
    return {
        "account_id": account_id,
        "ticket_id": history.ticket_id,
        "decision": decision.verdict,
        "checkbox": fields["cf_priority_customer_large_user_account"],
        "severity": fields["cf_severity"],
        "licences_counted": decision.licences,
        "reasons": [str(reason) for reason in decision.reasons],
    }


def _own_calls(counters: Mapping[str, Any], opened: int) -> dict[str, Any]:
    """Return the calls and credits of desk-sync: all except the creation of the tickets, at one credit each."""
    calls = {call: count for call, count in counters["calls"].items() if call != OPENED}
    return {"calls": calls, "credits": counters["credits"] - opened}


def _second_pass(
    first: Mapping[str, Any], second: Mapping[str, Any], histories: Iterable[TicketHistory], since: datetime
) -> dict[str, int]:
    spent = {call: count - first["calls"].get(call, 0) for call, count in second["calls"].items()}
    return {
        "looks": sum(1 for history in histories if history.looked_at and history.looked_at >= since),
        "reads": spent.get(READ, 0),
        "writes": sum(count for call, count in spent.items() if not call.startswith("GET ")),
    }


def problem(report: Mapping[str, Any]) -> str | None:
    """Return what failed in the run itself, or None."""
    deliveries, second = report["deliveries"], report["desk"]["second_pass"]
    checks = {
        "deliveries were lost": deliveries["sent"] != deliveries["processed"],
        "the second pass wrote to Desk": second["writes"],
        "the second pass left tickets out": second["looks"] != len(report["accounts"]),
    }
    return next((what for what, found in checks.items() if found), None)


def print_report(report: Mapping[str, Any]) -> None:
    """Print the report for a person."""
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
    table(["account", "ticket", "licences", "decision", "box", "severity", "because"], rows)
    deliveries, desk, seconds = report["deliveries"], report["desk"], report["seconds"]
    second = desk["second_pass"]
    print_line()
    print_line(
        f"{deliveries['sent']} deliveries sent, {deliveries['stored']} stored, {deliveries['processed']} processed"
    )
    print_line("calls to Desk: " + ", ".join(f"{count} x {call}" for call, count in desk["calls"].items()))
    print_line(f"second pass: {second['looks']} tickets looked at again, {second['writes']} written")
    print_line(f"{seconds['processed']} s of work, {seconds['total']} s in all")
    print_line()
    print_line(
        "Next: README.md (by hand, and for real), mappings/README.md (your thresholds), docs/rules.md (what R42 means)"
    )


def _sample() -> Any:
    return resources.files("desk_sync.simulated_desk") / "sample" / "accounts.csv"
