"""`desk-sync subscriptions review`: what waits for a person, and what persons have settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk_sync.cli.output import DryRunOption, JsonFlag, PortalOption, emit, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk_sync.domain.account.identity import Identifier
    from desk_sync.ports.review import IdentifierBinding, OpenReview

review_app = typer.Typer(help="The tickets that a person must decide on, and what persons have settled.")

ByOption = Annotated[str | None, typer.Option("--by", help="Who says so; kept with it.")]
WhyOption = Annotated[str | None, typer.Option("--why", help="The reason; kept with it.")]


def _identifier(text: str) -> Identifier:
    """An identifier as a person types it. Raises BadParameter."""
    from desk_sync.adapters.mail.labelled_ids import identifier_in

    if identifier := identifier_in(text):
        return identifier
    raise typer.BadParameter(f"{text}: an address, a customer's domain, or zoid:, zgid: or zuid: and a number")


IdentifierArgument = Annotated[
    Any, typer.Argument(parser=_identifier, metavar="IDENTIFIER", help="Such as admin@x.example or zoid:100021000.")
]


@review_app.callback(invoke_without_command=True)
def review(context: typer.Context, portal: PortalOption = None, as_json: JsonFlag = False) -> None:
    """The tickets that a person must decide on, with the reasons, and the identifiers that persons have bound."""
    from desk_sync import wiring

    if context.invoked_subcommand:
        return
    with wiring.open_app() as desk_sync:
        service = desk_sync.review(desk_sync.chosen(portal))
        undecided, bindings = service.reviews.undecided(), service.bindings.bindings()
    if as_json:
        emit({"review": [_ticket(each) for each in undecided], "bindings": [_bound(each) for each in bindings]})
    else:
        _tell(undecided, bindings)


@review_app.command()
def bind(
    identifier: IdentifierArgument,
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT_ID")],
    by: ByOption = None,
    why: WhyOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Let an identifier lead to an account, whatever the sources say, now and after every import."""
    from desk_sync import wiring

    with wiring.open_app() as desk_sync:
        marked = desk_sync.review(desk_sync.portals[0]).bind(identifier, account_id, by=by, why=why, dry_run=dry_run)
    say(f"{'would be bound' if dry_run else 'bound'}; {marked} open tickets are looked at again")


@review_app.command()
def unbind(identifier: IdentifierArgument, dry_run: DryRunOption = False) -> None:
    """Let the sources tell again where an identifier leads."""
    from desk_sync import wiring

    with wiring.open_app() as desk_sync:
        marked = desk_sync.review(desk_sync.portals[0]).unbind(identifier, dry_run=dry_run)
    say(f"{'would no longer be' if dry_run else 'no longer'} bound; {marked} open tickets are looked at again")


@review_app.command()
def dismiss(
    ticket_id: str,
    by: ByOption = None,
    why: WhyOption = None,
    portal: PortalOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Leave a ticket out of the list until its decision changes."""
    from desk_sync import wiring

    with wiring.open_app() as desk_sync:
        desk_sync.review(desk_sync.chosen(portal)).dismiss(ticket_id, by=by, why=why, dry_run=dry_run)
    say("would be dismissed" if dry_run else "dismissed")


def _ticket(each: OpenReview) -> dict[str, Any]:
    return {
        "ticket_id": each.ticket_id,
        "decision": each.verdict,
        "account_id": each.account_id,
        "looked_at": each.looked_at,
        "reasons": [str(reason) for reason in each.reasons],
        "questions": list(each.questions),
    }


def _bound(each: IdentifierBinding) -> dict[str, Any]:
    return {
        "kind": each.identifier.kind,
        "value": each.identifier.value,
        "account_id": each.account_id,
        "bound_at": each.settled.at,
        "by": each.settled.by,
        "why": each.settled.why,
    }


def _tell(undecided: Sequence[OpenReview], bindings: Sequence[IdentifierBinding]) -> None:
    rows = [[each.ticket_id, each.verdict, each.account_id or "-", _told(each)] for each in undecided]
    table(["ticket", "decision", "account", "reasons"], rows)
    if bindings:
        say()
        columns = ["identifier", "account", "bound at", "by", "why"]
        table(columns, [[each or "-" for each in _row(binding)] for binding in bindings])


def _told(each: OpenReview) -> str:
    questions = [f"open: {question}" for question in each.questions]
    return "\n".join([*map(str, each.reasons), *questions])


def _row(binding: IdentifierBinding) -> Sequence[str | None]:
    settled = binding.settled
    return [binding.identifier.value, binding.account_id, f"{settled.at:%F %T}Z", settled.by, settled.why]
