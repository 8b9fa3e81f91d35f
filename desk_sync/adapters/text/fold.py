"""Words in the form in which they are compared: lower case, without accents."""

from __future__ import annotations

import re
import unicodedata


def fold(text: str) -> str:
    """Lower case without accents, full-width forms folded: how words are compared. Never makes words join."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    return unicodedata.normalize("NFC", _ACCENT.sub("", decomposed))


_ACCENT = re.compile("[\u0300-\u036f]")
