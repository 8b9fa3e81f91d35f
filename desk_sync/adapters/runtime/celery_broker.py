"""Celery's connection to Redis, in which a refusal counts as a loss of the connection (L2).

After a failover Redis answers READONLY or UNBLOCKED, without memory OOM, without a disk MISCONF. Celery takes such an
answer for an error of the program, which ends the worker. Here the connection is closed, which also leaves the server
that is no longer the primary, and is made again. Only a server that accepts writes counts as connected.

A message that cannot be read is dropped: a ring that is lost costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from queue import Empty
from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from desk_sync.adapters.runtime.broker_probe import PROBE_KEY, PROBE_LIFE
from desk_sync.adapters.runtime.worker_faults import GARBLED, survive

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=4)
"""The pause between two attempts of a worker or of beat to connect grows from the one to the other."""


MOST_WAITING = 500
"""The number of messages that wait in a queue at most, the newest: without a worker each beat would add to them."""


class RefusalQoS(kombu_redis.QoS):
    """The messages that a worker has and has not acknowledged; it takes no more than a number of them.

    One whose acknowledgement is refused would count for ever, and the worker would wait for ever. Here it counts no
    longer. Redis delivers it again later, expired or without effect.
    """

    def ack(self, delivery_tag: str) -> None:
        with self._settled(delivery_tag):
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        with self._settled(delivery_tag):
            super().reject(delivery_tag, requeue=requeue)

    def restore_by_tag(self, tag: str, client: Redis | None = None, leftmost: bool = False) -> None:
        try:
            super().restore_by_tag(tag, client=client, leftmost=leftmost)
        except (ValueError, TypeError) as error:
            self._remove_from_indices(tag).execute()
            survive(GARBLED, error)

    @contextmanager
    def _settled(self, delivery_tag: str) -> Iterator[None]:
        try:
            yield
        except RefusalTransport.connection_errors:
            virtual.QoS.ack(self, delivery_tag)
            raise


class RefusalChannel(kombu_redis.Channel):
    """A channel whose sockets are closed after a refusal: a new one may lead to another server."""

    QoS = RefusalQoS

    def _put(self, queue: str, message: Mapping[str, Any], **options: Any) -> None:
        """Add a message to its queue, and drop the oldest beyond `MOST_WAITING`: a ring that is lost costs nothing."""
        super()._put(queue, message, **options)
        key = self._q_for_pri(queue, self._get_message_priority(message, reverse=False))
        with self.conn_or_acquire() as client:
            client.ltrim(key, 0, MOST_WAITING - 1)

    def _brpop_read(self, **options: Any) -> bool | None:
        """Read a message and hand it on. One at which that fails is dropped, and never delivered again."""
        held = set(self.qos._delivered)
        try:
            return super()._brpop_read(**options)  # type: ignore[no-any-return]
        except (Empty, RedisError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - anything may be in the queue, and raise anywhere
            for tag in self.qos._delivered.keys() - held:
                self.qos.reject(tag)
            survive(GARBLED, error)
            return True

    @contextmanager
    def conn_or_acquire(self, client: Redis | None = None) -> Iterator[Redis]:
        # Not by the client's own `retry_on_error`: it would repeat a refused transaction without end.
        try:
            with super().conn_or_acquire(client) as acquired:
                yield acquired
        except ResponseError:
            self.pool.disconnect()
            raise


class RefusalTransport(kombu_redis.Transport):
    """Kombu's transport for Redis; errors that Redis answers are errors of the connection."""

    Channel = RefusalChannel
    connection_errors = (*kombu_redis.Transport.connection_errors, ResponseError)

    def establish_connection(self) -> Any:
        """Return a connection to a server that accepts writes. Raises ResponseError if it does not."""
        connection = super().establish_connection()
        try:
            with self._avail_channels[-1].conn_or_acquire() as client:
                client.set(PROBE_KEY, "1", px=PROBE_LIFE)
        except self.connection_errors:
            self.close_connection(connection)
            raise
        return connection


class BrokerConnection(Connection):
    """A connection that uses `RefusalTransport`, and whose attempts are at most `LONGEST_PAUSE` apart."""

    def get_transport_cls(self) -> type[RefusalTransport]:
        return RefusalTransport

    def ensure_connection(self, *args: Any, **options: Any) -> BrokerConnection:
        pauses = {
            "interval_start": FIRST_PAUSE.total_seconds(),
            "interval_step": FIRST_PAUSE.total_seconds(),
            "interval_max": LONGEST_PAUSE.total_seconds(),
        }
        super().ensure_connection(*args, **pauses | options)
        return self


class BrokerProtocol(AMQP):
    """Celery's messages, sent through a `BrokerConnection`."""

    Connection = BrokerConnection
