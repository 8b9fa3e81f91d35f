"""The command `desk-sync adopt`: take what Desk shows of our earlier work as done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from desk_sync.cli.output import DryRunOption, JsonFlag, PortalOption, emit, print_line

DEFAULT_SPAN = timedelta(days=30)


def parse_instant(text: str) -> datetime:
    """Return the instant, in UTC. Raises BadParameter."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text}: not a time in ISO 8601 format") from None
    if instant.tzinfo is None:
        raise typer.BadParameter(f"{text}: the time zone is missing (Z for UTC)")
    return instant.astimezone(UTC)


def adopt(
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_instant, metavar="ISO", help="Tickets modified since then; default: the last 30 days."
        ),
    ] = None,
    portal: PortalOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonFlag = False,
) -> None:
    """After a restore, a loss or a rename: read our traces in Desk, and take as done what they show."""
    from desk_sync.wiring.environment import utc_now
    from desk_sync.wiring.opening import open_app

    with open_app() as desk_sync:
        service = desk_sync.portal(portal).adopt
        found = service.estimate(since or utc_now() - DEFAULT_SPAN)
        if not as_json:
            print_line(
                f"{len(found.ticket_ids)} tickets modified since {found.since:%F %T}Z, {found.ours} of them last by "
                f"us: about {found.credits} credits"
            )
        marked = 0 if dry_run else service.run(found)
    if as_json:
        counts = {"tickets": len(found.ticket_ids), "ours": found.ours, "credits": found.credits, "marked": marked}
        emit({"since": found.since, **counts})
    elif not dry_run:
        print_line(f"{marked} marked; the worker looks at them, the most urgent first")
