"""Log lines: whatever a line is given to name, by us or by a library, it stays short."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from desk_sync import logs

LONG = "x" * 1_000_000
LONGEST_LINE = 20_000


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Log as in production, but into a text; and as before at the end."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    text = io.StringIO()
    handler.setStream(text)
    yield text
    root.handlers[:] = before
    root.setLevel(level)


def line(written: io.StringIO) -> str:
    (only,) = written.getvalue().splitlines()
    json.loads(only)
    return only


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"cause": LONG}, id="a text"),
        pytest.param({"fields": [LONG, LONG]}, id="texts in a list"),
        pytest.param({"numbers": list(range(100_000))}, id="a long list"),
        pytest.param({"faults": {LONG: {LONG: LONG}}}, id="texts in facts within facts"),
        pytest.param({"error": ValueError(LONG)}, id="an object whose text is long"),
    ],
)
def test_a_line_of_ours_is_cut(written, facts):
    logs.get_logger().warning("something.happened", **facts)

    assert len(line(written)) < LONGEST_LINE


def test_a_line_of_a_library_is_cut(written):
    """Celery logs the whole body of a message that it does not know."""
    logging.getLogger("celery").error("received %s", LONG)

    assert len(line(written)) < LONGEST_LINE


def test_the_traceback_of_an_error_with_a_long_message_is_cut(written):
    try:
        raise ValueError(LONG)
    except ValueError:
        logging.getLogger("library").exception("it failed")

    assert "Traceback" in line(written)
    assert len(line(written)) < LONGEST_LINE


def test_a_short_line_is_as_it_was_given(written):
    logs.get_logger().info("ticket.reconciled", ticket_id="7", written=["severity"], licences=88, error=None)

    facts = json.loads(line(written))
    given = {"event": "ticket.reconciled", "ticket_id": "7", "written": ["severity"], "licences": 88, "error": None}
    assert facts.items() >= given.items()


@pytest.mark.parametrize("name", logs.CHATTY)
@pytest.mark.parametrize(
    ("level", "lines"),
    [pytest.param("INFO", 1, id="in production its warnings"), pytest.param("DEBUG", 2, id="in a search for a fault")],
)
def test_celery_writes_no_line_about_each_ring(written, name, level, lines):
    root = logging.getLogger()
    logs.configure(level=level)
    root.handlers[0].setStream(written)

    logging.getLogger(name).info("Task desk_sync.ring received")
    logging.getLogger(name).warning("Task desk_sync.ring failed")

    assert len(written.getvalue().splitlines()) == lines
