"""A file as a source: one that is being written waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from desk_sync.adapters.subscriptions import account_file
from desk_sync.adapters.subscriptions.account_file import FileSource
from desk_sync.errors import TemporaryError
from tests.adapters.subscriptions.test_account_file import table
from tests.support.fake_checkpoints import FakeCheckpoints


@pytest.mark.parametrize(
    ("end", "age", "waits"),
    [
        pytest.param("\n", 1, False, id="its last line has ended"),
        pytest.param("", 1, True, id="its last line has no end, and it is new"),
        pytest.param("", 61, False, id="its last line has no end, for a minute"),
    ],
)
def test_a_file_whose_end_is_missing_waits_for_a_minute(tmp_path, end, age, waits):
    path = tmp_path / "export.csv"
    path.write_text(table({}).rstrip() + end)
    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    source = FileSource(path, lambda: written_at + timedelta(seconds=age))

    if waits:
        with pytest.raises(TemporaryError, match="is being written"):
            source.pull(FakeCheckpoints())
    else:
        assert source.pull(FakeCheckpoints()).accounts


def test_a_file_that_changes_while_it_is_read_waits(tmp_path, monkeypatch):
    path = tmp_path / "export.csv"
    path.write_text(table({}))
    read = account_file.read_accounts

    def append(*paths):
        found = read(*paths)
        path.write_text(path.read_text() + "\n")
        return found

    monkeypatch.setattr(account_file, "read_accounts", append)

    with pytest.raises(TemporaryError, match="is being written"):
        FileSource(path).pull(FakeCheckpoints())
