"""A check that the HTTP library is the one that our limits were built on.

A fork of urllib3 that installs itself under the same name has other pools and other timeouts; it comes with niquests.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import requests.adapters
import urllib3
from urllib3._version import __version__ as urllib3_version

from desk_sync.errors import ConfigurationError

_IMPOSTORS = ("niquests", "urllib3_future")


def check_urllib3() -> str:
    """Return the versions of urllib3 and requests. Raises ConfigurationError if urllib3 is not the genuine one."""
    present = [name for name in _IMPOSTORS if find_spec(name)]
    running, installed = urllib3_version, _installed()
    if present or running != installed or requests.adapters.PoolManager is not urllib3.PoolManager:
        raise ConfigurationError(
            f"urllib3 {running} is not the genuine one ({', '.join(present) or f'{installed} is installed'})",
            hint="install desk-sync into an environment of its own, without niquests and urllib3-future",
        )
    return f"urllib3 {running}, requests {requests.__version__}"


def _installed() -> str | None:
    try:
        return version("urllib3")
    except PackageNotFoundError:
        return None
