"""A sign of life to an outside address, such as a monitor that raises an alarm when it receives none."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from desk_sync.errors import TemporaryError

_TIMEOUT = (3, 5)
"""Seconds to connect, and between two pieces of the answer."""


@dataclass(frozen=True, slots=True)
class DeadMansSwitch:
    """Calls one address. It may hold a secret, so no error contains it."""

    url: str | None

    def call(self) -> None:
        """Request the address once, if there is one. Raises TemporaryError unless it answers with success."""
        if not self.url:
            return
        try:
            answer = requests.get(self.url, timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise TemporaryError(f"the address of the dead man's switch: {type(error).__name__}") from None
        if not answer.ok:
            raise TemporaryError(f"the address of the dead man's switch answered {answer.status_code}")
