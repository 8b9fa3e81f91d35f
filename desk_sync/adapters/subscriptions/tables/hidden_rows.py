"""The rows of a sheet that cannot be seen: hidden by a person, by a filter, in a closed group, or of no height.

The reader of workbooks does not say it, so the tags of the rows are read from the XML of the sheet, piece by piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

_PIECE = 1 << 20
_LONGEST_TAG = 1 << 16
_ROW = re.compile(rb"<(?:[\w.-]+:)?row(?=[\s/>])([^>]*)>")
_NUMBER = re.compile(rb"""\sr\s*=\s*["']([0-9]{1,9})["'.]""")
_UNSEEN = re.compile(rb"""\shidden\s*=\s*["'](?:1|true)["']|\sht\s*=\s*["']0(?:\.0*)?["']""")


class HiddenRows:
    """Answers for one row after the other, and reads no further than it must."""

    def __init__(self, sheet: IO[bytes]) -> None:
        self._rows = _rows(sheet)
        self._number = 0
        self._is_hidden = False

    def has(self, number: int) -> bool:
        """Return True if the row of that number, from 1, is hidden. The numbers must not become smaller."""
        while self._number < number:
            self._number, self._is_hidden = next(self._rows, (number + 1, False))
        return self._is_hidden and self._number == number


def _rows(sheet: IO[bytes]) -> Iterator[tuple[int, bool]]:
    """Yield the number of each row, and True if it is hidden. A row without a number follows the one before it."""
    number, begun = 0, b""
    while read := sheet.read(_PIECE):
        piece = begun + read
        for row in _ROW.finditer(piece):
            found = _NUMBER.search(row[1])
            number = int(found[1]) if found else number + 1
            yield number, _UNSEEN.search(row[1]) is not None
        begun = piece[piece.rfind(b"<") :] if b"<" in piece else b""
        if b">" in begun or len(begun) > _LONGEST_TAG:
            begun = b""
