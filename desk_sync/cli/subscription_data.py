"""The commands for subscription data: import, pull, status, lookup."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk_sync.cli.output import DryRunOption, JsonFlag, emit, print_line, table

if TYPE_CHECKING:
    from desk_sync.ports.pulling.source_report import SourceReport


def import_accounts(
    files: Annotated[list[Path], typer.Argument(help="CSV or XLSX: one row for each subscription.")],
    partial_: Annotated[
        bool,
        typer.Option("--partial", help="If rows are refused, import the accounts without mistakes."),
    ] = False,
    force: Annotated[bool, typer.Option(help="Import even if more than a fifth of the old data is missing.")] = False,
    every: Annotated[bool, typer.Option("--all", help="List every account and every mistake.")] = False,
    dry_run: DryRunOption = False,
    as_json: JsonFlag = False,
) -> None:
    """Replace the current subscription data by these files; exit status 1 if rows were refused."""
    from desk_sync.cli import import_report
    from desk_sync.cli.progress import progress_bar
    from desk_sync.services.import_accounts import MAX_SHRINK
    from desk_sync.wiring.offline import file_digest, read_correct_accounts
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync, progress_bar() as track:
        imports = desk_sync.sources.file_imports
        regions = imports.importing.policy.thresholds
        digest = file_digest(files, regions)
        if not force and (repeated := imports.repeat(digest, dry_run=dry_run)):
            import_report.report_repeated(repeated, dry_run=dry_run, every=every, as_json=as_json)
            return
        file = read_correct_accounts(files, partial(track, what="rows read"), regions)
        replaced = (
            None
            if file.refused and not partial_
            else imports.run(
                file,
                track(file.accounts, "accounts stored", total=len(file.accounts)),
                digest=digest if digest == file_digest(files, regions) else None,
                max_shrink=1.0 if force else MAX_SHRINK,
                dry_run=dry_run,
            )
        )
    if as_json:
        emit(import_report.document(file, replaced, dry_run=dry_run))
    else:
        import_report.print_report(file, replaced, dry_run=dry_run, every=every)
    raise typer.Exit(1 if file.refused else 0)


def pull(
    source: str,
    force: Annotated[bool, typer.Option(help="Take the data even if more is missing than the mapping allows.")] = False,
) -> None:
    """Pull a source of the mapping now, even if it is not due; not while another process pulls it."""
    from desk_sync.wiring.opening import open_to_write

    with open_to_write() as desk_sync:
        replaced = desk_sync.sources.pull(source, force=force).run()
    for remark in replaced.remarks:
        typer.echo(f"warning: {remark}", err=True)
    print_line(f"pulled; {replaced.changed} accounts have changed, {replaced.tickets} open tickets are looked at again")


def status(as_json: JsonFlag = False) -> None:
    """Show each source: the ages and the size of its data, its last pull, and when the next one is due."""
    from desk_sync import documents
    from desk_sync.wiring.opening import open_app

    with open_app() as desk_sync:
        reports = desk_sync.sources.reports()
    if as_json:
        emit({"sources": [documents.source(report) for report in reports]})
        return
    rows = [[report.name, _format(report.state.due_at), report.data()] for report in reports]
    table(["source", "next pull", "data"], rows)
    for report in reports:
        _print_notes(report)


def _print_notes(report: SourceReport) -> None:
    """Print the state of the pulls, and what could not be read."""
    for note in (*report.pulls(), *report.state.problems):
        print_line(f"{report.name}: {note}")
    if more := report.state.flawed - len(report.state.problems):
        print_line(f"{report.name}: … and {more} more that could not be read")


def _format(at: datetime | None) -> str:
    return f"{at:%F %T}Z" if at else "-"


def lookup(
    identifier: Annotated[str, typer.Argument(help="A super admin's address, a domain, a ZOID, a ZGID or a ZUID.")],
    as_json: JsonFlag = False,
) -> None:
    """Look an identifier up: its account, what that account has bought, and how old the data are."""
    from desk_sync.cli import lookup_report
    from desk_sync.wiring.offline import readings_of
    from desk_sync.wiring.opening import open_app

    with open_app() as desk_sync:
        answer = desk_sync.sources.look_up(readings_of(identifier))
    emit(lookup_report.document(answer)) if as_json else lookup_report.print_answer(answer)
