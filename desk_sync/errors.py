"""What can go wrong, told apart by what the caller does next.

DeskSyncError
├── TemporaryError        worth another try, no sooner than `retry_after`
├── PermanentError        another try with the same values gives the same answer
│   ├── Gone              the ticket no longer exists, or we may not see it
│   ├── Absent            a source has nothing under this name
│   ├── NotPermitted      the token, the scope or the edition does not allow it
│   ├── FieldsDropped     Desk answered 200 and left out what was sent
│   ├── Refused           a channel does not take a notice: the next recipient is told
│   └── Shrunk            new subscription data that hold too little to be true
├── LeaseLost             another worker holds the ticket; nothing was recorded
├── BadToken              a delivery that Desk did not sign for us: 401
├── BadDelivery           a delivery that is not what Desk sends: 400
├── ConfigurationError    the environment is not fit to start with
└── InputError            a file that a person wrote; carries every mistake with its place
    └── MappingError      the mapping file
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from traceback import extract_tb


def where(error: BaseException) -> str:
    """Where an error was raised, for the log: its message and its frames may quote a ticket (L11)."""
    frames = extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"


class DeskSyncError(Exception):
    """Anything that desk-sync raises on purpose. `hint` says what a person can do."""

    hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class TemporaryError(DeskSyncError):
    """Worth another try, no sooner than `retry_after` from now."""

    def __init__(
        self, message: str, *, retry_after: timedelta = timedelta(seconds=30), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class PermanentError(DeskSyncError):
    """Another try with the same values gives the same answer."""


class Gone(PermanentError):
    """The ticket no longer exists, or the integration's agent may not see it."""


class Absent(PermanentError):
    """A source of subscription data has nothing under this name."""


class NotPermitted(PermanentError):
    """The token, its scope, its portal or the portal's edition does not allow the call."""


class FieldsDropped(PermanentError):
    """Desk took the write and left fields out: usually they are not on the ticket's layout."""

    def __init__(self, fields: Iterable[str]) -> None:
        self.fields = tuple(sorted(fields))
        super().__init__(
            f"Desk silently dropped {', '.join(self.fields)}",
            hint="add the field to the layout of the ticket's department, and give the agent access to it",
        )


class Refused(PermanentError):
    """A channel does not take a notice; the next recipient is told instead."""


class Shrunk(PermanentError):
    """A source said much less than the last time; what it said then stays."""


class LeaseLost(DeskSyncError):
    """Another worker holds the ticket now; nothing was recorded."""


class BadToken(DeskSyncError):
    """The delivery's token is missing, forged, expired, or meant for somebody else."""


class BadDelivery(DeskSyncError):
    """The delivery's body is not an array of events as Desk sends them."""


class ConfigurationError(DeskSyncError):
    """The environment is not fit to start with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a file: line and column count from 1, `where` is the path of the value.

    `file` is empty where only one file is spoken of, and named beside it.
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
    """A file that a person wrote is not usable; nothing of it was taken."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{problem}" if problem.file else f"{file}:{problem}" for problem in self.problems))


class MappingError(InputError):
    """The mapping file is not usable."""
