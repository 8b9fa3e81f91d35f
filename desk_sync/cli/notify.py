"""`desk-sync notify`: a test notice to the people who are on duty for a role."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from desk_sync.cli.output import JsonFlag, emit, table

if TYPE_CHECKING:
    from datetime import datetime

    from desk_sync.domain.escalation.notice import Notice
    from desk_sync.domain.escalation.staff import NoticeAddress
    from desk_sync.ports.notices import Notifier

notify_app = typer.Typer(no_args_is_help=True, help="Notices by mail and chat.")


@notify_app.callback()
def _group() -> None:
    """Notices by mail and chat."""


@notify_app.command("test")
def send_test(
    role: Annotated[str, typer.Argument(help="A role of the mapping, such as lead.europe.")],
    as_json: JsonFlag = False,
) -> None:
    """Send a test notice to every address of the people on duty for the role. Exit status 1 if none accepts it."""
    from desk_sync.wiring.opening import open_database

    with open_database() as desk_sync:
        staff, now = desk_sync.mapping.policy.escalation.staff, desk_sync.environment.now()
        if role not in staff.roles:
            raise typer.BadParameter(f"{role}: not one of the mapping's roles")
        addresses = [(person.name, each) for person in staff.on_duty(role, now.date()) for each in person.addresses]
        results = [(who, to, _try(desk_sync.environment.notifier(), _notice(role, to, now))) for who, to in addresses]
    if as_json:
        emit({"role": role, "notices": [{"person": who, "to": str(to), "error": error} for who, to, error in results]})
    else:
        table(["person", "address", "notice"], [[who, str(to), error or "sent"] for who, to, error in results])
    if all(error for _, _, error in results):
        sys.exit(f"error: no notice for {role} can be delivered today")


def _notice(role: str, to: NoticeAddress, now: datetime) -> Notice:
    from desk_sync.domain.escalation.notice import Notice

    text = f"This is a test: escalations that {role} answers for are told to you here."
    return Notice(key=f"ds-test-{now:%Y%m%dT%H%M%S%f}", to=to, subject=f"desk-sync: test for {role}", lines=(text,))


def _try(notifier: Notifier, notice: Notice) -> str | None:
    """Send the notice; return the error text, or None if it was sent."""
    from desk_sync.errors import PermanentError, TemporaryError

    try:
        notifier.send(notice)
    except (PermanentError, TemporaryError) as error:
        return str(error)
    return None
