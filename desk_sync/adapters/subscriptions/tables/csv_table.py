"""CSV files as records: delimiter `,`, `;`, `|` or tab; UTF-8, UTF-16, Windows-1252 or Latin-1, with or without a mark.

Text that is none of the first two is taken as one of the last two: that is a guess.
The file is read twice, in pieces: first to detect its encoding, then for its records. The line of a record is the
physical line on which it starts, from 1.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from desk_sync.adapters.subscriptions.tables.sheet_table import SheetTable
from desk_sync.errors import Problem

_PIECE = 1 << 20
_DELIMITERS = ",;\t|"
_GUESSES = frozenset(("cp1252", "latin-1"))
LONGEST_RECORD = 1_000_000
"""Characters of a record, on one line or several. A cell may have 131,072: that is the csv module's own limit."""
_DECLARATION = "sep="
"""The beginning of the first line in which some spreadsheets declare the delimiter."""


def tables(path: Path, problems: list[Problem]) -> Iterator[SheetTable]:
    """Yield the table of the file; mistakes of the file as a whole are added to `problems`. Raises OSError."""
    encoding = next((each for each in _candidates(path) if _is_text(path, each)), None)
    if encoding is None:
        problems.append(Problem(message="is not a text file", hint="save the table as CSV, UTF-8, or as XLSX"))
        return
    with path.open(encoding=encoding, newline="") as file:
        yield SheetTable(records=_records(file, problems), guessed=encoding in _GUESSES, delimiters=_DELIMITERS)


def _candidates(path: Path) -> Sequence[str]:
    """Return the encodings that the first two bytes allow, the strictest first."""
    with path.open("rb") as file:
        start = file.read(2)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return ("utf-16",)
    if start[:1] == b"\0":
        return ("utf-16-be",)
    return ("utf-16-le",) if start[1:] == b"\0" else ("utf-8-sig", "cp1252", "latin-1")


def _is_text(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while piece := file.read(_PIECE):
                if "\0" in decoder.decode(piece):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _records(file: TextIO, problems: list[Problem]) -> Iterator[tuple[int, Sequence[str]]]:
    lines = _BoundedLines(file)
    try:
        heading = next((line for line in lines if line.strip()), "").strip()
    except csv.Error as error:
        problems.append(Problem(message=f"not CSV: {error}"))
        return
    file.seek(0)
    declared = heading.casefold().startswith(_DECLARATION)
    delimiter = heading[len(_DECLARATION) :][:1] if declared else max(_DELIMITERS, key=heading.count)
    lines = _BoundedLines(file)
    reader = csv.reader(lines, delimiter=delimiter or ",", strict=True)
    line = 1
    try:
        for number, values in enumerate(reader):
            if any(map(str.strip, values)) and not (declared and number == 0):
                yield line, values
            line = reader.line_num + 1
            lines.since_record = 0
    except csv.Error as error:
        problems.append(Problem(message=f"not CSV: {error}", line=line))


class _BoundedLines:
    """The lines of a file. Raises csv.Error for a record that is too long, before the rest of it is in memory."""

    def __init__(self, file: TextIO) -> None:
        self.since_record = 0
        self._file = file

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(LONGEST_RECORD + 1):
            self.since_record += len(line)
            if self.since_record > LONGEST_RECORD:
                raise csv.Error(f"a record has more than {LONGEST_RECORD:,} characters")
            yield line
