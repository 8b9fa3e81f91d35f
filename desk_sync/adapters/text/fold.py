"""The form of words for comparison: lower case, without accents."""

from __future__ import annotations

import re
import unicodedata


def fold(text: str) -> str:
    """Return the text in lower case without accents, full-width forms folded. Word boundaries are kept."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    return unicodedata.normalize("NFC", _ACCENT.sub("", decomposed))


_ACCENT = re.compile("[\u0300-\u036f]")
