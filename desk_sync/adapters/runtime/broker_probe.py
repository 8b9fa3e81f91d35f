"""A check that Redis, the doorbell, answers."""

from __future__ import annotations

from datetime import timedelta

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desk_sync.errors import ConfigurationError, TemporaryError


def greet(url: str, *, timeout: timedelta = timedelta(seconds=1)) -> str:
    """Return the server's name and version. Raises TemporaryError if it is down, ConfigurationError for a bad `url`."""
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
        except redis.RedisError as error:
            raise TemporaryError(
                f"Redis does not answer: {type(error).__name__}", hint="check DESK_SYNC_REDIS_URL; nothing is lost"
            ) from None
    return f"{facts.get('server_name', 'redis')} {facts.get('valkey_version', facts.get('redis_version'))}"
