"""Processes forked from a server that has imported the product: faster than starting Python and importing for each.

The server has one thread. The process of the tests has more, so that a fork of it could deadlock.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from subprocess import CompletedProcess
from tempfile import NamedTemporaryFile

from desk_sync.cli import commands, main  # noqa: F401 - `main` imports the commands, and they the wiring, when they run
from desk_sync.wiring import opening  # noqa: F401

SERVER = get_context("forkserver")
SERVER.set_forkserver_preload([__name__])


def run(*arguments: str, environment: Mapping[str, str]) -> CompletedProcess[str]:
    """Run the command line in a forked process; return the same as `subprocess.run`."""
    with NamedTemporaryFile("r", encoding="utf-8") as out, NamedTemporaryFile("r", encoding="utf-8") as errors:
        child = SERVER.Process(target=_become, args=(arguments, dict(environment), out.name, errors.name))
        child.start()
        child.join()
        return CompletedProcess(arguments, child.exitcode, out.read(), errors.read())


def _become(arguments: tuple[str, ...], environment: dict[str, str], out: str, errors: str) -> None:
    for number, path in ((1, out), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY), number)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = ["desk-sync", *arguments]
    main()
