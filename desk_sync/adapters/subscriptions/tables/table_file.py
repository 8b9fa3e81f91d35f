"""Tables in files, CSV or XLSX by their content, as rows with the positions of their cells.

The line of a mistake is the line of the file, or the row of the sheet, on which its row starts; the column is the
position of the cell in the row, both from 1. Column names are in lower case, cells without blanks around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from sys import intern
from typing import TypeVar

from desk_sync.adapters.subscriptions.tables import csv_table, file_kind
from desk_sync.adapters.subscriptions.tables.cells import key, not_empty, shown
from desk_sync.adapters.subscriptions.tables.headings import TableHeading, read_heading
from desk_sync.adapters.subscriptions.tables.sheet_table import SheetTable
from desk_sync.errors import Problem

T = TypeVar("T")

_AS_TEXT = re.compile(r'="([^"]*)"')
"""The form in which programs mark a cell of a CSV file as text for a spreadsheet."""
LONGEST_NAME = 1_000
_SUSPECT = frozenset("=#")
_FAILED = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"))
_SAVE_AS_UTF8 = "save the table as CSV, UTF-8, or as XLSX"
_LISTED = 10


@dataclass(slots=True)
class TableNotes:
    """The mistakes of files as a whole, their sheets that are no table of this kind, and what else should be known.

    `hidden` are the tables with rows that are hidden, which are read as the others.
    """

    problems: list[Problem] = field(default_factory=list)
    unread: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    hidden: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TablePlace:
    """A table: its file, with the sheet if there are several; the positions of its columns; its guessed encoding."""

    file: str
    columns: Mapping[str, int]
    guessed: bool = False

    def problem(self, message: str, *, where: str, line: int, hint: str | None = None) -> Problem:
        """Return the mistake of the cell in the column `where` on that line."""
        column = self.columns.get(where, 0) + 1
        return Problem(message=message, where=where, file=self.file, line=line, column=column, hint=hint)


class TableRow:
    """The cells of one row; `take` reads a cell and records its mistake.

    `cells` have no blanks around them. Columns that are missing in the table are empty.
    """

    __slots__ = ("_cells", "_extra", "_problems", "hidden", "line", "table")

    def __init__(self, table: TablePlace, line: int, cells: Sequence[str], width: int, *, hidden: bool) -> None:
        self.table = table
        self.line = line
        self.hidden = hidden
        self._problems: list[Problem] = []
        self._extra = cells[width:]
        # The last one, always empty, stands for the columns that are missing in the table.
        self._cells = [*cells[:width], *[""] * (width + 1 - len(cells[:width]))]

    def take(self, column: str, read: Callable[[str], T], otherwise: T) -> T:
        """Return the cell as read by `read`, or `otherwise` if it raises ValueError."""
        try:
            text = self._cells[self.table.columns.get(column, -1)]
            return read(_plain(text) if text[:1] in _SUSPECT else text)
        except ValueError as error:
            self.refuse(str(error), where=column)
            return otherwise

    def identify(self, column: str, read: Callable[[str], T], otherwise: T) -> T:
        """Return the cell of an identifier. Letters in a guessed encoding are refused: they may be other letters."""
        if self.table.guessed and not self._cells[self.table.columns.get(column, -1)].isascii():
            message = "has letters that cannot be read for certain, because the file is not UTF-8"
            self.refuse(message, where=column, hint=_SAVE_AS_UTF8)
            return otherwise
        return self.take(column, read, otherwise)

    def text(self, column: str) -> str:
        """Return a text that repeats from row to row, stored once for all of them."""
        return intern(self.take(column, _short, ""))

    def named(self, column: str) -> str:
        return intern(self.take(column, _name, ""))

    def key(self, column: str) -> str:
        """Return the cell of a unique key."""
        return self.identify(column, key, "")

    def refuse(self, message: str, *, where: str, hint: str | None = None) -> None:
        self._problems.append(self.table.problem(message, where=where, line=self.line, hint=hint))

    @property
    def problems(self) -> Sequence[Problem]:
        """The mistakes of the row; only one if its cells do not stand under their columns."""
        if self._extra and (any(self._extra) or len(self._problems) > 1):
            return [self._moved()]
        return self._problems

    def names(self) -> Iterator[str]:
        """Yield every cell that can be the name of something, as it is written and in lower case."""
        for cell in (*self._cells, *self._extra):
            if cell and len(cell) <= LONGEST_NAME:
                yield cell
                yield cell.lower()

    def _moved(self) -> Problem:
        width = len(self._cells) - 1
        message = f"{width + len(self._extra)} cells under {width} columns"
        hint = "put a value that holds the delimiter in quotation marks"
        return Problem(message=message, file=self.table.file, line=self.line, column=width + 1, hint=hint)


def read_rows(path: Path, required: Sequence[str], notes: TableNotes) -> Iterator[TableRow]:
    """Yield the rows of every visible table that are not blank; none if no heading is usable.

    Mistakes of the file as a whole are added to `notes`, at the latest after the last row.
    """
    mistakes: list[Problem] = []
    tables = _TablesSoFar(path=path, required=required)
    try:
        for table in _tables(path, mistakes):
            yield from tables.rows(table)
    except OSError as error:
        mistakes.append(Problem(message=f"cannot be read: {error.strerror}"))
    notes.problems += (replace(each, file=_labelled(path, each.file)) for each in mistakes or tables.mistakes())
    notes.unread += tables.unread()
    notes.warnings += tables.warnings()
    notes.hidden += tables.hidden()


def _tables(path: Path, problems: list[Problem]) -> Iterator[SheetTable]:
    if problem := file_kind.not_a_table(path):
        problems.append(problem)
        return iter(())
    with path.open("rb") as content:
        start = content.read(len(file_kind.ZIP))
    if start == file_kind.ZIP:
        from desk_sync.adapters.subscriptions.tables import xlsx_table  # openpyxl takes a while to import

        return xlsx_table.tables(path, problems)
    return csv_table.tables(path, problems)


def _labelled(path: Path, sheet: str) -> str:
    return f"{path}[{sheet}]" if sheet else str(path)


@dataclass(slots=True, kw_only=True)
class _TablesSoFar:
    """The tables of one file that were read, and the headings of those that were not."""

    path: Path
    required: Sequence[str]
    read: list[tuple[str, TableHeading]] = field(default_factory=list)
    refused: list[tuple[str, TableHeading]] = field(default_factory=list)
    unseen: dict[str, list[int]] = field(default_factory=dict)

    def rows(self, table: SheetTable) -> Iterator[TableRow]:
        line, cells = next(table.records, (1, None))
        if cells is None:
            return
        heading = _heading(cells, self.required, line, table)
        (self.refused if heading.mistakes else self.read).append((table.sheet, heading))
        if not heading.mistakes:
            place = TablePlace(_labelled(self.path, table.sheet), heading.columns, table.guessed)
            for row in _rows(place, len(cells), table):
                if row.hidden:
                    self.unseen.setdefault(table.sheet, []).append(row.line)
                yield row

    def mistakes(self) -> Sequence[Problem]:
        """Return the mistakes of tables that were meant to be read; if none was, those of the first one."""
        if not self.read and not self.refused:
            return [Problem(message="the file is empty")]
        meant = [each for each in self.refused if each[1].resembles] or ([] if self.read else self.refused[:1])
        return [replace(mistake, file=sheet) for sheet, heading in meant for mistake in heading.mistakes]

    def unread(self) -> Iterator[Problem]:
        for sheet, _ in self.refused if self.read else ():
            yield self._note(sheet, "this sheet is no table of this kind, and is not read", "hide it or delete it")

    def warnings(self) -> Iterator[Problem]:
        for sheet, _ in self.read[1:]:
            message = "this sheet is read as well"
            yield self._note(sheet, message, "hide it if it is no part of the export")
        for sheet, heading in self.read:
            if heading.unread:
                listed = ", ".join(map(shown, heading.unread[:_LISTED])) + ", …" * (len(heading.unread) > _LISTED)
                yield self._note(sheet, f"columns that were not read: {listed}", None)

    def hidden(self) -> Iterator[Problem]:
        for sheet, lines in self.unseen.items():
            count = "1 row is" if len(lines) == 1 else f"{len(lines):,} rows are"
            hint = "show them if they count, for example by clearing the filter; delete them if they do not"
            yield replace(self._note(sheet, f"{count} hidden: {_listed_lines(lines)}", hint), line=lines[0])

    def _note(self, sheet: str, message: str, hint: str | None) -> Problem:
        return Problem(message=message, hint=hint, file=_labelled(self.path, sheet))


def _listed_lines(lines: Sequence[int]) -> str:
    """Return the first of the lines, which increase, in words: "3, 5 to 9, …"."""
    spans: list[list[int]] = []
    for line in lines:
        if spans and spans[-1][1] == line - 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    words = [str(first) if first == last else f"{first} to {last}" for first, last in spans[:_LISTED]]
    return ", ".join(words) + ", …" * (len(spans) > _LISTED)


def _heading(cells: Sequence[str], required: Sequence[str], line: int, table: SheetTable) -> TableHeading:
    heading = read_heading([cell.strip() for cell in cells], required, line, delimiters=table.delimiters)
    if heading.mistakes and table.guessed and not "".join(cells).isascii():
        return replace(heading, mistakes=[replace(each, hint=_SAVE_AS_UTF8) for each in heading.mistakes])
    return heading


def _rows(place: TablePlace, width: int, table: SheetTable) -> Iterator[TableRow]:
    for line, values in table.records:
        cells = [value.strip() for value in values]
        if any(cells):
            yield TableRow(place, line, cells, width, hidden=line in table.hidden)


def _short(text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise ValueError(f"{len(text):,} characters are more than {LONGEST_NAME:,}")
    return text


def _name(text: str) -> str:
    return _short(not_empty(text))


def _plain(text: str) -> str:
    """Return the text of a cell.

    Raises ValueError for a formula, which programs evaluate to different results, and for the signs that a spreadsheet
    shows, and saves as CSV, in place of a value that is wider than its column.
    """
    if as_text := _AS_TEXT.fullmatch(text):
        return as_text[1].strip()
    if text in _FAILED:
        raise ValueError(f"{text}: a formula has failed")
    if not text.strip("#"):
        raise ValueError(f"{shown(text)}: the column was too narrow for the value: widen it, and save the table again")
    if text[0] == "=":
        raise ValueError("is a formula: save the table with its values")
    return text
