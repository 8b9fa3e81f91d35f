"""Instants as options of commands."""

from __future__ import annotations

from datetime import UTC, datetime

import typer


def parse_instant(text: str) -> datetime:
    """Return the instant, in UTC. Raises BadParameter."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text}: not a time in ISO 8601 format") from None
    if instant.tzinfo is None:
        raise typer.BadParameter(f"{text}: the time zone is missing (Z for UTC)")
    return instant.astimezone(UTC)
