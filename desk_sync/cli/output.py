"""Output of commands: one JSON document on stdout, or lines and tables for a person."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

if TYPE_CHECKING:
    from desk_sync.ports.held_back import HeldBackField

SCHEMA_VERSION = 1

DryRunOption = Annotated[bool, typer.Option(help="Print what would be done, and change nothing.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
PortalOption = Annotated[str | None, typer.Option("--portal", help="A portal of the mapping; default: the only one.")]


def emit(document: dict[str, Any]) -> None:
    """Print one document with its schema version."""
    versioned = {"schema_version": SCHEMA_VERSION} | document
    form = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    sys.stdout.write(orjson.dumps(versioned, option=form, default=str).decode() + "\n")
    sys.stdout.flush()


def print_line(text: str = "") -> None:
    """Print a line for a person."""
    sys.stdout.write(text + "\n")


def warn(text: str | None) -> None:
    """Print a warning on stderr; nothing for None."""
    if text:
        typer.echo(f"warning: {text}", err=True)


def print_held_back(held: Sequence[HeldBackField]) -> None:
    """Print the fields that Desk does not accept; nothing if there are none."""
    if held:
        print_line()
        rows = [
            [each.field, str(len(each.tickets)), each.tickets[0], f"{each.since:%F %T}Z", each.reason] for each in held
        ]
        table(["held-back field", "tickets", "first ticket", "since", "reason"], rows)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings. On a narrow terminal only the last column is wrapped."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        drawn.add_column(heading, no_wrap=heading != headings[-1])
    for row in rows:
        drawn.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 200, markup=False).print(drawn)
