"""The one clock of the product."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Now(Protocol):
    """Returns the current instant."""

    def __call__(self) -> datetime: ...
