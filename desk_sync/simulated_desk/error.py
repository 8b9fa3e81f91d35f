"""Errors of the simulated Desk: a status, an error code, and for INVALID_DATA every wrong field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

STATUS = {
    "BAD_REQUEST": 400,
    "INVALID_OAUTH": 401,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "SCOPE_MISMATCH": 403,
    "OAUTH_ORG_MISMATCH": 403,
    "LICENSE_ACCESS_LIMITED": 403,
    "URL_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "RESOURCE_SIZE_EXCEEDED": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "INVALID_DATA": 422,
    "EMPTY_PAYLOAD": 422,
    "UNPROCESSABLE_ENTITY": 422,
    "TOO_MANY_REQUESTS": 429,
    "THRESHOLD_EXCEEDED": 429,
    "INTERNAL_SERVER_ERROR": 500,
}


@dataclass(frozen=True, slots=True)
class WrongField:
    """One field that Desk rejects; `field` is a JSON pointer into the body, or `/` and a query parameter."""

    field: str
    message: str
    type: Literal["invalid", "duplicate", "missing"] = "invalid"


class RestError(Exception):
    """An error response of Desk."""

    def __init__(self, code: str, message: str, wrong: Iterable[WrongField] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.status = STATUS[code]
        self.message = message
        self.wrong = tuple(wrong)

    def body(self) -> dict[str, object]:
        errors = [
            {"fieldName": each.field, "errorType": each.type, "errorMessage": each.message} for each in self.wrong
        ]
        return {"errorCode": self.code, "message": self.message} | ({"errors": errors} if errors else {})


def invalid(*wrong: WrongField) -> RestError:
    return RestError("INVALID_DATA", "The data does not comply to the validation restrictions defined.", wrong)


def forbidden() -> RestError:
    """Return the refusal of a resource for which the user of the token has no permission."""
    return RestError("FORBIDDEN", "You are not authorized to access this resource.")


def not_found() -> RestError:
    return RestError("URL_NOT_FOUND", "The URL you've accessed does not exist or has been removed.")
