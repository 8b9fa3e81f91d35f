"""The languages that we read and write: their codes, and their names in Desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

Language: TypeAlias = Literal["en", "de", "pt", "es", "fr", "ja"]
LANGUAGES: tuple[str, ...] = get_args(Language)

LANGUAGES_IN_DESK: Mapping[str, str] = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "portuguese": "pt",
    "portugues": "pt",
    "spanish": "es",
    "espanol": "es",
    "french": "fr",
    "francais": "fr",
    "japanese": "ja",
    "日本語": "ja",
}
"""The code of each language by its folded name, as Desk shows it in English and in the language itself."""
