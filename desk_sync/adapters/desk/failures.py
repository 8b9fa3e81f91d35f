"""The error for each unsuccessful answer of Desk, as a table.

A message names status, error code, call and fields; never a value, and never Desk's own text, which may repeat one.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

from desk_sync.adapters.zoho.transport import read_object
from desk_sync.errors import (
    CredentialsRefused,
    DeskSyncError,
    FieldsRefused,
    Gone,
    NotPermitted,
    PermanentError,
    TemporaryError,
)


class BriefFailure(TemporaryError):
    """Likely to be over within seconds: a call that is safe to repeat may be retried at once."""


class ScopeMissing(NotPermitted):
    """The token or the portal's edition does not allow this kind of call: no evidence about other kinds."""


class Forbidden(NotPermitted):
    """Our agent lacks the permission for this one record: no evidence about the others."""


_EXHAUSTED = "THRESHOLD_EXCEEDED"

FAILURES: Mapping[tuple[int, str], type[DeskSyncError]] = {
    (400, "BAD_REQUEST"): PermanentError,
    (401, "INVALID_OAUTH"): CredentialsRefused,
    (401, "UNAUTHORIZED"): CredentialsRefused,
    (403, "SCOPE_MISMATCH"): ScopeMissing,
    (403, "OAUTH_ORG_MISMATCH"): NotPermitted,
    (403, "FORBIDDEN"): Forbidden,
    (403, "LICENSE_ACCESS_LIMITED"): ScopeMissing,
    (404, "URL_NOT_FOUND"): Gone,
    (405, "METHOD_NOT_ALLOWED"): PermanentError,
    (413, "RESOURCE_SIZE_EXCEEDED"): PermanentError,
    (415, "UNSUPPORTED_MEDIA_TYPE"): PermanentError,
    (422, "INVALID_DATA"): FieldsRefused,
    (422, "UNPROCESSABLE_ENTITY"): FieldsRefused,
    (422, "EMPTY_PAYLOAD"): PermanentError,
    (422, "DUPLICATE_CONTRACT"): PermanentError,
    (429, "TOO_MANY_REQUESTS"): BriefFailure,
    (429, _EXHAUSTED): TemporaryError,
    (500, "INTERNAL_SERVER_ERROR"): BriefFailure,
}
_BY_STATUS: Mapping[int, type[DeskSyncError]] = {
    401: CredentialsRefused,
    403: NotPermitted,
    404: Gone,
    408: TemporaryError,
    422: FieldsRefused,
    429: BriefFailure,
    500: BriefFailure,
    502: BriefFailure,
    503: BriefFailure,
    504: BriefFailure,
}
_OF_THE_PORTAL = frozenset({401, 408, 429})
_BY_CLASS: Mapping[int, type[DeskSyncError]] = {4: PermanentError}

_SOON = timedelta(seconds=30)
_CREDITS_GONE = timedelta(hours=1)
_PAUSE_AT_MOST = timedelta(seconds=90)
"""As long as the portal's own pauses: a ticket of a portal that is well again must not wait for longer."""
_CREDITS_AT_MOST = timedelta(days=1)
_PAUSES = {_EXHAUSTED: (_CREDITS_GONE, _CREDITS_AT_MOST)}
"""By error code: the time to wait where Desk gives none, and the longest one that it may give."""
_HINTS = {
    "SCOPE_MISMATCH": "connect the portal again, with the scopes that desk-sync requires",
    "OAUTH_ORG_MISMATCH": "check the portal's id: the token belongs to another one",
    "LICENSE_ACCESS_LIMITED": "the portal's edition does not include this call",
}


def failure(response: requests.Response, call: str, *, our_words: Mapping[str, str], now: datetime) -> DeskSyncError:
    """Return the error for an unsuccessful answer. `our_words` gives our word for a field by its API name."""
    answer = read_object(response) or {}
    code = str(answer.get("errorCode", ""))
    kind = _kind(response, code)
    summary = f"Desk answered {response.status_code}{_known(code)} to {call}"
    faults = list(_faults(answer.get("errors")))
    named = ", ".join(_described(name, fault, our_words) for name, fault in faults)
    message = f"{summary}: {named}" if named else summary
    if issubclass(kind, TemporaryError):
        return kind(message, retry_after=_retry_after(response, code, now))
    if kind is FieldsRefused:
        ours = {our_words[name]: fault for name, fault in faults if name in our_words}
        others = [_described(name, fault, our_words) for name, fault in faults if name not in our_words]
        return FieldsRefused(message, fields=ours, others=others)
    return kind(message, hint=_HINTS.get(code))


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalFailure:
    """An answer that speaks against the portal; `about` is the record if it may be the cause alone."""

    cause: str
    about: str | None = None


