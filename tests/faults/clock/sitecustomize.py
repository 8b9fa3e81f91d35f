"""First of all in the processes of a trial: the clock that they read is ahead of this machine's by what a file says.

Where DESK_SYNC_TELL_TWICE is set, every message of Celery goes out twice, so that every task is delivered twice.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from types import ModuleType
from typing import Any

AHEAD = Path(os.environ["DESK_SYNC_CLOCK_AHEAD"])
ARGUMENTS = set(sys.orig_argv)


class Moved(datetime):
    """The class `datetime` for the modules that ask it for the time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(seconds=float(AHEAD.read_text()))


def who_asks() -> Iterator[ModuleType]:
    """The module that asks for the time in this process; none in one that only turns into Celery."""
    if "simulator" in ARGUMENTS:
        from desk_sync.simulated_desk import server

        yield server
    elif not ("desk_sync.cli" in ARGUMENTS and ARGUMENTS & {"worker", "beat"}):
        from desk_sync import wiring

        yield wiring


def tell_twice() -> None:
    """Have every message published twice."""
    from kombu import Producer

    publish = Producer.publish

    def publish_twice(self: Producer, *given: Any, **named: Any) -> Any:
        publish(self, *given, **named)
        return publish(self, *given, **named)

    Producer.publish = publish_twice


for module in who_asks():
    module.datetime = Moved  # type: ignore[attr-defined]
    if "DESK_SYNC_TELL_TWICE" in os.environ:
        tell_twice()
