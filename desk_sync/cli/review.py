"""`desk-sync subscriptions review`: the tickets that wait for a person's decision, and the decisions made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk_sync.cli.output import DryRunOption, JsonFlag, PortalOption, emit, print_held_back, print_line, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk_sync.domain.account.identity import Identifier
    from desk_sync.ports.review import IdentifierBinding, OpenReview

review_app = typer.Typer(help="Tickets that wait for a person's decision, and the decisions made.")

ByOption = Annotated[str | None, typer.Option("--by", help="The person who decides; stored with the decision.")]
WhyOption = Annotated[str | None, typer.Option("--why", help="The reason; stored with the decision.")]


def _identifier(text: str) -> Identifier:
    """Return the identifier that a person typed. Raises BadParameter."""
    from desk_sync.wiring.offline import identifier_in

    if identifier := identifier_in(text):
        return identifier
    raise typer.BadParameter(f"{text}: not an address, a customer's domain, or a number after zoid:, zgid: or zuid:")


IdentifierArgument = Annotated[
    Any, typer.Argument(parser=_identifier, metavar="IDENTIFIER", help="Such as admin@x.example or zoid:100021000.")
]


@review_app.callback(invoke_without_command=True)
def review(context: typer.Context, portal: PortalOption = None, as_json: JsonFlag = False) -> None:
    """List the tickets that wait for a person's decision, with reasons, and the bound identifiers."""
    from desk_sync.wiring.opening import open_app

    if context.invoked_subcommand:
        return
    with open_app() as desk_sync:
        service = desk_sync.portal(portal).review
        undecided, bindings = service.reviews.undecided(), service.bindings.bindings()
        held_back = desk_sync.portal(portal).held_back.listed()
    if as_json:
        from desk_sync.documents import held_back_entries

        lists = {"review": [_ticket(each) for each in undecided], "bindings": [_bound(each) for each in bindings]}
        emit(lists | {"held_back": held_back_entries(held_back)})
    else:
        _print_review(undecided, bindings)
        print_held_back(held_back)


@review_app.command()
def bind(
    identifier: IdentifierArgument,
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT_ID")],
    by: ByOption = None,
    why: WhyOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Bind an identifier to an account. The binding takes precedence over the sources, also after an import."""
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
        marked = desk_sync.portal(desk_sync.portal_names[0]).review.bind(
            identifier, account_id, by=by, why=why, dry_run=dry_run
        )
    print_line(f"{'would be bound' if dry_run else 'bound'}; {marked} open tickets are looked at again")


@review_app.command()
def unbind(identifier: IdentifierArgument, dry_run: DryRunOption = False) -> None:
    """Remove a binding, so that the sources decide again where the identifier leads."""
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
        marked = desk_sync.portal(desk_sync.portal_names[0]).review.unbind(identifier, dry_run=dry_run)
    print_line(f"{'would no longer be' if dry_run else 'no longer'} bound; {marked} open tickets are looked at again")


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
    return {
        "kind": each.identifier.kind,
        "value": each.identifier.value,
        "account_id": each.account_id,
        "bound_at": each.settled.at,
        "by": each.settled.by,
        "why": each.settled.why,
    }


def _print_review(undecided: Sequence[OpenReview], bindings: Sequence[IdentifierBinding]) -> None:
    rows = [[each.ticket_id, each.verdict, each.account_id or "-", _reasons(each)] for each in undecided]
    table(["ticket", "decision", "account", "reasons"], rows)
    if bindings:
        print_line()
        columns = ["identifier", "account", "bound at", "by", "why"]
        table(columns, [[each or "-" for each in _row(binding)] for binding in bindings])


def _reasons(each: OpenReview) -> str:
    questions = [f"open: {question}" for question in each.questions]
    candidates = [f"candidate: account {one.account_id} by {one.place}" for one in each.suggestions]
    return "\n".join([*map(str, each.reasons), *questions, *candidates])


def _row(binding: IdentifierBinding) -> Sequence[str | None]:
    settled = binding.settled
    return [binding.identifier.value, binding.account_id, f"{settled.at:%F %T}Z", settled.by, settled.why]
