"""The first visible sheet of an XLSX workbook as records, with every cell as text.

Whole numbers have no decimal part, days are written as 2026-11-20, truth values as true or false. A spreadsheet keeps
15 digits of a number: longer numbers are written in the rounded form (9.03E+16), which the readers of cells refuse.
They refuse formulas too, which are given as written, with "=" in front: the stored value can be old or missing.
A workbook is a ZIP archive, so a small file can unpack to any size: the limits below are checked first.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from io import SEEK_END
from math import isfinite
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from desk_sync.errors import Problem

LAST_ROW = 1_048_576
"""The last row of a sheet in every spreadsheet program."""
MOST_CELLS = 50_000_000
"""Cells of all rows, empty ones included."""
MOST_UNPACKED = 200
"""How many times larger than the file its content may be. XML of real tables is 10 to 40 times larger."""
_SMALL = 20_000_000
_KEPT_DIGITS = 15
_LARGEST_FLOAT = 10**308


class _TooLarge(Exception):
    """The workbook exceeds a limit; the message is for a person."""


def records(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield each row with its number; mistakes of the file as a whole are added to `problems`. Raises OSError."""
    number = 0
    try:
        with path.open("rb") as file:
            for number, cells in _records(_open(file)):
                yield number, cells
    except OSError:
        raise
    except _TooLarge as error:
        problems.append(Problem(message=str(error), line=number + 1, hint="divide the table, or save it as CSV, UTF-8"))
    except Exception as error:  # noqa: BLE001 - a broken workbook raises exceptions of many kinds
        message = f"is not a readable workbook ({type(error).__name__})"
        hint = "save the table as XLSX, or as CSV, UTF-8"
        problems.append(Problem(message=message, line=number + 1, hint=hint))


def _open(file: BinaryIO) -> Workbook:
    unpacked = sum(entry.file_size for entry in ZipFile(file).infolist())
    packed = file.seek(0, SEEK_END)
    if unpacked > max(_SMALL, MOST_UNPACKED * packed):
        raise _TooLarge(f"unpacks from {packed:,} bytes to {unpacked:,}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about missing styles
        return load_workbook(file, read_only=True)


def _records(workbook: Workbook) -> Iterator[tuple[int, Sequence[str]]]:
    sheet = next(each for each in workbook.worksheets if each.sheet_state == "visible")
    sheet.reset_dimensions()  # some programs write wrong ones
    cells = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True, max_row=LAST_ROW + 1), start=1):
        cells += len(values)
        if number > LAST_ROW:
            raise _TooLarge(f"has rows after row {LAST_ROW:,}")
        if cells > MOST_CELLS:
            raise _TooLarge(f"has more than {MOST_CELLS:,} cells")
        if any(value is not None for value in values):
            yield number, [_text(value) for value in _without_empty_end(values)]


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
            return value
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


def _number(value: float) -> str:
    if not isfinite(value) or abs(value) >= 10**_KEPT_DIGITS:
        return f"{min(value, _LARGEST_FLOAT):E}"
    # Six decimals: 1.234 could be taken for a thousand.
    return str(int(value)) if value == int(value) else f"{value:.6f}"
