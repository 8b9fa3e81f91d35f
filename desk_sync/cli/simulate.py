"""`desk-sync simulate`: a scenario of days or weeks, run in seconds."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from desk_sync.cli.output import JsonFlag, emit, print_line, table


def _shift(text: str) -> timedelta:
    from desk_sync.simulation.scenario_types import clock_shift

    try:
        return clock_shift(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def simulate(
    scenarios: Annotated[list[Path], typer.Argument(help="YAML files; see docs/scenarios.md.")],
    as_json: JsonFlag = False,
    clock_offset: Annotated[
        timedelta | None,
        typer.Option(
            parser=_shift, metavar="SPAN", help="How far the product's clock is ahead of Desk's, such as -1s or +1d."
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit with 1, and name the first of the invariants that does not hold."),
    ] = False,
) -> None:
    """Run scenarios: the services of production on a simulated Desk, in virtual time, without any real system."""
    from desk_sync import logs
    from desk_sync import simulation as simulation

    logs.configure(level=os.environ.get("DESK_SYNC_LOG_LEVEL", "CRITICAL"))
    run = simulation.check if check else simulation.simulate
    reports = {str(each): run(each, host_clock=clock_offset) for each in scenarios}
    _print(reports, as_json=as_json)
    for file, report in reports.items():
        if broken := report.get("broken"):
            hint = f"`desk-sync simulate {file}` shows its time line"
            sys.exit(f"error: {file}: {broken[0]}\nhint: {hint}")


def _print(reports: Mapping[str, dict[str, Any]], *, as_json: bool) -> None:
    first, *others = reports.values()
    if as_json:
        emit(first if not others else {"scenarios": reports})
        return
    for file, report in reports.items():
        if others:
            print_line(f"\n{file}\n")
        print_report(report)


def print_report(report: Mapping[str, Any]) -> None:
    """Print the report for a person: the timeline, then the final state of each ticket."""
    table(["at", "ticket", "who", "what"], [_line(entry) for entry in report["timeline"]])
    for key, ticket in report["tickets"].items():
        print_line()
        print_line(f"{key}: {ticket['status']}, {(ticket['decision'] or {}).get('decision', 'never looked at')}")
        print_line(
            "\n".join(f"  {word} = {value}" for word, value in ticket["fields"].items() if value not in (None, False))
        )
        print_line("\n".join(f"  {reason}" for reason in (ticket["decision"] or {}).get("reasons", ())))
    desk, deliveries = report["desk"], report["deliveries"]
    print_line()
    calls = ", ".join(f"{count} x {call}" for call, count in desk["calls"].items())
    print_line(f"calls to Desk: {calls or 'none'}; {desk['credits']} credits")
    print_line(", ".join(f"{count} deliveries {what}" for what, count in deliveries.items()))


def _line(entry: Mapping[str, str]) -> list[str]:
    why = f" ({entry['why']})" if entry["why"] else ""
    return [entry["at"].replace("T", " "), entry["ticket"], entry["who"], entry["what"] + why]
