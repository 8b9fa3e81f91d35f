"""Log lines: an event name and its facts, to stderr; JSON in production. Ids, never addresses or texts of tickets."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

get_logger = structlog.get_logger
"""Return a logger; `get_logger().info("noun.past_participle", ticket_id=…)` writes a line."""

# These loggers print request headers, bodies or whole tokens at DEBUG.
SILENCED = ("requests_oauthlib", "oauthlib", "urllib3", "asyncio")


def configure(*, level: str = "INFO", form: Literal["json", "console"] = "json") -> None:
    """Send every log line of this process through one chain of processors. It may be called more than once."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
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


def _render(form: str) -> list[structlog.typing.Processor]:
    last: dict[str, list[structlog.typing.Processor]] = {
        "json": [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)],
        "console": [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())],
    }
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last[form]]
