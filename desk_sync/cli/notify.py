"""Notices: who answers for a role today, and whether a notice reaches them."""

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
    """Send one notice to every address of whoever answers for the role today. Exit status 1 if none of them took it."""
    from desk_sync.wiring import open_app

    with open_app() as desk_sync:
        staff, now = desk_sync.mapping.policy.escalation.staff, desk_sync.world.now()
        if role not in staff.roles:
            raise typer.BadParameter(f"{role}: not one of the mapping's roles")
        addresses = [(person.name, each) for person in staff.on_duty(role, now.date()) for each in person.addresses]
        told = [(who, to, _try(desk_sync.notifier, _notice(role, to, now))) for who, to in addresses]
    if as_json:
        emit({"role": role, "notices": [{"person": who, "to": str(to), "error": error} for who, to, error in told]})
    else:
        table(["person", "address", "notice"], [[who, str(to), error or "sent"] for who, to, error in told])
    if all(error for _, _, error in told):
        sys.exit(f"error: no notice reaches anybody for {role} today")


def _notice(role: str, to: NoticeAddress, now: datetime) -> Notice:
    from desk_sync.domain.escalation.notice import Notice

    said = f"This is a test: escalations that {role} answers for are told to you here."
    return Notice(key=f"ds-test-{now:%Y%m%dT%H%M%S%f}", to=to, subject=f"desk-sync: test for {role}", lines=(said,))


def _try(notifier: Notifier, notice: Notice) -> str | None:
    """What went wrong, if anything did."""
    from desk_sync.errors import PermanentError, TemporaryError

    try:
        notifier.send(notice)
    except (PermanentError, TemporaryError) as error:
        return str(error)
    return None
