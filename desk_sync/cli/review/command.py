"""`desk-sync review`: the list, and the commands by which a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk_sync.cli.output import DryRunOption, JsonFlag, PortalOption, emit, print_held_back, print_line, warn
from desk_sync.cli.requests.record import raise_request

if TYPE_CHECKING:
    from desk_sync.domain.account.identity import Identifier
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
    """List the tickets that wait for a person's decision, grouped by question, and the decisions made.

    One line a ticket; `desk-sync explain NUMBER` has the reasons.
    """
    from desk_sync.cli.review import listing
    from desk_sync.wiring.opening import open_to_read

    if context.invoked_subcommand:
        return
    with open_to_read(portal) as (services, warning):
        service = services.review
        undecided = service.reviews.undecided()
        bound, placed = service.bindings.bindings(), service.places.places()
        made = listing.DecisionsMade(bound, service.tickets.bindings(), placed)
        held_back = services.held_back.listed()
    warn(warning)
    if as_json:
        from desk_sync.documents import held_back_entries

        emit(listing.document(undecided, made) | {"held_back": held_back_entries(held_back)})
    else:
        listing.print_undecided(undecided)
        listing.print_made(made)
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


def _country(text: str) -> str:
    """Return the code of the country that a person typed. Raises BadParameter."""
    from desk_sync.wiring.offline import country_in

    if code := country_in(text):
        return code
    raise typer.BadParameter(f"{text} is not a country: give a code such as DE, or a name such as Germany")


def _partner(text: str) -> str:
    """Return the partner's name or domain that a person typed. Raises BadParameter."""
    from desk_sync.wiring.offline import partner_in

    try:
        return partner_in(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


PartnerArgument = Annotated[
    str,
    typer.Argument(
        parser=_partner, metavar="PARTNER", help="Its name as the list has it, or a domain that it writes from."
    ),
]
CountryArgument = Annotated[
    str, typer.Argument(parser=_country, metavar="COUNTRY", help="A code or a name, such as DE or Germany.")
]


@review_app.command()
def place(
    partner: PartnerArgument,
    country: CountryArgument,
    by: ByOption = None,
    why: WhyOption = None,
    portal: PortalOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Settle a partner's country for all its tickets; it takes precedence over Desk and the partner file.

    Clocks that run keep the calendar with which they started.
    """
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
        services = desk_sync.portal(portal)
        marked = services.review.place(partner, country, by=by, why=why, dry_run=dry_run)
        in_region = services.mapping.policy.commitment.regions.region_of(country)
    if in_region is None:
        warn(f"{country} is in no escalation region of the mapping, so its tickets keep the fallback region")
    done = "would be placed" if dry_run else "placed"
    print_line(f"{partner}: {done} in {country}; {marked} open tickets are looked at again")


@review_app.command()
def displace(partner: PartnerArgument, portal: PortalOption = None, dry_run: DryRunOption = False) -> None:
    """Remove a partner's place: Desk and the partner file decide again in which country it is."""
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
        marked = desk_sync.portal(portal).review.displace(partner, dry_run=dry_run)
    done = "would no longer be placed" if dry_run else "no longer placed"
    print_line(f"{partner}: {done}; {marked} open tickets are looked at again")


@review_app.command()
def undo(portal: PortalOption = None, dry_run: DryRunOption = False) -> None:
    """Take the last decision back: the binding of an identifier or of a ticket, or the place of a partner.

    A second undo takes back the one before it. What a decision replaced is not kept, and does not come back.
    """
    from desk_sync.cli.review import listing
    from desk_sync.errors import PermanentError
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
        review = desk_sync.portal(portal).review
        last = review.last_decision()
        if last is None:
            raise PermanentError("there is no decision to take back", hint="see `desk-sync review`")
        marked = review.take_back(last, dry_run=dry_run)
    done = "would be taken back" if dry_run else "taken back"
    print_line(f"{done}: {listing.in_words(last)}; {marked} open tickets are looked at again")
