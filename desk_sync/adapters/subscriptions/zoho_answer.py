"""What an answer of Zoho's APIs means: the JSON of a success, or the error that it stands for.

The API's own code, in the body, is more exact than the HTTP status, and is shown with its message. Limits have codes of
their own: 43 and 44 too many calls in a minute, 45 in a day, 1070 at the same time; 57 is a missing permission.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import requests

from desk_sync.adapters.zoho.json_reader import NotJson, read_json
from desk_sync.errors import Absent, AllowanceSpent, NotPermitted, PermanentError, TemporaryError

LONGEST_PAUSE = timedelta(minutes=1)
"""A longer pause is not slept through: the pull ends, and goes on afterwards."""
PAUSE = timedelta(seconds=5)
_LONGEST_OF_ALL = timedelta(days=366)
_LONGEST_MESSAGE = 200
_ADDRESS = re.compile(r"(?<![^\s@])[^\s@]+@[^\s@]+")
_TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
_SCOPES = "give the source's credentials the scopes that it needs"


class RecordFault(TemporaryError):
    """The API answers that it fails at this one request: status 500 with a code of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """The JSON of a success, and its headers, with case-insensitive names."""

    body: Any
    headers: Mapping[str, str]


def read_answer(response: requests.Response, path: str, now: datetime) -> ApiAnswer:
    """Return the answer of a success. Raises TemporaryError, PermanentError or NotPermitted."""
    body = _body(response)
    code = _code(body)
    status = f"{response.status_code} to {path}{_own_words(body, code)}"
    if meaning := _OWN_CODES.get(code):
        raise meaning(status, response, now)
    if response.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise NotPermitted(status, hint=_SCOPES)
    if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR and code:
        raise RecordFault(status, retry_after=_pause(response, now, PAUSE))
    if response.status_code in _TEMPORARY:
        raise _after_pause(PAUSE)(status, response, now)
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise Absent(status)
    if not 200 <= response.status_code < 300:
        raise PermanentError(status)
    if body is _NO_JSON:
        raise TemporaryError(f"{status}, and the body is not JSON")
    return ApiAnswer(body=body, headers=response.headers)


def own_words(body: object) -> str:
    """Return the code and the message of a body, for an error's text; no address is shown (L11)."""
    return _own_words(body, _code(body))


_NO_JSON = object()
_Meaning = Callable[[str, requests.Response, datetime], Exception]


def _body(response: requests.Response) -> object:
    try:
        return read_json(response.content)
    except NotJson:
        return _NO_JSON


def _code(body: object) -> str:
    """Return the API's own code, "" for a success or if there is none."""
    code = body.get("code") if isinstance(body, dict) else None
    return "" if code is None or isinstance(code, (dict, list)) or str(code) == "0" else str(code)


def _own_words(body: object, code: str) -> str:
    message = body.get("message") if isinstance(body, dict) else None
    words = _ADDRESS.sub("(an address)", message)[:_LONGEST_MESSAGE] if isinstance(message, str) else ""
    return f": code {code[:20]}, {words or 'no message'}" if code else ""


def _after_pause(usual: timedelta) -> _Meaning:
    """Return the error for a call that may be repeated after the pause that the server asks for, or the usual one."""

    def error(status: str, response: requests.Response, now: datetime) -> Exception:
        pause = _pause(response, now, usual)
        kind = TemporaryError if pause <= LONGEST_PAUSE else AllowanceSpent
        return kind(status, retry_after=pause)

    return error


def _forbidden(status: str, _: requests.Response, __: datetime) -> Exception:
    return NotPermitted(status, hint=_SCOPES)


_OWN_CODES: Mapping[str, _Meaning] = {
    "43": _after_pause(timedelta(minutes=1)),
    "44": _after_pause(timedelta(minutes=1)),
    "45": _after_pause(timedelta(hours=1)),
    "1070": _after_pause(PAUSE),
    "57": _forbidden,
}


def _pause(response: requests.Response, now: datetime, usual: timedelta) -> timedelta:
    """Return the pause of a Retry-After, in seconds or as a date of the server's clock; the usual one without it."""
    written = response.headers.get("Retry-After", "").strip()
    if written.isascii() and written.isdigit():
        return timedelta(seconds=min(int(written[:12]), _LONGEST_OF_ALL.total_seconds()))
    at = _date(written)
    if at is None:
        return usual
    pause = at - (_date(response.headers.get("Date", "")) or now)
    return min(max(pause, timedelta(seconds=1)), _LONGEST_OF_ALL)


def _date(written: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