def portal_failure(response: requests.Response, call: str) -> PortalFailure | None:
    """Return the failure of the portal that the answer is; None for an answer that shows that Desk works.

    A maintenance page may have any status, 200 too. A refusal of permission, and a success without JSON, may concern
    this one record; a refused token, too many calls and the errors of a server concern all. A search is about no
    record: sweeps that fail alone, while no ticket is due, pause the portal too.
    """
    status = response.status_code
    if status >= 500 or status in _OF_THE_PORTAL or (status == 404 and call.endswith("/search")):
        return PortalFailure(cause=f"status {status}")
    if status == 403:
        return PortalFailure(cause="status 403", about=_record_of(call))
    if is_page(response):
        return PortalFailure(cause=f"a page with status {status}", about=_record_of(call))
    if 200 <= status < 300 and status != 204 and not _is_object(response):
        return PortalFailure(cause=f"status {status} without JSON", about=_record_of(call))
    return None


def is_doubtful(response: requests.Response, call: str) -> bool:
    """Return True if Desk answers that it has no such ticket: the ticket may be gone, its id invented, or Desk ill."""
    return response.status_code == 404 and re.fullmatch("[A-Z]+ /tickets/[^/]+", call) is not None


def exhausted(response: requests.Response, *, now: datetime) -> timedelta | None:
    """Return the time to wait if the answer reports that the day's credits are used up; otherwise None."""
    if response.status_code != 429:
        return None
    code = str((read_object(response) or {}).get("errorCode", ""))
    return _retry_after(response, code, now) if code == _EXHAUSTED else None


def _kind(response: requests.Response, code: str) -> type[DeskSyncError]:
    status = response.status_code
    by_status = _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, TemporaryError)
    if is_page(response) and status != 401 and not issubclass(by_status, TemporaryError):
        return TemporaryError  # the page of a gateway: no evidence about the ticket
    return FAILURES.get((status, code), by_status)


def is_page(response: requests.Response) -> bool:
    return response.content.lstrip()[:1] == b"<"


def _is_object(response: requests.Response) -> bool:
    return response.content.removeprefix(BOM_UTF8).lstrip()[:1] == b"{"


def _record_of(call: str) -> str | None:
    """Return the record of a call such as `GET /tickets/1/threads`: "tickets/1"; None for a search."""
    record = "/".join(call.partition(" ")[2].split("/")[1:3])
    return None if record.endswith("/search") else record


def _known(code: str) -> str:
    return f" {code}" if any(code == known for _, known in FAILURES) else ""


def _faults(errors: object) -> Iterator[tuple[str, str]]:
    """Yield Desk's name of each refused field, the last part of its pointer, and its fault."""
    for error in errors if isinstance(errors, list) else ():
        if not isinstance(error, dict):
            continue
        pointer = str(error.get("fieldName", ""))
        name = pointer.rsplit("/", 1)[-1]
        if re.fullmatch(r"[A-Za-z0-9_]{1,100}", name):
            yield name, _fault(error)


def _described(name: str, fault: str, our_words: Mapping[str, str]) -> str:
    """Return the fault of a field in words, with our word beside Desk's name."""
    return f"{our_words[name]} ({name}) is {fault}" if name in our_words else f"{name} is {fault}"


def _fault(error: Mapping[str, object]) -> str:
    kind = error.get("errorType")
    return str(kind) if kind in ("invalid", "duplicate", "missing") else "refused"


def _retry_after(response: requests.Response, code: str, now: datetime) -> timedelta:
    default, at_most = _PAUSES.get(code, (_SOON, _PAUSE_AT_MOST))
    requested = _parse_retry_after(response.headers.get("Retry-After", ""), now)
    return min(max(requested, timedelta(0)), at_most) if requested is not None else default


def _parse_retry_after(text: str, now: datetime) -> timedelta | None:
    """Return the time to wait: the header holds seconds or an instant (RFC 9110, 10.2.3)."""
    if re.fullmatch(r"[0-9]{1,9}", text.strip()):
        return timedelta(seconds=int(text))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at - now if at.tzinfo else at.replace(tzinfo=UTC) - now
