"""The recorder of exchanges and the archive made of its files, without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from desk_sync.har import HarRecorder, archive

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class App:
    """Read the request, send the pieces of the response; with `breaks`, raise an error after them."""

    def __init__(self, *pieces: bytes, breaks: bool = False) -> None:
        self.pieces = pieces
        self.breaks = breaks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        if self.pieces:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        for piece in self.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if self.breaks:
            raise ConnectionResetError


def exchange(
    app: App, file: Path, *, path: str = "/hook", body: Iterable[bytes] = (b"",), at: datetime = START
) -> None:
    pieces = [{"type": "http.request", "body": each, "more_body": True} for each in body]
    pieces[-1]["more_body"] = False
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"a=1&b=",
        "headers": [(b"host", b"127.0.0.1:80"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 5000),
    }

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(_: Any) -> None:
        pass

    asyncio.run(HarRecorder(app, file, now=lambda: at, skip="/_")(scope, receive, send))


def test_a_body_in_pieces_is_recorded_whole(tmp_path: Path):
    exchange(App(b"to", b"ld"), tmp_path / "a", body=[b'{"a"', b": 1}"])
    (entry,) = archive(tmp_path / "a", creator_version="1")["log"]["entries"]

    assert entry["request"]["url"] == "http://127.0.0.1:80/hook?a=1&b="
    assert entry["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    assert entry["request"]["postData"]["text"] == '{"a": 1}'
    assert entry["request"]["bodySize"] == 8
    assert (entry["response"]["status"], entry["response"]["content"]["text"]) == (200, "told")
    assert entry["startedDateTime"] == "2026-11-23T09:30:00.000000Z"


@pytest.mark.parametrize(
    ("pieces", "status", "text"),
    [
        pytest.param([b"ha"], 200, "ha", id="as far as it got"),
        pytest.param([], 0, "", id="it never began"),
    ],
)
def test_an_answer_that_breaks_is_recorded_as_it_was(tmp_path: Path, pieces: list[bytes], status: int, text: str):
    with pytest.raises(ConnectionResetError):
        exchange(App(*pieces, breaks=True), tmp_path / "a")
    (entry,) = archive(tmp_path / "a", creator_version="1")["log"]["entries"]

    assert (entry["response"]["status"], entry["response"]["content"]["text"]) == (status, text)


def test_a_body_that_is_no_text_is_recorded_in_base64(tmp_path: Path):
    exchange(App(b"\xff\x00"), tmp_path / "a")
    (entry,) = archive(tmp_path / "a", creator_version="1")["log"]["entries"]

    assert (entry["response"]["content"]["text"], entry["response"]["content"]["encoding"]) == ("/wA=", "base64")


def test_paths_to_skip_are_not_recorded(tmp_path: Path):
    exchange(App(b"x"), tmp_path / "a", path="/_control")

    assert not (tmp_path / "a").exists()


def test_files_are_merged_in_the_order_of_time_and_absent_ones_are_empty(tmp_path: Path):
    exchange(App(b"second"), tmp_path / "a", at=START + timedelta(milliseconds=1))
    exchange(App(b"first"), tmp_path / "b")
    merged = archive(tmp_path / "a", tmp_path / "b", tmp_path / "c", creator_version="0.1.0")

    assert merged["log"]["version"] == "1.2"
    assert merged["log"]["creator"] == {"name": "desk-sync", "version": "0.1.0"}
    assert [each["response"]["content"]["text"] for each in merged["log"]["entries"]] == ["first", "second"]
    assert json.loads(json.dumps(merged)) == merged
