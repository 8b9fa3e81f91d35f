"""`desk-sync simulate`: what would happen to tickets, told in a moment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from desk_sync.cli.output import JsonFlag, emit, say, table


def simulate(
    scenario: Annotated[Path, typer.Argument(help="A YAML file, as docs/scenarios.md shows one.")],
    as_json: JsonFlag = False,
) -> None:
    """What would happen: the services of production on a simulated Desk, in virtual time; nothing real is touched."""
    from desk_sync import logs
    from desk_sync import simulation as simulation

    logs.configure(level=os.environ.get("DESK_SYNC_LOG_LEVEL", "CRITICAL"))
    report = simulation.simulate(scenario)
    emit(report) if as_json else tell(report)


def tell(report: Mapping[str, Any]) -> None:
    """The report for a person: what happened when, then how each ticket stands."""
    table(["at", "ticket", "who", "what"], [_line(entry) for entry in report["timeline"]])
    for key, ticket in report["tickets"].items():
        say()
        say(f"{key}: {ticket['status']}, {(ticket['decision'] or {}).get('decision', 'never looked at')}")
        say("\n".join(f"  {word} = {value}" for word, value in ticket["fields"].items() if value not in (None, False)))
        say("\n".join(f"  {reason}" for reason in (ticket["decision"] or {}).get("reasons", ())))
    desk, deliveries = report["desk"], report["deliveries"]
    say()
    calls = ", ".join(f"{count} x {call}" for call, count in desk["calls"].items())
    say(f"calls to Desk: {calls or 'none'}; {desk['credits']} credits")
    say(", ".join(f"{count} deliveries {what}" for what, count in deliveries.items()))


def _line(entry: Mapping[str, str]) -> list[str]:
    why = f" ({entry['why']})" if entry["why"] else ""
    return [entry["at"].replace("T", " "), entry["ticket"], entry["who"], entry["what"] + why]
