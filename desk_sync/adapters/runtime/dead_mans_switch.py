"""A sign of life to an address outside, such as a monitor that raises an alarm when it hears nothing."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from desk_sync.errors import TemporaryError

_TIMEOUT = (3, 5)
"""Seconds to connect, and between two pieces of the answer."""


@dataclass(frozen=True, slots=True)
class DeadMansSwitch:
    """The address may hold a secret, so no error names it."""

    url: str | None

    def call(self) -> None:
        """Ask for it once, where there is one. Raises TemporaryError if it does not answer well."""
        if not self.url:
            return
        try:
            answer = requests.get(self.url, timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise TemporaryError(f"the address of the dead man's switch: {type(error).__name__}") from None
        if not answer.ok:
            raise TemporaryError(f"the address of the dead man's switch answered {answer.status_code}")
