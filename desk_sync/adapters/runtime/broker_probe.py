"""Redis, the doorbell: whether somebody is there."""

from __future__ import annotations

from datetime import timedelta

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desk_sync.errors import ConfigurationError, TemporaryError


def greet(url: str, *, timeout: timedelta = timedelta(seconds=1)) -> str:
    """Which version answers. Raises TemporaryError if none does, ConfigurationError if `url` is none of a Redis."""
    seconds = timeout.total_seconds()
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
        )
    except ValueError:
        raise ConfigurationError("DESK_SYNC_REDIS_URL is not the URL of a Redis", hint="redis://host:6379/0") from None
    with client:
        try:
            facts = client.info("server")
        except redis.RedisError as error:
            raise TemporaryError(
                f"Redis does not answer: {type(error).__name__}", hint="check DESK_SYNC_REDIS_URL; nothing is lost"
            ) from None
    return f"{facts.get('server_name', 'redis')} {facts.get('valkey_version', facts.get('redis_version'))}"
