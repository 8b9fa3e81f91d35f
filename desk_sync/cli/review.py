"""`desk-sync subscriptions review`: the tickets that wait for a person's decision, and the decisions made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk_sync.cli.output import DryRunOption, JsonFlag, PortalOption, emit, print_held_back, print_line, table, warn
from desk_sync.cli.requests.record import raise_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk_sync.domain.account.identity import Identifier
    from desk_sync.ports.review import IdentifierBinding, OpenReview, SettledReview, TicketBinding
    from desk_sync.services.review import Review
    from desk_sync.wiring.process import DeskSync

review_app = typer.Typer(help="Tickets that wait for a person's decision, and the decisions made.")

ByOption = Annotated[str | None, typer.Option("--by", help="The person who decides; stored with the decision.")]
WhyOption = Annotated[str | None, typer.Option("--why", help="The reason; stored with the decision.")]


_TICKET = "ticket:"


def _subject(text: str) -> Identifier | str:
    """Return the identifier that a person typed, or the id of the ticket after "ticket:". Raises BadParameter."""
    from desk_sync.wiring.offline import identifier_in

    ticket_id = text.lower().removeprefix(_TICKET).strip()
    if text.lower().startswith(_TICKET) and ticket_id.isdecimal():
        return ticket_id
    if identifier := identifier_in(text):
        return identifier
    raise typer.BadParameter(
        f"{text}: not an address, a customer's domain, a number after zoid:, zgid: or zuid:, or a ticket after ticket:"
    )


SubjectArgument = Annotated[
    Any,
    typer.Argument(
        parser=_subject,
        metavar="IDENTIFIER",
        help="Such as admin@x.example or zoid:100021000; or one ticket, such as ticket:119514000000123456.",
    ),
]


review_app.command("raise")(raise_request)


@review_app.callback(invoke_without_command=True)
def review(context: typer.Context, portal: PortalOption = None, as_json: JsonFlag = False) -> None:
    """List the tickets that wait for a person's decision, with reasons, and the bound identifiers."""
    from desk_sync.wiring.opening import open_to_read

    if context.invoked_subcommand:
        return
    with open_to_read(portal) as (services, warning):
        service = services.review
        undecided, bindings = service.reviews.undecided(), service.bindings.bindings()
        bound_tickets = service.tickets.bindings()
        held_back = services.held_back.listed()
    warn(warning)
    if as_json:
        from desk_sync.documents import held_back_entries

        bound = [*map(_bound, bindings), *map(_bound_ticket, bound_tickets)]
        lists = {"review": [_ticket(each) for each in undecided], "bindings": bound}
        emit(lists | {"held_back": held_back_entries(held_back)})
    else:
        _print_review(undecided, [*map(_row, bindings), *map(_row_of_ticket, bound_tickets)])
        print_held_back(held_back)


@review_app.command()
def bind(
    identifier: SubjectArgument,
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT_ID")],
    by: ByOption = None,
    why: WhyOption = None,
    portal: PortalOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Bind an identifier to an account, or one ticket; only a ticket is a portal's.

    An identifier's binding takes precedence over the sources, also after an import. A ticket's settles what its texts
    only suggest: its next look acts on it.
    """
    from desk_sync.wiring.opening import open_to_write

    done = "would be bound" if dry_run else "bound"
    with open_to_write(dry_run=dry_run) as desk_sync:
        review = _review_of(desk_sync, identifier, portal)
        if isinstance(identifier, str):
            review.bind_ticket(identifier, account_id, by=by, why=why, dry_run=dry_run)
            print_line(f"{done}; the ticket is looked at again")
        else:
            marked = review.bind(identifier, account_id, by=by, why=why, dry_run=dry_run)
            print_line(f"{done}; {marked} open tickets are looked at again")


@review_app.command()
def unbind(identifier: SubjectArgument, portal: PortalOption = None, dry_run: DryRunOption = False) -> None:
    """Remove a binding: the sources decide again where the identifier leads, the evidence whose the ticket is."""
    from desk_sync.wiring.opening import open_to_write

    done = "would no longer be bound" if dry_run else "no longer bound"
    with open_to_write(dry_run=dry_run) as desk_sync:
        review = _review_of(desk_sync, identifier, portal)
        if isinstance(identifier, str):
            review.unbind_ticket(identifier, dry_run=dry_run)
            print_line(f"{done}; the ticket is looked at again")
        else:
            marked = review.unbind(identifier, dry_run=dry_run)
            print_line(f"{done}; {marked} open tickets are looked at again")


def _review_of(desk_sync: DeskSync, subject: Identifier | str, portal: str | None) -> Review:
    """Return the review of the ticket's portal; bindings of identifiers are the same in each."""
    named = portal if isinstance(subject, str) or portal else desk_sync.portal_names[0]
    return desk_sync.portal(named).review


@review_app.command()
def dismiss(
    ticket_id: str,
    by: ByOption = None,
    why: WhyOption = None,
    portal: PortalOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Take a ticket off the list until its decision changes."""
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
        desk_sync.portal(portal).review.dismiss(ticket_id, by=by, why=why, dry_run=dry_run)
    print_line("would be dismissed" if dry_run else "dismissed")


def _ticket(each: OpenReview) -> dict[str, Any]:
    from desk_sync.documents import suggestion

    return {
        "ticket_id": each.ticket_id,
        "decision": each.verdict,
        "account_id": each.account_id,
        "looked_at": each.looked_at,
        "reasons": [str(reason) for reason in each.reasons],
        "questions": list(each.questions),
        "candidates": [suggestion(one) for one in each.suggestions],
    }


def _bound(each: IdentifierBinding) -> dict[str, Any]:
    return _settled(each.identifier.kind, each.identifier.value, each.account_id, each.settled)


def _bound_ticket(each: TicketBinding) -> dict[str, Any]:
    return _settled("ticket", each.ticket_id, each.account_id, each.settled)


def _settled(kind: str, value: str, account_id: str, settled: SettledReview) -> dict[str, Any]:
    said = {"bound_at": settled.at, "by": settled.by, "why": settled.why}
    return {"kind": kind, "value": value, "account_id": account_id, **said}


def _print_review(undecided: Sequence[OpenReview], bindings: Sequence[Sequence[str | None]]) -> None:
    rows = [[each.ticket_id, each.verdict, each.account_id or "-", _reasons(each)] for each in undecided]
    table(["ticket", "decision", "account", "reasons"], rows)
    if bindings:
        print_line()
        columns = ["identifier", "account", "bound at", "by", "why"]
        table(columns, [[each or "-" for each in row] for row in bindings])


def _reasons(each: OpenReview) -> str:
    questions = [f"open: {question}" for question in each.questions]
    candidates = [f"candidate: account {one.account_id} by {one.place}" for one in each.suggestions]
    return "\n".join([*map(str, each.reasons), *questions, *candidates])


def _row(binding: IdentifierBinding) -> Sequence[str | None]:
    return [binding.identifier.value, binding.account_id, *_row_of(binding.settled)]


def _row_of_ticket(binding: TicketBinding) -> Sequence[str | None]:
    return [f"{_TICKET}{binding.ticket_id}", binding.account_id, *_row_of(binding.settled)]


def _row_of(settled: SettledReview) -> Sequence[str | None]:
    return [f"{settled.at:%F %T}Z", settled.by, settled.why]
