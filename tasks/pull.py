"""Pulling the due sources of subscription data, and the rings for it.

A pull may take long, so it has a queue of its own: `desk-sync worker --queues desk_sync_pulls`.
"""

from __future__ import annotations

from desk_sync.wiring import opening
from desk_sync.wiring.process import DeskSync
from tasks import app


@app.task(name="desk_sync.pull")
def pull(*, source: str) -> None:
    """Pull the source, unless it is not due or another process is pulling it."""
    opening.run_task(f"pull {source}", lambda product: product.sources.pull(source).run_if_due())


@app.task(name="desk_sync.pull_due")
def pull_due() -> None:
    """Ring for every due source of the mapping, which beat does not read; not while a ring waits.

    Without a worker on the queue, one ring for each source would stay in Redis every minute. An import that died is
    finished here too, even if no source is pulled.
    """
    opening.run_task("finish imports", lambda product: product.sources.imports.go_on())
    opening.run_task("ring for pulls", _ring_for_due)


def _ring_for_due(product: DeskSync) -> None:
    for source in () if rings_waiting() else product.sources.due():
        pull.apply_async(kwargs={"source": source}, retry=False, expires=55)


def rings_waiting() -> int:
    """Return how many rings are in the queue of pulls, expired ones included: only a worker removes them."""
    with app.connection_for_write() as connection:
        queue = app.conf.task_routes[pull.name]["queue"]
        waiting: int = connection.default_channel.queue_declare(queue=queue).message_count
        return waiting
