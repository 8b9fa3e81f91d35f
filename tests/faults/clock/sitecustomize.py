"""First of all in the processes of a trial: the clock that they read is ahead of this machine's by what a file says.

Where DESK_SYNC_TELL_TWICE is set, every message of Celery goes out twice, so that every task is delivered twice.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from kombu import Producer

from desk_sync import wiring
from desk_sync.simulator import server

AHEAD = Path(os.environ["DESK_SYNC_CLOCK_AHEAD"])


class Moved(datetime):
    """The class `datetime` for those two modules, the only ones that ask it for the time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(seconds=float(AHEAD.read_text()))


for module in (wiring, server):
    module.datetime = Moved  # type: ignore[attr-defined]

publish = Producer.publish


def publish_twice(self: Producer, *given: Any, **named: Any) -> Any:
    publish(self, *given, **named)
    return publish(self, *given, **named)


if "DESK_SYNC_TELL_TWICE" in os.environ:
    Producer.publish = publish_twice
