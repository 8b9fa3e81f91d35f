"""`desk-sync explain`: the reasons for a ticket's state."""

from __future__ import annotations

from typing import Annotated

import typer

from desk_sync.cli.output import JsonFlag, PortalOption, emit, warn
from desk_sync.cli.ticket_naming import find_ticket, unknown_ticket

TicketArgument = Annotated[str, typer.Argument(metavar="TICKET", help="An id of Desk, or a number such as #101.")]


def explain(
    ticket: TicketArgument,
    portal: PortalOption = None,
    rejudge: Annotated[
        bool,
        typer.Option("--rejudge", help="Read the ticket's history from Desk, and judge its clocks by today's mapping."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Explain a ticket's state: decisions with their reasons, clocks span by span, what was written, what is due.

    With --rejudge, compare the clocks with those that today's mapping would give. Nothing is written.
    """
    from desk_sync.cli.explain import document as explanation
    from desk_sync.wiring.opening import open_app

    with open_app() as desk_sync:
        named = find_ticket(desk_sync, ticket, portal)
        services = desk_sync.portal(named.portal) if named else None
        history = services.tickets.history(named.ticket_id) if named and services else None
        if services is None or history is None:
            raise unknown_ticket(desk_sync, ticket, portal)
        warning = desk_sync.belonging.check_reading(services.name)
        again = services.reader.rejudge(history) if rejudge else None
        now = services.clock.now()
        reports = desk_sync.sources.reports()
    warn(warning)
    if as_json:
        judged = {"rejudged": explanation.rejudged(again)} if rejudge else {}
        emit(explanation.document(history, now) | explanation.data_document(history, reports) | judged)
        return
    explanation.print_history(history, now)
    explanation.print_data(history, reports)
    if rejudge:
        explanation.print_comparison(history.clocks(now), again.clocks if again else ())
