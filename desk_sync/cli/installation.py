"""`desk-sync installation`: which one this is, others that write to the same portal, and what a person decided."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from desk_sync.cli.output import JsonFlag, PortalOption, emit, print_line, table

installation_app = typer.Typer(no_args_is_help=True, help="This installation, and others on the same portal.")


@installation_app.command("show")
def show(portal: PortalOption = None, as_json: JsonFlag = False) -> None:
    """Show this installation's id, and the others that write to the portal. Exit status 1 if there is an alarm."""
    from desk_sync.wiring.opening import open_app

    with open_app() as desk_sync:
        services = desk_sync.portal(portal)
        own, others = services.installation.own(), services.installation.others()
        alarms = list(services.installation_watch.alarms())
    if as_json:
        emit({"installation": own, "others": [asdict(each) for each in others], "alarms": alarms})
    else:
        print_line(f"this installation: {own}")
        rows = [[each.installation, str(each.tickets), f"{each.seen_at:%F %T}Z"] for each in others]
        table(["other installation", "tickets", "last noticed"], rows)
        print_line("\n".join(alarms))
    raise typer.Exit(1 if alarms else 0)


@installation_app.command("clear")
def clear(
    why: Annotated[str, typer.Option(help="The reason, which is kept.")],
    by: Annotated[str | None, typer.Option(help="Your name, which is kept.")] = None,
    portal: PortalOption = None,
) -> None:
    """Let this installation write again: only marks of others that are found from now on count."""
    from desk_sync.wiring.opening import open_app

    with open_app() as desk_sync:
        services = desk_sync.portal(portal)
        services.installation.clear(now=desk_sync.environment.now(), by=by, why=why)
    print_line("cleared; `desk-sync doctor` shows if another installation goes on writing")
