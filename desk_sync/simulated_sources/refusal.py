"""Refusals of the simulated sources: a status, Zoho's numeric code and text, and the time after which to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class SourceRefusal(Exception):
    """An answer that is no success. `page` is one that a proxy sends instead of the API."""

    status: int
    code: int
    text: str
    retry_after: timedelta | None = None
    page: bool = False


def minute_used_up(retry_after: timedelta) -> SourceRefusal:
    return SourceRefusal(429, 44, "This organization is blocked: too many requests in one minute.", retry_after)


def day_used_up(per_day: int, retry_after: timedelta) -> SourceRefusal:
    return SourceRefusal(429, 45, f"This organization has used up its {per_day} calls of the day.", retry_after)


def blocked(retry_after: timedelta) -> SourceRefusal:
    return SourceRefusal(429, 43, "You are blocked for some time: too many requests.", retry_after)


def too_many_at_once() -> SourceRefusal:
    return SourceRefusal(429, 1070, "Too many requests are in process. Try again after some time.")


def unauthorized() -> SourceRefusal:
    return SourceRefusal(401, 57, "You are not authorized to perform this operation")


def out_of_scope() -> SourceRefusal:
    return SourceRefusal(403, 57, "You are not authorized to perform this operation")


def broken() -> SourceRefusal:
    return SourceRefusal(500, 1000, "Internal error")


def not_there(thing: str) -> SourceRefusal:
    return SourceRefusal(404, 1002, f"{thing} does not exist.")


def no_such_url() -> SourceRefusal:
    return SourceRefusal(404, 5, "Invalid URL passed")


def wrong_value(name: str) -> SourceRefusal:
    return SourceRefusal(400, 4, f"Invalid value passed for {name}")


def not_allowed() -> SourceRefusal:
    return SourceRefusal(405, 6, "This API does not take the method")


def out_of_order() -> SourceRefusal:
    """Return the page of a proxy before an API that is down."""
    return SourceRefusal(503, 0, "We are back soon", page=True)
