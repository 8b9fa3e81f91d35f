"""Log lines: an event name and its facts, to stderr; JSON in production. Ids, never addresses or texts of tickets."""

from __future__ import annotations

import logging
import sys
from itertools import islice
from typing import Any, Literal

import structlog

get_logger = structlog.get_logger
"""Return a logger; `get_logger().info("noun.past_participle", ticket_id=…)` writes a line."""

# These loggers print request headers, bodies or whole tokens at DEBUG.
SILENCED = ("requests_oauthlib", "oauthlib", "urllib3", "asyncio")

# These loggers write lines about each ring, tens of thousands a day while nothing happens.
CHATTY = ("celery.app.trace", "celery.beat", "celery.worker.strategy")

LONGEST_TEXT = 1_000
"""Characters of one text in a log line: some name what others sent, such as the header of a token."""
LONGEST_TRACEBACK = 10_000
MOST_ITEMS = 100


def configure(*, level: str = "INFO", form: Literal["json", "console"] = "json") -> None:
    """Send every log line of this process through one chain of processors. It may be called more than once."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _bounded,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_render(form)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in SILENCED:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "DEBUG" else logging.WARNING)


def _render(form: str) -> list[structlog.typing.Processor]:
    last: dict[str, list[structlog.typing.Processor]] = {
        "json": [
            structlog.processors.format_exc_info,
            _end_of_traceback,
            structlog.processors.JSONRenderer(default=str),
        ],
        "console": [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())],
    }
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last[form]]


def _bounded(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Cut each fact of a line to its bound."""
    return {name: cut(value) for name, value in event.items()}


def cut(value: Any) -> Any:
    """Return the value with texts and lists in it cut to their bounds; other values as they are."""
    match value:
        case str() if len(value) > LONGEST_TEXT:
            return f"{value[:LONGEST_TEXT]}… ({len(value)} characters)"
        case list() | tuple() | set() | frozenset():
            kept = [cut(each) for each in islice(value, MOST_ITEMS)]
            return [*kept, f"… ({len(value)} items)"] if len(value) > MOST_ITEMS else kept
        case dict():
            return {cut(name): cut(each) for name, each in islice(value.items(), MOST_ITEMS)}
        case BaseException():
            return cut(repr(value))
        case _:
            return value


def _end_of_traceback(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Cut a traceback, which ends in the message of its error."""
    if len(event.get("exception", "")) > LONGEST_TRACEBACK:
        event["exception"] = f"{event['exception'][:LONGEST_TRACEBACK]}…"
    return event
