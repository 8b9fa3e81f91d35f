"""Imported first in the processes of a trial: moves their clock ahead of this machine's by the seconds in a file.

The product's clock is moved by those in a second file, too.

If DESK_SYNC_PUBLISH_TWICE is set, every message of Celery is published twice, so that every task is delivered twice.
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
HOST = AHEAD.with_name("host_clock")
ARGUMENTS = set(sys.orig_argv)


class MovedDatetime(datetime):
    """The class `datetime` for the modules that read the time from it."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(seconds=float(AHEAD.read_text()))


class HostDatetime(MovedDatetime):
    """The same for the product, whose host's clock may be apart from Desk's."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return MovedDatetime.now(tz) + timedelta(seconds=float(HOST.read_text()))


def modules_that_read_the_time() -> Iterator[tuple[ModuleType, type[datetime]]]:
    """The modules that read the time in this process, and their clock; none in a process that only becomes Celery."""
    if "simulator" in ARGUMENTS:
        from desk_sync.simulated_desk import server

        yield server, MovedDatetime
    elif not ("desk_sync.cli" in ARGUMENTS and ARGUMENTS & {"worker", "beat"}):
        from desk_sync.wiring import environment

        yield environment, HostDatetime


def publish_every_message_twice() -> None:
    """Publish every message twice."""
    from kombu import Producer

    publish = Producer.publish

    def publish_twice(self: Producer, *given: Any, **named: Any) -> Any:
        publish(self, *given, **named)
        return publish(self, *given, **named)

    Producer.publish = publish_twice


for module, its_clock in modules_that_read_the_time():
    module.datetime = its_clock  # type: ignore[attr-defined]
    if "DESK_SYNC_PUBLISH_TWICE" in os.environ:
        publish_every_message_twice()
