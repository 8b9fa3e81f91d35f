"""Entry points for the worker: ids in, one service called, nothing out.

Started by `celery -A tasks worker` and `celery -A tasks beat`.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import setup_logging

from desk_sync.wiring.broker import BrokerProtocol
from desk_sync.wiring.opening import configure_logs

app = Celery("desk_sync", amqp=BrokerProtocol)
app.config_from_object("celery_config")


@setup_logging.connect
def configure_celery_logs(**_: Any) -> None:
    """Send Celery's own log lines through our configuration."""
    configure_logs()
