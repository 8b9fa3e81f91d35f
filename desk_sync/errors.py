"""The errors of desk-sync, one class for each reaction of the caller.

DeskSyncError
├── TemporaryError        may be repeated, no sooner than `retry_after`
│   ├── NotSent           the call was not made at all
│   ├── PartMissing       the ticket was read, and not all that a look needs beside it
│   └── AllowanceSpent    a source may not be called before a certain instant
├── PermanentError        a repeat with the same values gives the same result
│   ├── Gone              the ticket no longer exists, or is not visible to us
│   ├── Absent            a source has nothing under this name
│   ├── Unreadable        Desk answers, but what it answers for this one record cannot be used
│   ├── NotPermitted      the token, the scope or the edition does not allow the call
│   │   ├── CredentialsRefused  Zoho accepts neither our credentials nor our token
│   │   └── WriteForbidden    it may read the ticket and not write these fields
│   ├── FieldsRefused     Desk refused a write because of single fields
│   ├── Refused           a channel does not accept a notice: it goes to the next recipient
│   └── Shrunk            new subscription data are much smaller than the last ones
├── LeaseLost             another worker holds the ticket; nothing was recorded
├── TurnLost              another process pulls the source; nothing was recorded
├── BadToken              a delivery whose token Desk did not sign for us: 401
├── BadDelivery           a delivery whose body is not an array of events: 400
├── ConfigurationError    a setting is missing or wrong
└── InputError            a file written by a person; holds every mistake with its place
    └── MappingError      the mapping file
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from traceback import extract_tb
from types import MappingProxyType


def where(error: BaseException) -> str:
    """Return the file and line of an error, for the log: its message and its frames may quote a ticket (L11)."""
    frames = extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"


def describe(error: Exception) -> str:
    """Return an error in words that quote no ticket (L11): the message of one of ours, type and place of any other."""
    return str(error) if isinstance(error, DeskSyncError) else f"{type(error).__name__} in {where(error)}"


class DeskSyncError(Exception):
    """The base of all errors that desk-sync raises itself. `hint` is the next step for a person."""

    hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class TemporaryError(DeskSyncError):
    """The operation can be repeated, no sooner than `retry_after` from now."""

    def __init__(
        self, message: str, *, retry_after: timedelta = timedelta(seconds=30), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class NotSent(TemporaryError):
    """The call was not made: its turn, the portal's pause, an access token or Redis did not allow it yet."""


class PartMissing(TemporaryError):
    """Desk answered for the ticket itself, and not for another part of what a look needs."""


class AllowanceSpent(TemporaryError):
    """The calls that a source allows are used up. A pull goes on after `retry_after`: this is no failure."""


class PermanentError(DeskSyncError):
    """A repeat with the same values gives the same result."""


class Gone(PermanentError):
    """The ticket no longer exists, or is not visible to the integration's agent."""


class Unreadable(PermanentError):
    """Desk answers, but what it answers for this one record cannot be used: refused, not JSON, or too large."""


class Absent(PermanentError):
    """A source of subscription data has nothing under this name."""


class NotPermitted(PermanentError):
    """The token, its scope, its portal or the portal's edition does not allow the call."""


class WriteForbidden(NotPermitted):
    """Desk does not permit our agent to write these fields, or to write to this ticket; nothing was written."""


class FieldsRefused(PermanentError):
    """Desk refused a write because of single fields; nothing was written.

    `fields` are the faults of our fields, by our words: invalid, duplicate, missing or refused. `others` are the faults
    that it found in fields with no word of ours. Both are empty if it named no field.
    """

    def __init__(
        self,
        message: str,
        *,
        fields: Mapping[str, str] = MappingProxyType({}),
        others: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.fields = fields
        self.others = others


class CredentialsRefused(NotPermitted):
    """Zoho accepts neither our credentials nor our token. This is no evidence about the record of the call."""


class Refused(PermanentError):
    """A channel does not accept a notice; it goes to the next recipient instead."""


class Shrunk(PermanentError):
    """A source returned much less than the last time; the last data stay in use."""


class LeaseLost(DeskSyncError):
    """Another worker holds the ticket now; nothing was recorded."""


class TurnLost(DeskSyncError):
    """Another process has the turn to pull the source now; nothing was recorded."""


class DeliveryFault(StrEnum):
    """Why a delivery was refused."""

    UNSIGNED = "no token"
    FORGED = "bad token"
    UNKNOWN_KEY = "unknown key"
    WRONG_ORGANISATION = "wrong organisation"
    WRONG_WEBHOOK = "wrong webhook"
    EXPIRED = "expired token"
    EARLY = "token of the future"
    NOT_JSON = "not JSON"
    BAD_EVENTS = "unreadable events"
    OTHER_PORTAL = "another portal's events"
    TOO_LARGE = "too large"
    TOO_SLOW = "too slow"
    UNAVAILABLE = "not available"


class BadToken(DeskSyncError):
    """The delivery's token is missing, forged, expired, or issued for another portal or webhook."""

    def __init__(self, message: str, *, fault: DeliveryFault = DeliveryFault.FORGED) -> None:
        super().__init__(message)
        self.fault = fault


class BadDelivery(DeskSyncError):
    """The delivery's body is not an array of events as Desk sends them."""

    def __init__(self, message: str, *, fault: DeliveryFault = DeliveryFault.BAD_EVENTS) -> None:
        super().__init__(message)
        self.fault = fault


class ConfigurationError(DeskSyncError):
    """A setting is missing or wrong, so the process cannot start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a file: line and column count from 1, `where` is the path of the value.

    `file` is empty if the caller names the file itself.
    """

    message: str
    where: str = ""
    line: int = 1
    column: int = 1
    hint: str | None = None
    file: str = ""

    def __str__(self) -> str:
        file = f"{self.file}:" if self.file else ""
        where = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{file}{self.line}:{self.column}: {where}{self.message}{hint}"


class InputError(DeskSyncError):
    """A file written by a person has mistakes; nothing of it was used."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{problem}" if problem.file else f"{file}:{problem}" for problem in self.problems))


class MappingError(InputError):
    """The mapping file has mistakes."""
