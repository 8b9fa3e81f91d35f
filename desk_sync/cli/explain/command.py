"""`desk-sync explain`: the reasons for a ticket's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from desk_sync.cli.output import JsonFlag, PortalOption, emit, warn
from desk_sync.cli.ticket_naming import find_ticket, unknown_ticket

if TYPE_CHECKING:
    from desk_sync.cli.explain.facts import ExplainedTicket
    from desk_sync.wiring.process import DeskSync


def _parse_zone(name: str) -> str:
    from desk_sync.cli.explain.zone import parse_zone

    return parse_zone(name)


TicketArgument = Annotated[str, typer.Argument(metavar="TICKET", help="An id of Desk, or a number such as #101.")]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--zone",
        parser=_parse_zone,
        metavar="NAME",
        help="The zone of the times, such as Europe/Berlin; default: that of the ticket's region.",
    ),
]


def explain(
    ticket: TicketArgument,
    portal: PortalOption = None,
    zone: ZoneOption = None,
    rejudge: Annotated[
        bool,
        typer.Option("--rejudge", help="Read the ticket's history from Desk, and judge its clocks by today's mapping."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Explain a ticket: the verdict in a sentence, why, what was written, what is open, and its clocks span by span.

    With --rejudge, compare the clocks with those that today's mapping would give. Nothing is written.
    """
    from desk_sync.cli.explain import clocks, document, page
    from desk_sync.wiring.opening import open_app

    with open_app() as desk_sync:
        explained = find_explained(desk_sync, ticket, portal, zone)
        services = desk_sync.portal(explained.names.portal)
        warning = desk_sync.belonging.check_reading(services.name)
        again = services.reader.rejudge(explained.history) if rejudge else None
        reports = desk_sync.sources.reports()
    warn(warning)
    if as_json:
        judged = {"rejudged": document.rejudged(again)} if rejudge else {}
        emit(document.document(explained) | document.data_document(explained.history, reports) | judged)
        return
    page.print_page(explained, reports)
    if rejudge:
        then = explained.history.clocks(explained.now)
        clocks.print_comparison(then, again.clocks if again else (), explained.zone)


def find_explained(desk_sync: DeskSync, name: str, portal: str | None, zone: str | None = None) -> ExplainedTicket:
    """Return what is known of the ticket of that name. Raises DeskSyncError if none has it, or several have."""
    from desk_sync.cli.explain.facts import ExplainedTicket

    named = find_ticket(desk_sync, name, portal)
    services = desk_sync.portal(named.portal) if named else None
    history = services.tickets.history(named.ticket_id) if named and services else None
    if named is None or services is None or history is None:
        raise unknown_ticket(desk_sync, name, portal)
    decided = history.decisions[-1].decision.account_id if history.decisions else None
    account = desk_sync.sources.subscriptions.of_id(decided) if decided else None
    return ExplainedTicket(names=named, history=history, account=account, now=services.clock.now(), chosen_zone=zone)
