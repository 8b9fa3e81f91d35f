"""A CSV file as rows that know where their cells stand.

Delimiter `,`, `;` or tab; UTF-8, UTF-16 with its mark, or Latin-1. A mistake's line is the physical line on which its
row starts, its column the position of the cell in the row, both from 1. Names of columns are in lower case, cells
without blanks around them.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from desk_sync.adapters.subscriptions.cells import not_empty
from desk_sync.errors import Problem

T = TypeVar("T")


def read_table(path: Path, required: Iterable[str], problems: list[Problem]) -> list[Row]:
    """The rows that are not blank; mistakes are added to `problems`. None if the heading is not usable."""
    return list(_rows(_text(path, problems), required, problems))


class Row:
    """The cells of one row; `take` reads one and keeps what is wrong with it."""

    def __init__(self, line: int, cells: Mapping[str, tuple[int, str]]) -> None:
        self.line = line
        self.problems: list[Problem] = []
        self._cells = cells

    def take(self, column: str, read: Callable[[str], T], otherwise: T) -> T:
        """The cell as `read` understands it, and `otherwise` where it raises ValueError."""
        position, text = self._cells.get(column, (1, ""))
        try:
            return read(text)
        except ValueError as error:
            self.problems.append(Problem(message=str(error), where=column, line=self.line, column=position))
            return otherwise

    def text(self, column: str) -> str:
        return self.take(column, str, "")

    def named(self, column: str) -> str:
        return self.take(column, not_empty, "")


def _text(path: Path, problems: list[Problem]) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        problems.append(Problem(message=f"cannot be read: {error.strerror}"))
        return ""
    text = _decoded(content)
    if text.strip() and "\0" not in text:
        return text
    message = "is no text" if text.strip() else "the file is empty"
    problems.append(Problem(message=message, hint="save the table as CSV, UTF-8"))
    return ""


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-16" if content.startswith(_UTF_16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _rows(text: str, required: Iterable[str], problems: list[Problem]) -> Iterator[Row]:
    """The rows that are not blank; none if the heading is not usable."""
    lines = _lines(text, problems)
    _, heading = next(lines, (1, []))
    columns = [name.strip().lower() for name in heading]
    problems += _heading_mistakes(columns, required) if columns else ()
    if problems:
        return
    for line, values in lines:
        cells = [value.strip() for value in values]
        if any(cells[len(columns) :]):
            message = f"{len(cells)} cells under {len(columns)} columns"
            hint = "put a value that holds the delimiter in quotation marks"
            problems.append(Problem(message=message, line=line, column=len(columns) + 1, hint=hint))
        elif any(cells):
            positions = enumerate(zip(columns, cells, strict=False), start=1)
            yield Row(line, {column: (position, cell) for position, (column, cell) in positions})


def _lines(text: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """The records of the file, each with the physical line on which it starts."""
    heading = "".join(text.strip().splitlines()[:1])
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for values in reader:
            if any(values):
                yield line, values
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(message=f"not CSV: {error}", line=line))


def _heading_mistakes(columns: Sequence[str], required: Iterable[str]) -> Iterator[Problem]:
    for name in required:
        if name not in columns:
            yield Problem(message="the column is missing", where=name)
    for position, name in enumerate(columns):
        if name and name in columns[:position]:
            yield Problem(message="the column is there twice", where=name, column=position + 1)
