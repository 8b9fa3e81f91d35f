"""The way to people outside Desk: mail and chat."""

from __future__ import annotations

from typing import Protocol

from desk_sync.domain.notice import Notice


class Notifier(Protocol):
    """Sends notices. Every send has a deadline; the notice's key travels with it (mail: as the Message-ID)."""

    def send(self, notice: Notice) -> None:
        """Send it, once. Raises Refused if the channel does not take it, or there is none of that name.

        Raises TemporaryError if it is not known whether it arrived: it is sent again, as a repeat.
        """
        ...
