"""The commands about subscription data: bring them in, see how they stand, ask them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from desk_sync.cli.output import DryRunOption, JsonFlag, emit, say, table


def import_accounts(
    files: Annotated[list[Path], typer.Argument(help="CSV or XLSX: one row for each subscription.")],
    partial_: Annotated[
        bool,
        typer.Option("--partial", help="Where rows are refused, import the accounts that are in order all the same."),
    ] = False,
    force: Annotated[bool, typer.Option(help="Even if more than a fifth of what was there is missing.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Name every account and every mistake.")] = False,
    dry_run: DryRunOption = False,
    as_json: JsonFlag = False,
) -> None:
    """Make account files the current subscription data, together; exit status 1 if rows were refused."""
    from desk_sync import wiring
    from desk_sync.adapters.subscriptions.account_file import read_what_is_right
    from desk_sync.cli import import_report
    from desk_sync.cli.progress import watching

    with wiring.open_app() as desk_sync, watching() as watch:
        file = read_what_is_right(files, partial(watch, what="rows read"))
        refused = file.refused and not partial_
        replaced = (
            None
            if refused
            else desk_sync.import_accounts(
                watch(file.accounts, "accounts stored", total=len(file.accounts)),
                as_of=file.as_of,
                force=force,
                dry_run=dry_run,
            )
        )
    if as_json:
        emit(import_report.document(file, replaced, dry_run=dry_run))
    else:
        import_report.tell(file, replaced, dry_run=dry_run, every=every)
    raise typer.Exit(1 if file.refused else 0)


def pull(source: str) -> None:
    """Pull a source of the mapping now, whether it is due or not."""
    from desk_sync import wiring

    with wiring.open_app() as desk_sync:
        replaced = desk_sync.pull(source).run()
    say(f"pulled; {replaced.changed} accounts have changed, {replaced.tickets} open tickets are looked at again")


def status(as_json: JsonFlag = False) -> None:
    """Each source: from when its data are, how its last pull went, and when the next one is due."""
    from dataclasses import asdict

    from desk_sync import wiring
    from desk_sync.ports.subscriptions import PullState

    with wiring.open_app() as desk_sync:
        snapshots = {snapshot.source: snapshot for snapshot in desk_sync.subscriptions.current()}
        states, names = desk_sync.pulls.states(), desk_sync.subscriptions.sources
    facts: list[dict[str, Any]] = [
        {
            "source": name,
            "imported_at": snapshots[name].imported_at if name in snapshots else None,
            **asdict(states.get(name, PullState())),
        }
        for name in names
    ]
    if as_json:
        emit({"sources": facts})
    else:
        columns = ("source", "imported_at", "due_at", "failing_since", "error")
        rows = [[_shown(each[column]) for column in columns] for each in facts]
        table([column.replace("_", " ") for column in columns], rows)


def _shown(fact: object) -> str:
    return f"{fact:%F %T}Z" if isinstance(fact, datetime) else str(fact or "-")


def lookup(
    identifier: Annotated[str, typer.Argument(help="A super admin's address, a domain, a ZOID, a ZGID or a ZUID.")],
    as_json: JsonFlag = False,
) -> None:
    """Whose an identifier is, what that account has bought, and how old the data are."""
    from desk_sync import wiring
    from desk_sync.adapters.text import identifiers
    from desk_sync.cli import lookup_report

    with wiring.open_app() as desk_sync:
        answer = desk_sync.look_up(identifiers.readings(identifier))
    emit(lookup_report.document(answer)) if as_json else lookup_report.tell(answer)
