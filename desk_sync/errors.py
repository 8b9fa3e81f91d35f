"""The errors of desk-sync, one class for each reaction of the caller.

DeskSyncError
├── TemporaryError        may be repeated, no sooner than `retry_after`
├── PermanentError        a repeat with the same values gives the same result
│   ├── Gone              the ticket no longer exists, or is not visible to us
│   ├── Absent            a source has nothing under this name
│   ├── NotPermitted      the token, the scope or the edition does not allow the call
│   ├── FieldsDropped     Desk answered 200 and ignored some fields
│   ├── Refused           a channel does not accept a notice: it goes to the next recipient
│   └── Shrunk            new subscription data are much smaller than the last ones
├── LeaseLost             another worker holds the ticket; nothing was recorded
├── BadToken              a delivery whose token Desk did not sign for us: 401
├── BadDelivery           a delivery whose body is not an array of events: 400
├── ConfigurationError    a setting is missing or wrong
└── InputError            a file written by a person; holds every mistake with its place
    └── MappingError      the mapping file
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from traceback import extract_tb


def where(error: BaseException) -> str:
    """Return the file and line of an error, for the log: its message and its frames may quote a ticket (L11)."""
    frames = extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"


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


class PermanentError(DeskSyncError):
    """A repeat with the same values gives the same result."""


class Gone(PermanentError):
    """The ticket no longer exists, or is not visible to the integration's agent."""


class Absent(PermanentError):
    """A source of subscription data has nothing under this name."""


class NotPermitted(PermanentError):
    """The token, its scope, its portal or the portal's edition does not allow the call."""


class FieldsDropped(PermanentError):
    """Desk accepted the write but ignored fields: usually they are not on the ticket's layout."""

    def __init__(self, fields: Iterable[str]) -> None:
        self.fields = tuple(sorted(fields))
        super().__init__(
            f"Desk silently dropped {', '.join(self.fields)}",
            hint="add the field to the layout of the ticket's department, and give the agent access to it",
        )


class Refused(PermanentError):
    """A channel does not accept a notice; it goes to the next recipient instead."""


class Shrunk(PermanentError):
    """A source returned much less than the last time; the last data stay in use."""


class LeaseLost(DeskSyncError):
    """Another worker holds the ticket now; nothing was recorded."""


class BadToken(DeskSyncError):
    """The delivery's token is missing, forged, expired, or issued for another portal or webhook."""


class BadDelivery(DeskSyncError):
    """The delivery's body is not an array of events as Desk sends them."""


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
