"""The report of an import: new, changed and removed accounts, and refused rows, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import typer

from desk_sync.cli.output import emit, print_line
from desk_sync.errors import Problem
from desk_sync.ports.subscriptions import AccountChanges, AccountFile, RepeatedFile, ReplacedSnapshot

SHOWN = 20
"""The most lines of a kind that are printed without --all."""


def document(file: AccountFile, replaced: ReplacedSnapshot | None, *, dry_run: bool) -> dict[str, Any]:
    """Return the report as JSON. `replaced` is None if refused rows prevented the import."""
    changes = replaced.changes if replaced else AccountChanges()
    return {
        "imported": replaced is not None and not dry_run,
        "dry_run": dry_run,
        "added": _placed(file, changes.added),
        "changed": _placed(file, changes.differing),
        "removed": sorted(changes.removed),
        "refused": [asdict(problem) for problem in file.refused],
        "warnings": [asdict(problem) for problem in file.warnings],
        "tickets": replaced.tickets if replaced else 0,
    }


def print_report(file: AccountFile, replaced: ReplacedSnapshot | None, *, dry_run: bool, every: bool) -> None:
    """Print the report for a person: problems on stderr, changes on stdout."""
    _list(list(_as_warnings(file.warnings)), every=every, error=True)
    _list([str(problem) for problem in file.refused], every=every, error=True)
    if replaced is None:
        print_line(f"{len(file.refused)} mistakes; nothing was imported (--partial imports the other accounts)")
        return
    changes = replaced.changes
    _list([f"{_place(file, name)}{name} is new" for name in sorted(changes.added)], every=every)
    _list([f"{_place(file, name)}{name} has changed" for name in sorted(changes.differing)], every=every)
    _list([f"{name} is gone" for name in sorted(changes.removed)], every=every)
    counts = f"{replaced.added} accounts are new, {replaced.differing} have changed, {replaced.removed} are gone"
    looks = f"; {replaced.tickets} open tickets are looked at again"
    print_line(f"would be imported; {counts}" if dry_run else f"imported; {counts}{looks}")


def report_repeated(repeated: RepeatedFile, *, dry_run: bool, every: bool, as_json: bool) -> None:
    """Print the report of files that did not change since they were imported, with the warnings of that time."""
    file = AccountFile(accounts=(), as_of=repeated.snapshot.as_of, warnings=repeated.warnings)
    if as_json:
        same = ReplacedSnapshot(snapshot=repeated.snapshot, changes=AccountChanges(), tickets=0)
        emit(document(file, same, dry_run=dry_run))
        return
    _list(list(_as_warnings(file.warnings)), every=every, error=True)
    print_line("would be confirmed: the files have not changed" if dry_run else "confirmed: the files have not changed")


def _as_warnings(problems: Sequence[Problem]) -> Iterator[str]:
    return (str(problem).replace(problem.message, f"warning: {problem.message}") for problem in problems)


def _list(lines: Sequence[str], *, every: bool, error: bool = False) -> None:
    shown = lines if every else lines[:SHOWN]
    more = [f"… and {len(lines) - len(shown)} more of these (--all shows them)"] if len(lines) > len(shown) else []
    for line in (*shown, *more):
        typer.echo(line, err=error)


def _placed(file: AccountFile, account_ids: frozenset[str]) -> list[dict[str, Any]]:
    places = ((name, *file.places[name]) for name in sorted(account_ids))
    return [{"account_id": name, "file": where, "line": line} for name, where, line in places]


def _place(file: AccountFile, account_id: str) -> str:
    where, line = file.places[account_id]
    return f"{where}:{line}:1: "
