"""The command line in a forked process, which saves the time to start Python and to import the product."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from subprocess import CompletedProcess
from tempfile import TemporaryFile
from typing import NoReturn

from desk_sync import wiring  # noqa: F401 - the commands read it in when they run
from desk_sync.cli import main


def run(*arguments: str, environment: Mapping[str, str]) -> CompletedProcess[str]:
    """Run the command in a fork of this process; return the same as `subprocess.run`."""
    with TemporaryFile("w+", encoding="utf-8") as out, TemporaryFile("w+", encoding="utf-8") as errors:
        child = os.fork()
        if not child:
            _become(arguments, environment, out.fileno(), errors.fileno())
        _, status = os.waitpid(child, 0)
        out.seek(0)
        errors.seek(0)
        return CompletedProcess(arguments, os.waitstatus_to_exitcode(status), out.read(), errors.read())


def _become(arguments: tuple[str, ...], environment: Mapping[str, str], out: int, errors: int) -> NoReturn:
    status = 70
    try:
        os.dup2(out, 1)
        os.dup2(errors, 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        os.environ.clear()
        os.environ.update(environment)
        sys.argv[:] = ["desk-sync", *arguments]
        main()
        status = 0
    except SystemExit as end:
        status = _exit_status(end.code)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _exit_status(code: object) -> int:
    """Return the exit status for the argument of `sys.exit`, and print a text, as Python does."""
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1
