"""`desk-sync explain`: why a ticket is as it is."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from desk_sync.cli.output import JsonFlag, PortalOption, emit


def explain(
    ticket_id: str,
    portal: PortalOption = None,
    rejudge: Annotated[
        bool, typer.Option("--rejudge", help="Ask Desk for the ticket's past, and judge its clocks by today's mapping.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Why a ticket is as it is: decisions with their reasons, clocks span by span, what was written, what is due.

    With --rejudge, the clocks as they are beside the clocks as today's mapping would have them. Nothing is written.
    """
    from desk_sync import wiring
    from desk_sync.cli import explanation

    with wiring.open_app() as desk_sync:
        name = desk_sync.chosen(portal)
        history = desk_sync.tickets(name).history(ticket_id)
        if history is None:
            hint = f"hint: desk-sync replay {ticket_id} looks at it now"
            sys.exit(f"error: no event has told of ticket {ticket_id}\n{hint}")
        again = desk_sync.finder(name).rejudge(history) if rejudge else None
    now = wiring.now()
    if as_json:
        judged = {"rejudged": explanation.rejudged(again)} if rejudge else {}
        emit(explanation.document(history, now) | judged)
        return
    explanation.tell(history, now)
    if rejudge:
        explanation.compare(history.clocks(now), again.clocks if again else ())
