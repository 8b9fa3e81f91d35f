"""Files that are no table: each has the one hint that helps."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.errors import InputError
from tests.adapters.subscriptions.test_account_file import table


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name in names:
            packed.writestr(name, table({}))
    return content.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        pytest.param(archive("export.csv"), 'is a ZIP archive of "export.csv"', "unpack it", id="a packed CSV"),
        pytest.param(archive("a", "b", "c", "d"), '"a", "b", "c", …', "unpack it", id="many files"),
        pytest.param(archive("admin@one.example.csv"), "of an e-mail address", "unpack it", id="an address as a name"),
        pytest.param(archive(), "is a packed file (empty ZIP)", "unpack it", id="an empty archive"),
        pytest.param(archive("xl/workbook.bin"), "is a binary workbook (XLSB)", "as XLSX", id="XLSB"),
        pytest.param(archive("mimetype", "content.xml"), "is an OpenDocument file (ODS)", "as XLSX", id="ODS"),
        pytest.param(archive("Index/Document.iwa"), "is an Apple Numbers file", "as XLSX", id="Numbers"),
        pytest.param(gzip.compress(table({}).encode()), "is a packed file (gzip)", "unpack it", id="gzip"),
        pytest.param(OLE, "is an old Excel workbook (XLS)", "save it as XLSX", id="XLS"),
        pytest.param(
            OLE + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
            "without a password",
            id="encrypted",
        ),
        pytest.param(b"\xef\xbb\xbf\r\n<!DOCTYPE HTML>", "is a web page (HTML)", "sign in", id="a web page"),
        pytest.param(b"<?xml version='1.0'?>\n<html>", "is a web page (HTML)", "sign in", id="XHTML"),
        pytest.param(b"<table><tr><td>x", "is a web page (HTML)", "as XLSX", id="a table in HTML"),
        pytest.param("<html>".encode("utf-16"), "is a web page (HTML)", "sign in", id="a web page in UTF-16"),
        pytest.param(b"<?xml version='1.0'?><Workbook>", "is XML", "as XLSX", id="an XML spreadsheet"),
        pytest.param(b"%PDF-1.7", "is a PDF", "as XLSX", id="PDF"),
        pytest.param(b"{\\rtf1", "is a text document (RTF)", "as XLSX", id="RTF"),
        pytest.param(b'{"code": 0}', "is JSON", "as XLSX", id="an answer of an API"),
        pytest.param(b'[\n {"a": 1}]', "is JSON", "as XLSX", id="a list"),
    ],
)
def test_a_file_that_is_no_table_is_named_in_one_line(tmp_path, content, message, hint):
    file = tmp_path / "accounts.csv"
    file.write_bytes(content)

    with pytest.raises(InputError) as refused:
        read_accounts(file)

    (problem,) = refused.value.problems
    assert message in problem.message
    assert hint in problem.hint


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_accounts(tmp_path)
