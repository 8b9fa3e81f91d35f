"""The demo: a ticket for each account, twice, through the whole product; and what came of it."""

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

from desk_sync import wiring
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.output import say, table
from desk_sync.cli.stage import DemoProcesses, SimulatedDesk, stage
from desk_sync.domain.account.subscription import Account
from desk_sync.ports.tickets import TicketHistory

OPENED = "POST /tickets"
READ = "GET /tickets/{id}"


def run(accounts_file: Path | None, *, har: Path | None, database: str | None = None) -> dict[str, Any]:
    """Two passes over a ticket for each account of the file; everything has stopped when it returns."""
    started = monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # end as after Ctrl-C: in order
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ds-")))
        file = accounts_file or stack.enter_context(resources.as_file(_sample()))
        accounts = read_accounts(file).accounts
        on = stack.enter_context(stage(folder, file, record=har is not None, database=database))
        ready = monotonic()
        report, processed = _play(on, accounts)
        if har:
            on.write_archive(har)
    report["seconds"] = {
        "ready": round(ready - started, 1),
        "processed": round(processed - ready, 1),
        "total": round(monotonic() - started, 1),
    }
    return report


def _play(on: DemoProcesses, accounts: Iterable[Account]) -> tuple[dict[str, Any], float]:
    """Both passes; returns the report and when the first was over."""
    tickets = on.desk.open_tickets(list(accounts))
    on.wait_until_quiet(len(tickets))
    processed = monotonic()
    first, events = on.desk.counters(), on.desk_sync.inbox(wiring.DEFAULT).counts()
    second_from = wiring.now()
    on.desk.nudge(tickets.values())
    on.wait_until_quiet(len(tickets))
    second = on.desk.counters()
    histories = {account: on.desk_sync.tickets(wiring.DEFAULT).history(id_) for account, id_ in tickets.items()}
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
        "desk": _ours(first, len(tickets)) | {"second_pass": _second_pass(first, second, known.values(), second_from)},
    }
    return report, processed


def _outcome(account_id: str, history: TicketHistory, desk: SimulatedDesk) -> dict[str, Any]:
    """What was decided, beside what Desk says when it is asked."""
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


def _ours(counters: Mapping[str, Any], opened: int) -> dict[str, Any]:
    """The calls and credits that desk-sync spent: all but the opening of the tickets, one credit each."""
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
    """What went wrong in the run itself, if anything."""
    deliveries, second = report["deliveries"], report["desk"]["second_pass"]
    checks = {
        "deliveries were lost": deliveries["sent"] != deliveries["processed"],
        "the second pass wrote to Desk": second["writes"],
        "the second pass left tickets out": second["looks"] != len(report["accounts"]),
    }
    return next((what for what, found in checks.items() if found), None)


def tell(report: Mapping[str, Any]) -> None:
    """The report for a person."""
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
    say()
    say(f"{deliveries['sent']} deliveries sent, {deliveries['stored']} stored, {deliveries['processed']} processed")
    say("calls to Desk: " + ", ".join(f"{count} x {call}" for call, count in desk["calls"].items()))
    say(f"second pass: {second['looks']} tickets looked at again, {second['writes']} written")
    say(f"{seconds['processed']} s of work, {seconds['total']} s in all")
    say()
    say("Next: README.md (by hand, and for real), mappings/README.md (your thresholds), docs/rules.md (what R42 means)")


def _sample() -> Any:
    return resources.files("desk_sync.simulated_desk") / "sample" / "accounts.csv"
