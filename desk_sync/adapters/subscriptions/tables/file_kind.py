"""Files that are no table, recognised by their content, each with the one hint that helps."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from desk_sync.adapters.subscriptions.tables.cells import shown
from desk_sync.errors import Problem

ZIP = b"PK\x03\x04"
_START = 4_096
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DIRECTORY = 1_000_000
"""Bytes of an old Office file in which the name of the encrypted part is searched for."""
_AS_XLSX = "save the table as XLSX, or as CSV, UTF-8"
_PACKED: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "XZ"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"PK\x05\x06", "empty ZIP"),
)
_DOCUMENTS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(rb"(?:<\?xml[^>]*>\s*)?(?:<!doctype\s+html|<html|<head|<body|<table)", re.IGNORECASE),
        "is a web page (HTML), not a table",
    ),
    (re.compile(rb"<\?xml|<!--|<workbook", re.IGNORECASE), "is XML, not a table"),
    (re.compile(rb"%PDF"), "is a PDF, not a table"),
    (re.compile(rb"\{\\rtf"), "is a text document (RTF), not a table"),
    (re.compile(rb"[\[{]\s*[\[{\"}\]]"), "is JSON, not a table"),
)
_HTML_HINT = "sign in, and download the export again; a table that was saved as HTML: save it as XLSX, or as CSV, UTF-8"
_LISTED = 3


def not_a_table(path: Path) -> Problem | None:
    """Return the reason why the file is neither a workbook nor a text with rows; None if it may be one of them.

    Raises OSError.
    """
    with path.open("rb") as file:
        start = file.read(_START)
        if start.startswith(_OLD_OFFICE):
            return _old_office(start + file.read(_DIRECTORY))
    if start.startswith(ZIP):
        return _archive(path)
    for magic, name in _PACKED:
        if start.startswith(magic):
            return Problem(message=f"is a packed file ({name})", hint="unpack it, and import the table in it")
    return _document(start)


def _old_office(content: bytes) -> Problem:
    if _ENCRYPTED in content:
        return Problem(message="is protected by a password", hint="save the workbook without a password")
    return Problem(message="is an old Excel workbook (XLS)", hint="save it as XLSX, or as CSV, UTF-8")


def _archive(path: Path) -> Problem | None:
    """Return the problem of a ZIP archive; None for a workbook, and for one that is damaged: its reader says so."""
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except (BadZipFile, ValueError, NotImplementedError):
        return None
    if "xl/workbook.xml" in names or any(name.startswith("xl/worksheets/") for name in names):
        return None
    if "xl/workbook.bin" in names:
        return Problem(message="is a binary workbook (XLSB)", hint=_AS_XLSX)
    if "content.xml" in names:
        return Problem(message="is an OpenDocument file (ODS)", hint=_AS_XLSX)
    if any(name.endswith(".iwa") for name in names):
        return Problem(message="is an Apple Numbers file", hint=_AS_XLSX)
    listed = ", ".join(map(shown, names[:_LISTED])) + (", …" if len(names) > _LISTED else "")
    message = f"is a ZIP archive of {listed}" if names else "is an empty ZIP archive"
    return Problem(message=message, hint="unpack it, and import the table in it")


def _document(start: bytes) -> Problem | None:
    text = start.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    for pattern, message in _DOCUMENTS:
        if pattern.match(text.lstrip()):
            return Problem(message=message, hint=_HTML_HINT if "HTML" in message else _AS_XLSX)
    return None
