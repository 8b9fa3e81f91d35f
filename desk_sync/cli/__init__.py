"""The command line: each command reads, calls the same functions as the service, prints, and exits with a status.

Exit codes: 0 done · 1 a check failed · 2 usage · 3 configuration · 4 cannot reach (Desk, database, broker) ·
5 not permitted. Errors go to stderr: `error: …`, then `hint: …`.
"""

from __future__ import annotations

import sys

from desk_sync import gc_tuning


def main() -> None:
    """Run one command and exit with its status."""
    gc_tuning.relax()
    from desk_sync.cli.commands import app
    from desk_sync.errors import DeskSyncError

    try:
        app()
    except DeskSyncError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)  # noqa: T201
        sys.exit(status(error))


def status(error: Exception) -> int:
    """Return the exit code for an error."""
    from desk_sync import errors

    table = {
        errors.MappingError: 3,
        errors.ConfigurationError: 3,
        errors.TemporaryError: 4,
        errors.NotPermitted: 5,
    }
    return next((code for kind, code in table.items() if isinstance(error, kind)), 1)
