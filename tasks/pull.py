"""Pull the sources of subscription data that are due; and the rings for it.

A pull may take long, so it has a queue of its own: `desk-sync worker --queues desk_sync_pulls`.
"""

from __future__ import annotations

from desk_sync import wiring
from tasks import app


@app.task(name="desk_sync.pull")
def pull(*, source: str) -> None:
    """Pull the source, unless it is not due or another process is at it."""
    wiring.worker_app().pull(source).run_if_due()


@app.task(name="desk_sync.pull_due")
def pull_due() -> None:
    """Ring for every source of the mapping that is due, which beat has not read; not while a ring waits.

    Where no worker listens, one ring for each source would be left in Redis every minute. What an import left undone
    that died is done here, also where no source is pulled.
    """
    desk_sync = wiring.worker_app()
    desk_sync.importing.go_on()
    for source in () if rings_waiting() else desk_sync.due_sources():
        pull.apply_async(kwargs={"source": source}, retry=False, expires=55)


def rings_waiting() -> int:
    """How many rings lie in the queue of pulls, expired or not: only a worker takes them out."""
    with app.connection_for_write() as connection:
        queue = app.conf.task_routes[pull.name]["queue"]
        waiting: int = connection.default_channel.queue_declare(queue=queue).message_count
        return waiting
