"""`desk-sync db`: the schema of the database, forth and back."""

from __future__ import annotations

from typing import Annotated

import typer

from desk_sync.cli.output import print_line

db_app = typer.Typer(no_args_is_help=True, help="The database.")


@db_app.command()
def upgrade() -> None:
    """Create the database, or bring it to this version's schema."""
    from desk_sync.wiring.opening import open_database

    with open_database() as desk_sync:
        print_line(desk_sync.upgrade())


@db_app.command()
def downgrade(
    yes: Annotated[bool, typer.Option("--yes", help="Also if that loses data.")] = False,
) -> None:
    """Go back to the schema of the version before. Without --yes, only if that loses no data."""
    from desk_sync.wiring.opening import open_database

    with open_database() as desk_sync:
        schema, lost = desk_sync.downgrade(lossy=yes)
    for each in lost:
        print_line(f"lost: {each}")
    print_line(f"schema {schema}; start the version that needs it")
