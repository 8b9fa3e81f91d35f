"""A ticket as a person names it: by its id in Desk, or by its number, with or without the sign #.

An id that is known wins; else a number. Where two tickets have the name, the person is asked which one is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from desk_sync.errors import DeskSyncError, PermanentError

if TYPE_CHECKING:
    from desk_sync.ports.tickets import NamedTicket
    from desk_sync.wiring.process import DeskSync

SHORTEST_ID = 12
"""Digits of an id of Desk; a shorter number that is not known may be a ticket's number."""

_BY_ID = "name it by its id, the long number in its address in Desk"


def find_ticket(desk_sync: DeskSync, name: str, portal: str | None) -> NamedTicket | None:
    """Return the ticket of that name in the portal, or in any portal; None if none has it.

    Raises PermanentError with the choice if several have it.
    """
    known = desk_sync.ticket_names(portal)
    number = name.strip().removeprefix("#")
    found = () if name.strip().startswith("#") else known.of_id(number)
    found = found or known.of_number(number)
    if len(found) > 1:
        raise _ambiguous(name, found)
    return found[0] if found else None


def name_to_mark(desk_sync: DeskSync, name: str, portal: str | None) -> tuple[str, str]:
    """Return portal and id of the ticket; one that is not known is taken for an id of the portal.

    Raises PermanentError for a number that is not known, or ConfigurationError if the portal is not clear.
    """
    if known := find_ticket(desk_sync, name, portal):
        return known.portal, known.ticket_id
    if not name.isdecimal() or len(name) < SHORTEST_ID:
        number = name.removeprefix("#")
        raise PermanentError(f"no ticket with the number {number} was looked at, and none has this id", hint=_BY_ID)
    return desk_sync.portal(portal).name, name


def unknown_ticket(desk_sync: DeskSync, name: str, portal: str | None) -> DeskSyncError:
    """Return the error that no ticket has this name, or that its data are another portal's in this database."""
    for each in [portal] if portal else desk_sync.portal_names:
        desk_sync.belonging.check_reading(each)
    if name.isdecimal() and len(name) >= SHORTEST_ID:
        return PermanentError(
            f"ticket {name} is unknown: no event has named it", hint=f"`desk-sync replay {name}` looks at it now"
        )
    return PermanentError(f"ticket {name} is unknown: no look has seen a ticket with this number", hint=_BY_ID)


def _ambiguous(name: str, found: Sequence[NamedTicket]) -> PermanentError:
    """Return the question which of the tickets is meant, with the words that name one of them."""
    listed = "; ".join(f"{each.ticket_id} of {each.partner or 'no known partner'} ({each.portal})" for each in found)
    ids, portals = {each.ticket_id for each in found}, {each.portal for each in found}
    ways = [f"give its id, such as {found[0].ticket_id}"] * (len(ids) > 1)
    ways += [f"add --portal {'|'.join(sorted(portals))}"] * (len(portals) > 1)
    return PermanentError(f"which ticket is {name}? {len(found)} have that name: {listed}", hint=", or ".join(ways))
