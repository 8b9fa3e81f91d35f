"""Tables in files, CSV or XLSX by their content, as rows with the positions of their cells.

The line of a mistake is the line of the file, or the row of the sheet, on which its row starts; the column is the
position of the cell in the row, both from 1. Column names are in lower case, cells without blanks around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from sys import intern
from typing import TypeVar

from desk_sync.adapters.subscriptions import csv_table
from desk_sync.adapters.subscriptions.cells import key, not_empty
from desk_sync.errors import Problem

T = TypeVar("T")

_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_WORKBOOK = b"PK\x03\x04"
_AS_TEXT = re.compile(r'="([^"]*)"')
"""The form in which programs mark a cell of a CSV file as text for a spreadsheet."""
MOST_COLUMNS = 1_000
LONGEST_NAME = 1_000
_SUSPECT = frozenset("=#")
_FAILED = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"))


class TableRow:
    """The cells of one row; `take` reads a cell and records its mistake.

    `cells` have no blanks around them. An extra last cell, always empty, stands for the columns missing in the table.
    """

    __slots__ = ("_cells", "_columns", "file", "line", "problems")

    def __init__(self, file: str, line: int, columns: Mapping[str, int], cells: Sequence[str]) -> None:
        self.file = file
        self.line = line
        self.problems: list[Problem] = []
        self._columns = columns
        self._cells = cells

    def take(self, column: str, read: Callable[[str], T], otherwise: T) -> T:
        """Return the cell as read by `read`, or `otherwise` if it raises ValueError."""
        at = self._columns.get(column, -1)
        try:
            text = self._cells[at]
            return read(_plain(text) if text[:1] in _SUSPECT else text)
        except ValueError as error:
            self.refuse(str(error), where=column, column=max(at + 1, 1))
            return otherwise

    def text(self, column: str) -> str:
        """Return a text that repeats from row to row, stored once for all of them."""
        return intern(self.take(column, _short, ""))

    def named(self, column: str) -> str:
        return intern(self.take(column, _name, ""))

    def key(self, column: str) -> str:
        """Return the cell of a unique key."""
        return self.take(column, key, "")

    def refuse(self, message: str, *, where: str = "", column: int, hint: str | None = None) -> None:
        self.problems.append(
            Problem(message=message, where=where, file=self.file, line=self.line, column=column, hint=hint)
        )


def read_rows(path: Path, required: Iterable[str], problems: list[Problem]) -> Iterator[TableRow]:
    """Yield the rows that are not blank; none if the heading is not usable.

    Mistakes of the file as a whole are added to `problems`, at the latest after the last row.
    """
    file = str(path)
    mistakes: list[Problem] = []
    try:
        yield from _rows(file, _records(path, mistakes), required, mistakes)
    except OSError as error:
        mistakes.append(Problem(message=f"cannot be read: {error.strerror}"))
    problems += (replace(mistake, file=file) for mistake in mistakes)


def _records(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Sequence[str]]]:
    with path.open("rb") as content:
        start = content.read(len(_OLD_WORKBOOK))
    if start == _OLD_WORKBOOK:
        problems.append(Problem(message="is an old Excel workbook (XLS)", hint="save it as XLSX, or as CSV, UTF-8"))
        return iter(())
    if start.startswith(_WORKBOOK):
        from desk_sync.adapters.subscriptions import xlsx_table  # openpyxl takes a while to import

        return xlsx_table.records(path, problems)
    return csv_table.records(path, problems)


def _rows(
    file: str, records: Iterator[tuple[int, Sequence[str]]], required: Iterable[str], problems: list[Problem]
) -> Iterator[TableRow]:
    line, heading = next(records, (1, None))
    if heading is None:
        problems += () if problems else (Problem(message="the file is empty"),)
        return
    names = [name.strip().lower() for name in heading]
    if mistakes := list(_heading_mistakes(names, required, line)):
        problems += mistakes
        return
    columns = {name: at for at, name in enumerate(names)}
    for line, values in records:
        cells = [value.strip() for value in values]
        if any(cells):
            yield _row(file, line, columns, len(names), cells)


def _row(file: str, line: int, columns: Mapping[str, int], width: int, cells: Sequence[str]) -> TableRow:
    row = TableRow(file, line, columns, [*cells[:width], *[""] * (width + 1 - len(cells[:width]))])
    if any(cells[width:]):
        message = f"{len(cells)} cells under {width} columns"
        row.refuse(message, column=width + 1, hint="put a value that holds the delimiter in quotation marks")
    return row


def _short(text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise ValueError(f"{len(text):,} characters are more than {LONGEST_NAME:,}")
    return text


def _name(text: str) -> str:
    return _short(not_empty(text))


def _plain(text: str) -> str:
    """Return the text of a cell. Raises ValueError for a formula: programs evaluate it to different results."""
    if as_text := _AS_TEXT.fullmatch(text):
        return as_text[1].strip()
    if text in _FAILED:
        raise ValueError(f"{text}: a formula has failed")
    if text[0] == "=":
        raise ValueError("is a formula: save the table with its values")
    return text


def _heading_mistakes(columns: Sequence[str], required: Iterable[str], line: int) -> Iterator[Problem]:
    if len(columns) > MOST_COLUMNS:
        yield Problem(message=f"{len(columns):,} columns are more than {MOST_COLUMNS:,}", line=line)
        return
    for name in required:
        if name not in columns:
            yield Problem(message="the column is missing", where=name, line=line)
    for position, name in enumerate(columns):
        if name and name in columns[:position]:
            yield Problem(message="the column appears twice", where=name, line=line, column=position + 1)
