"""A check that Redis, the doorbell, answers and accepts writes."""

from __future__ import annotations

from datetime import timedelta

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desk_sync.errors import ConfigurationError, TemporaryError

PROBE_KEY = "desk_sync:accepts_writes"
PROBE_LIFE = timedelta(seconds=10)


def greet(url: str, *, timeout: timedelta = timedelta(seconds=1)) -> str:
    """Return the server's name and version.

    Raises TemporaryError if it is down or refuses to write, ConfigurationError for a bad `url`.
    """
    seconds = timeout.total_seconds()
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
        )
    except ValueError:
        raise ConfigurationError("DESK_SYNC_REDIS_URL is not a Redis URL", hint="redis://host:6379/0") from None
    with client:
        try:
            facts = client.info("server")
            client.set(PROBE_KEY, "1", px=PROBE_LIFE)
        except redis.ResponseError as error:
            raise TemporaryError(
                f"Redis refuses to write: {error}", hint="a replica, or out of memory or disk; nothing is lost"
            ) from None
        except redis.RedisError as error:
            raise TemporaryError(
                f"Redis does not answer: {type(error).__name__}", hint="check DESK_SYNC_REDIS_URL; nothing is lost"
            ) from None
    return f"{facts.get('server_name', 'redis')} {facts.get('valkey_version', facts.get('redis_version'))}"
