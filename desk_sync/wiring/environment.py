"""The environment of a process: time, threads, and the transports to other machines.

It is a value, so that a simulation can run the same product in virtual time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

from requests.adapters import BaseAdapter
from tenacity import nap

from desk_sync import settings
from desk_sync.adapters.desk.calls import JITTER
from desk_sync.adapters.desk.limits.budget import InFlight
from desk_sync.adapters.desk.limits.slots import RedisSlots, connect
from desk_sync.ports.notices import Notifier
from desk_sync.ports.now import Now
from desk_sync.services.drain import look_threads
from desk_sync.settings import Settings


def utc_now() -> datetime:
    """Return the present instant; the only place that reads the clock."""
    return datetime.now(UTC)


def slots_in_redis(ours: Settings, portal: str) -> InFlight:
    """Return the portal's slots for calls in flight, which all processes share."""
    return RedisSlots(connect(ours.redis_url.get_secret_value()), portal, limit=ours.concurrency)


def by_mail_and_chat() -> Notifier:
    """Return the notifier that sends to the addresses that the environment variables name."""
    from desk_sync.adapters.runtime.apprise_notifier import AppriseNotifier  # it takes half a second to import

    return AppriseNotifier(find=settings.notice_url)


def random_token() -> str:
    """Return six random hexadecimal digits."""
    return token_hex(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Time, threads and transports of one process.

    `jitter` is the longest extra pause before the client repeats a call, in seconds. `transport` carries the requests
    to Desk; None is for sockets. `token` returns six random hexadecimal digits.
    """

    now: Now = utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = nap.sleep
    jitter: float = JITTER
    transport: BaseAdapter | None = None
    slots: Callable[[Settings, str], InFlight] = slots_in_redis
    pool: Callable[[int], Executor] = look_threads
    notifier: Callable[[], Notifier] = by_mail_and_chat
    token: Callable[[], str] = random_token
