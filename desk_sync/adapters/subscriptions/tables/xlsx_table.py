"""The visible sheets of an XLSX workbook as tables, with every cell as text.

Whole numbers have no decimal part, days are written as 2026-11-20, truth values as true or false. A spreadsheet keeps
15 digits of a number: longer numbers are written in the rounded form (9.03E+16), which the readers of cells refuse.
They refuse formulas too, which are given as written, with "=" in front: the stored value can be old or missing.
A workbook is a ZIP archive, so a small file can unpack to any size: the limits below are checked first.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.xml.constants import SHARED_STRINGS
from openpyxl.xml.functions import fromstring

from desk_sync.adapters.subscriptions.tables.headings import MOST_COLUMNS
from desk_sync.adapters.subscriptions.tables.hidden_rows import HiddenRows
from desk_sync.adapters.subscriptions.tables.sheet_table import SheetTable
from desk_sync.errors import Problem

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import _WorksheetLike

T = TypeVar("T")

MOST_CELLS = 10_000_000
"""Cells of all rows of a workbook, empty ones included."""
MOST_BLANK_ROWS = 20_000
"""Blank rows one after the other: programs write them for rows that were only formatted, up to the last one."""
LONGEST_CELL = 131_072
"""Characters of a cell, as in a CSV file."""
MOST_PACKED = 100
"""How many times larger than in the file a part may be. XML of real tables is 5 to 40 times larger."""
_SMALL = 1_000_000
MOST_UNPACKED = 400_000_000
"""Bytes of the content of a workbook."""
MOST_STRINGS = 50_000_000
"""Bytes of the texts of a workbook, which are in memory at once."""
MOST_SHEETS = 250
_CONTENT_TYPES = "[Content_Types].xml"
_KEPT_DIGITS = 15
_LARGEST_FLOAT = 10**308
_DECIMALS = 6
_ELSE = "divide the table, or save it as CSV, UTF-8"


class _Unusable(Exception):
    """The workbook exceeds a limit, or has nothing to read; the message is for a person."""


@dataclass(slots=True)
class _ReadSoFar:
    """The position in the workbook: the current sheet, its last row, and the cells of all rows."""

    sheet: str = ""
    row: int = 0
    cells: int = 0


def tables(path: Path, problems: list[Problem]) -> Iterator[SheetTable]:
    """Yield the table of each visible sheet; mistakes of the file as a whole are added to `problems`. Raises OSError.

    The `file` of a mistake is the name of its sheet.
    """
    at = _ReadSoFar()
    with path.open("rb") as file:
        sheets = list(_reported(_visible_sheets(file), at, problems))
        for sheet in sheets:
            at.sheet, at.row = sheet.title if len(sheets) > 1 else "", 0
            hidden: set[int] = set()
            records = _reported(_records(sheet, at, hidden), at, problems)
            yield SheetTable(records=records, sheet=at.sheet, hidden=hidden)


def _reported(items: Iterator[T], at: _ReadSoFar, problems: list[Problem]) -> Iterator[T]:
    """Yield the items until the first mistake, which is added to `problems`."""
    try:
        yield from items
    except OSError:
        raise
    except _Unusable as error:
        problems.append(Problem(message=str(error), file=at.sheet, line=at.row + 1, hint=_ELSE))
    except Exception as error:  # noqa: BLE001 - a broken workbook raises exceptions of many kinds
        message = f"is not a readable workbook ({type(error).__name__})"
        hint = "save the table as XLSX, or as CSV, UTF-8"
        problems.append(Problem(message=message, file=at.sheet, line=at.row + 1, hint=hint))


def _visible_sheets(file: BinaryIO) -> Iterator[_WorksheetLike]:
    _check_size(ZipFile(file))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about missing styles
        workbook = load_workbook(file, read_only=True, keep_links=False)
    sheets = [each for each in workbook.worksheets if each.sheet_state == "visible"]
    if not sheets:
        raise _Unusable("has no visible sheet")
    if len(sheets) > MOST_SHEETS:
        raise _Unusable(f"has {len(sheets):,} sheets, which are more than {MOST_SHEETS:,}")
    yield from sheets


def _check_size(archive: ZipFile) -> None:
    parts = archive.infolist()
    for part in parts:
        if part.file_size > max(_SMALL, MOST_PACKED * part.compress_size):
            sizes = f"{part.compress_size:,} bytes to {part.file_size:,}"
            raise _Unusable(f"unpacks from {sizes}: delete its empty rows and cells")
    if (unpacked := sum(part.file_size for part in parts)) > MOST_UNPACKED:
        raise _Unusable(f"unpacks to {unpacked:,} bytes, which are more than {MOST_UNPACKED:,}")
    for kind in fromstring(archive.read(_CONTENT_TYPES)):
        if kind.get("ContentType") == SHARED_STRINGS:
            size = archive.getinfo(kind.get("PartName", "").lstrip("/")).file_size
            if size > MOST_STRINGS:
                raise _Unusable(f"has {size:,} bytes of texts, which are more than {MOST_STRINGS:,}")


def _records(sheet: _WorksheetLike, at: _ReadSoFar, hidden: set[int]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the rows that are not blank; the number of one that is hidden is in `hidden` by then."""
    sheet.reset_dimensions()  # some programs write wrong ones
    as_read: Any = sheet  # its public reader leaves out whether a row is hidden
    with as_read._get_source() as content:
        unseen = HiddenRows(content)
        for number, texts in _filled_rows(sheet, at):
            if unseen.has(number):
                hidden.add(number)
            yield number, texts


def _filled_rows(sheet: _WorksheetLike, at: _ReadSoFar) -> Iterator[tuple[int, Sequence[str]]]:
    last = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        at.cells += len(values)
        if at.cells > MOST_CELLS:
            raise _Unusable(f"has more than {MOST_CELLS:,} cells")
        filled = _without_empty_end(values)
        if len(filled) > MOST_COLUMNS:
            raise _Unusable(f"{len(filled):,} cells in a row are more than {MOST_COLUMNS:,}")
        texts = [_text(value) for value in filled]
        if any(map(str.strip, texts)):
            last = at.row = number
            yield number, texts
        elif number - last > MOST_BLANK_ROWS:
            raise _Unusable(f"more than {MOST_BLANK_ROWS:,} blank rows follow: delete them")


def _without_empty_end(cells: Sequence[object]) -> Sequence[object]:
    """Return the cells without empty ones at the end: a formatted but unfilled row has the full width of the sheet."""
    filled = len(cells)
    while filled and cells[filled - 1] in (None, ""):
        filled -= 1
    return cells[:filled]


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return _bounded(value)
        case bool():
            return str(value).lower()
        case int() | float():
            return _number(value)
        case datetime():
            return (value if value.time() != datetime.min.time() else value.date()).isoformat()
        case date():
            return value.isoformat()
        case ArrayFormula() | DataTableFormula():
            return "="
        case other:
            return str(other)


def _bounded(text: str) -> str:
    if len(text) > LONGEST_CELL:
        raise _Unusable(f"a cell has {len(text):,} characters, which are more than {LONGEST_CELL:,}")
    return text


def _number(value: float) -> str:
    if not isfinite(value) or abs(value) >= 10**_KEPT_DIGITS:
        return f"{min(value, _LARGEST_FLOAT):E}"
    if value == int(value):
        return str(int(value))
    written = repr(value)
    # Six decimals at least: 1.234 could be taken for a thousand.
    return written if "e" in written or len(written.partition(".")[2]) >= _DECIMALS else f"{value:.{_DECIMALS}f}"
