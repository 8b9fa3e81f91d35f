"""`desk-sync db`, `portal` and `installation`: the database's schema, its portals, and which installation it is."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from desk_sync.cli.output import DryRunOption, JsonFlag, PortalOption, emit, print_line, table, warn
from desk_sync.ports.portal import PLAIN_NAME

DEFAULT_SPAN = timedelta(days=30)

db_app = typer.Typer(no_args_is_help=True, help="The database.")
portal_app = typer.Typer(no_args_is_help=True, help="The portals that the database has data of.")
installation_app = typer.Typer(no_args_is_help=True, help="This installation, and others on the same portal.")


@db_app.command()
def upgrade() -> None:
    """Create the database, or bring it to this version's schema."""
    from desk_sync.wiring.opening import open_database

    with open_database() as desk_sync:
        print_line(desk_sync.upgrade())


@db_app.command()
def downgrade(
    yes: Annotated[bool, typer.Option("--yes", help="Also if that loses data.")] = False,
) -> None:
    """Go back to the schema of the version before. Without --yes, only if that loses no data."""
    from desk_sync.wiring.opening import open_database

    with open_database() as desk_sync:
        schema, lost = desk_sync.downgrade(lossy=yes)
    for each in lost:
        print_line(f"lost: {each}")
    print_line(f"schema {schema}; start the version that needs it")


def _portal_name(name: str) -> str:
    """Return the name if a mapping accepts it for a portal. Raises BadParameter."""
    if not PLAIN_NAME.fullmatch(name):
        raise typer.BadParameter(f"{name!r}: use lower-case letters, digits, _ and -, as the mapping does")
    return name


@portal_app.command()
def rename(
    old: Annotated[str, typer.Argument(metavar="OLD")],
    new: Annotated[str, typer.Argument(metavar="NEW", callback=_portal_name)],
    dry_run: DryRunOption = False,
    as_json: JsonFlag = False,
) -> None:
    """Give everything that is stored of a portal its new name, while serve, worker and beat are stopped."""
    from desk_sync.wiring.opening import open_app

    with open_app() as desk_sync:
        renamed = desk_sync.renaming.rename(old, new, now=desk_sync.environment.now(), dry_run=dry_run)
    if as_json:
        emit({"old": old, "new": new, "dry_run": dry_run, "rows": dict(renamed.rows)})
        return
    table(["table", "rows"], [[name, str(count)] for name, count in renamed.rows.items()])
    print_line(f"{old} {'would be' if dry_run else 'is'} {new}")
    if not dry_run:
        print_line(f"give it that name in the mapping, and Desk's webhook the address /webhooks/desk/{new}; then start")


@portal_app.command()
def end(
    portal: Annotated[str, typer.Argument(metavar="PORTAL")],
    dry_run: DryRunOption = False,
) -> None:
    """End the open tickets of a portal that the mapping does not name any more: nothing waits for them then."""
    from desk_sync.wiring.opening import open_app

    with open_app() as desk_sync:
        ended = desk_sync.belonging.end(portal, now=desk_sync.environment.now(), dry_run=dry_run)
    print_line(f"{ended} open tickets {'would be' if dry_run else 'are'} ended")


@installation_app.command("show")
def show(portal: PortalOption = None, as_json: JsonFlag = False) -> None:
    """Show this installation's id, and the others that write to the portal. Exit status 1 if there is an alarm."""
    from desk_sync.wiring.opening import open_to_read

    with open_to_read(portal) as (services, warning):
        own, others = services.installation.own(), services.installation_watch.others()
        alarms = list(services.installation_watch.alarms())
    warn(warning)
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
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=False) as desk_sync:
        services = desk_sync.portal(portal)
        services.installation.clear(now=desk_sync.environment.now(), by=by, why=why)
    print_line("cleared; `desk-sync doctor` shows if another installation goes on writing")


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
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
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
