"""`desk-sync simulate`: a scenario of days or weeks, run in seconds; `desk-sync simulator`: only the simulated Desk."""

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


def simulator(
    port: Annotated[int, typer.Option(help="The port; 0 for any free one.")] = 0,
    accounts: Annotated[Path | None, typer.Option(help="Account file whose partners become Desk accounts.")] = None,
    sources: Annotated[
        Path | None,
        typer.Option(help="Account file whose customers Zoho Billing, the Partner Store and Mail have, beside Desk."),
    ] = None,
    per_minute: Annotated[int, typer.Option(help="The calls that each source takes in a minute.")] = 100,
    per_day: Annotated[int, typer.Option(help="The calls that each source takes on a day (UTC).")] = 2500,
    deliver_to: Annotated[str | None, typer.Option(help="URL to which signed events are posted.")] = None,
    har: Annotated[Path | None, typer.Option(hidden=True)] = None,
    quirk: Annotated[list[str] | None, typer.Option(help="A quirk to switch on; can be repeated.")] = None,
    list_quirks: Annotated[bool, typer.Option("--list-quirks", help="Print the quirks, and end.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run only the simulated Zoho Desk, and with --sources those of subscription data, until interrupted."""
    import orjson

    from desk_sync.simulated_desk import server
    from desk_sync.simulated_desk.portal.quirks import QUIRKS, DeskQuirks
    from desk_sync.simulated_sources.quirks import SOURCE_QUIRKS
    from desk_sync.simulated_sources.site import SourceSettings, beside

    if list_quirks:
        _print_quirks(
            {name: each.line for name, each in QUIRKS.items()},
            {name: each.line for name, each in SOURCE_QUIRKS.items()},
            as_json=as_json,
        )
        return
    known = QUIRKS.keys() | (SOURCE_QUIRKS.keys() if sources else ())
    if unknown := set(quirk or ()) - known:
        reason = "a quirk of the sources needs --sources" if min(unknown) in SOURCE_QUIRKS else "not a quirk"
        raise typer.BadParameter(f"{min(unknown)}: {reason}; --list-quirks prints them")

    def announce(facts: dict[str, str]) -> None:
        print_line(
            orjson.dumps(facts).decode() if as_json else "\n".join(f"{key}: {value}" for key, value in facts.items())
        )
        sys.stdout.flush()

    of_sources = [name for name in quirk or () if name in SOURCE_QUIRKS]
    given = SourceSettings(file=sources, per_minute=per_minute, per_day=per_day, quirks=of_sources)
    server.serve(
        port=port,
        accounts=accounts,
        deliver_to=deliver_to,
        har=har,
        quirks=DeskQuirks.named(*set(quirk or ()) - SOURCE_QUIRKS.keys()),
        beside=beside(given) if sources else None,
        announce=announce,
    )


def _print_quirks(of_desk: Mapping[str, str], of_sources: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        emit({"quirks": of_desk, "source_quirks": of_sources})
        return
    table(["quirk of Desk", "what it does"], list(of_desk.items()))
    print_line()
    table(["quirk of the sources", "what it does"], list(of_sources.items()))


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
