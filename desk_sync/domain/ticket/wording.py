"""The wording of a text in Desk: how it is found again although blanks, and a part that varies, may differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from desk_sync.domain.fingerprint import without_blanks


@dataclass(frozen=True, slots=True)
class Wording:
    """The fixed parts of a text in their order; anything may stand between two of them."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, parts: Iterable[str]) -> Wording:
        """Return the wording with these parts; there must be one at least."""
        return cls(tuple(map(without_blanks, parts)))

    def matches(self, text: str) -> bool:
        """Return True if the text, which has no blanks, has this wording from its beginning to its end."""
        first, *between = self.parts
        if not between:
            return text == first
        last = between.pop()
        at, end = len(first), len(text) - len(last)
        for part in between:
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return at <= end and text.startswith(first) and text.endswith(last)
