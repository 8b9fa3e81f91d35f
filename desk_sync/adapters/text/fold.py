"""The form of words for comparison: lower case, without accents."""

from __future__ import annotations

import re

from desk_sync.normal_form import normal_form


def fold(text: str) -> str:
    """Return the text in lower case without accents, full-width forms folded. Word boundaries are kept."""
    if text.isascii():
        return text.lower()
    decomposed = normal_form("NFKD", text.replace("’", "'").casefold())
    return normal_form("NFC", _ACCENT.sub("", decomposed))


_ACCENT = re.compile("[\u0300-\u036f]")
