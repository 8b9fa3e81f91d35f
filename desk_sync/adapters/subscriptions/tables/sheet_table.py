"""One table of a file: that of a CSV file, or of a visible sheet of a workbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTable:
    """The records of a table that are not empty, with their lines from 1; they must be read before the next table.

    `sheet` is the name of the sheet, empty if the file has only one. `guessed` is true if the letters outside ASCII
    depend on an encoding that nothing in the file confirms. `hidden` are the lines of the records so far that cannot be
    seen. `delimiters` are the characters that separate the cells, empty if nothing does.
    """

    records: Iterator[tuple[int, Sequence[str]]]
    sheet: str = ""
    guessed: bool = False
    hidden: AbstractSet[int] = frozenset()
    delimiters: str = ""
