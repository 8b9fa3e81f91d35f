"""The one clock."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Now(Protocol):
    """The one clock."""

    def __call__(self) -> datetime: ...
