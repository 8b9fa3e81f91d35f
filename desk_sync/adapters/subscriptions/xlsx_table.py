"""The first visible sheet of an XLSX workbook as records, with every cell as text.

Whole numbers have no decimal part, days are written as 2026-11-20, truth values as true or false. A spreadsheet keeps
15 digits of a number: longer numbers are written in the rounded form (9.03E+16), which the readers of cells refuse.
They refuse formulas too, which are given as written, with "=" in front: the stored value can be old or missing.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from desk_sync.errors import Problem

_KEPT_DIGITS = 15


def records(path: Path, problems: list[Problem]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield each row with its number; mistakes of the file as a whole are added to `problems`. Raises OSError."""
    try:
        with path.open("rb") as file:
            yield from _records(_open(file))
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a broken workbook raises exceptions of many kinds
        message = f"is not a readable workbook ({type(error).__name__})"
        problems.append(Problem(message=message, hint="save the table as XLSX, or as CSV, UTF-8"))


def _open(file: BinaryIO) -> Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about missing styles
        return load_workbook(file, read_only=True)


def _records(workbook: Workbook) -> Iterator[tuple[int, Sequence[str]]]:
    sheet = next(each for each in workbook.worksheets if each.sheet_state == "visible")
    sheet.reset_dimensions()  # some programs write wrong ones
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        if any(value is not None for value in values):
            yield number, _without_empty_end([_text(value) for value in values])


def _without_empty_end(cells: list[str]) -> list[str]:
    """Return the cells without empty ones at the end: a formatted but unfilled row has the full width of the sheet."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


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
    if abs(value) >= 10**_KEPT_DIGITS:
        return f"{value:E}"
    # Six decimals: 1.234 could be taken for a thousand.
    return str(int(value)) if value == int(value) else f"{value:.6f}"
