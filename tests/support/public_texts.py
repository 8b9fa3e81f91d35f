"""Public texts as a comparison of two runs needs them: the same level in both may be raised at other instants."""

from __future__ import annotations

import re

_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


def timeless(text: str) -> str:
    """Return an English public text without its local times."""
    return _LOCAL_TIME.sub("", text)
