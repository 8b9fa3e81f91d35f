"""`desk-sync review raise`: a partner's request for an escalation, recorded by a person."""

from __future__ import annotations

from typing import Annotated

import typer

from desk_sync.cli.output import DryRunOption, PortalOption, print_line

WhoOption = Annotated[str | None, typer.Option("--by", help="The person who records the request; stored with it.")]


def raise_request(
    ticket_id: str, by: WhoOption = None, portal: PortalOption = None, dry_run: DryRunOption = False
) -> None:
    """Record that the partner asked for an escalation of the ticket (R33).

    Its next look raises level 1 if the response time has passed and the contract is valid or unknown; otherwise it is
    an entry for review.
    """
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
        desk_sync.portal(portal).review.request_escalation(ticket_id, by=by, dry_run=dry_run)
    print_line("would be recorded" if dry_run else "recorded; the next look follows it by R33's rule")
