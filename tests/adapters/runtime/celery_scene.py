"""An application of Celery with the product's broker and settings, whose task marks its begin and end in a file.

While the file BREAK exists, the loop of the worker finds kombu's state as it can be after a lost connection.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import sleep

from celery import Celery
from kombu.transport.redis import MultiChannelPoller

from desk_sync.adapters.runtime.celery_broker import BrokerProtocol

app = Celery("scene", amqp=BrokerProtocol)
app.config_from_object("celery_config")
app.conf.update(imports=(), beat_schedule={"mark": {"task": "mark", "schedule": 0.5, "options": {"expires": 2}}})


@app.task(name="mark")
def mark() -> None:
    for line in ("begun\n", "ended\n"):
        with Path(os.environ["MARKS"]).open("a") as file:
            file.write(line)
        sleep(0.5)


def on_poll_start(poller: MultiChannelPoller) -> None:
    if Path(os.environ["BREAK"]).exists():
        raise AttributeError("'NoneType' object has no attribute 'fileno'")
    begin_poll(poller)


begin_poll, MultiChannelPoller.on_poll_start = MultiChannelPoller.on_poll_start, on_poll_start
