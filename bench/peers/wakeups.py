"""Wake-ups by Celery: an ETA task each, or an entry of celery-redbeat each; a task without any work when one is due.

`celery -A wakeups worker|beat` runs it. `python wakeups.py eta|redbeat PENDING DUE` fills an empty Redis with wake-ups,
of which DUE are due now, scattered among those that are due tomorrow, and prints the bytes that each takes there.
Redis is that of BENCH_REDIS.
"""

import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta

import redis
from celery import Celery
from celery.schedules import schedule
from celery.signals import beat_init, worker_ready
from redbeat import RedBeatSchedulerEntry

URL = os.environ["BENCH_REDIS"]
DAY = timedelta(days=1)

app = Celery("wakeups", broker=URL.replace("unix://", "redis+socket://"))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_concurrency=2,
    broker_transport_options={"visibility_timeout": 10 * 24 * 3600},  # a shorter one delivers ETA tasks again
    redbeat_redis_url=URL,
    redbeat_lock_key=None,
    beat_max_loop_interval=1,
)
database = redis.Redis.from_url(URL)


@app.task(name="fire")
def fire():
    """Count the wake-up, so that the progress is visible from outside."""
    with database.pipeline() as pipe:
        pipe.incr("fired")
        pipe.set("last", time.time())
        pipe.execute()


@worker_ready.connect
def worker_began(**_):
    database.set("worker", time.time())


@beat_init.connect
def beat_began(**_):
    database.set("beat", time.time())


def eta(is_due):
    now = datetime.now(UTC)
    with app.producer_pool.acquire(block=True) as producer:
        for due in is_due:
            fire.apply_async(eta=now - timedelta(seconds=1) if due else now + DAY, producer=producer)


def by_redbeat(is_due):
    now = datetime.now(UTC)
    for number, due in enumerate(is_due):
        last_run_at = now - 2 * DAY if due else now
        RedBeatSchedulerEntry(str(number), "fire", schedule(DAY), app=app, last_run_at=last_run_at).save()


def main(method, pending, due):
    is_due = [number < due for number in range(pending)]
    random.Random(5).shuffle(is_due)  # noqa: S311
    before = database.info("memory")["used_memory"]
    {"eta": eta, "redbeat": by_redbeat}[method](is_due)
    print((database.info("memory")["used_memory"] - before) / pending)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
