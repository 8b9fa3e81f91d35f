"""The faults that strike the product. Each strike returns when it is over; killed processes have been started again.

The restart is the task of an operator's supervisor (deploy/systemd); the product recovers by itself from all else.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import sleep
from typing import TypeAlias

import redis
import requests

from tests.faults.scene import TrialSetup
from tests.support.processes import START_SECONDS, children_of, wait_until
from tests.support.refusals import refusing

Strike: TypeAlias = Callable[[TrialSetup, float], None]
"""The second argument is the duration in seconds, for strikes that have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """One kind of strike, in the words of the table.

    `within`: seconds after which no work may be pending; `rest`: the longest pause before such a strike, in seconds.
    `repeats`: answers get lost on the way, so that a PATCH of the same values may be sent again.
    """

    words: str
    strike: Strike
    within: float = 90.0
    rest: float = 2.0
    repeats: bool = False


def restart(name: str, setup: TrialSetup, _: float) -> None:
    """Kill a whole process by SIGKILL, and start it again as a supervisor does."""
    with setup.striking():
        setup.kill(setup.demo.processes.children[name])
        setup.demo.start(name)


def kill_receiver(setup: TrialSetup, _: float) -> None:
    """Kill the receiver by SIGKILL, and wait until the new one answers, so that the next kill hits a working one."""
    with setup.striking():
        setup.kill(setup.demo.processes.children["serve"])
        setup.demo.start("serve")
        wait_until(lambda: answers(setup.demo.deliver_to), seconds=START_SECONDS)


def kill_worker_child(setup: TrialSetup, _: float, *, name: str = "worker") -> None:
    """Kill the prefork processes of a worker by SIGKILL; Celery itself replaces them."""
    for child in children_of(setup.demo.processes.children[name].pid):
        with setup.striking(), suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
            setup.killed += 1


def freeze_worker_child(setup: TrialSetup, seconds: float) -> None:
    """Freeze a prefork process of the worker by SIGSTOP: its calls and leases go on without it."""
    for child in children_of(setup.demo.processes.children["worker"].pid)[:1]:
        with setup.striking(), suppress(ProcessLookupError), stopped(child.pid):
            sleep(seconds)


def second_beat(setup: TrialSetup, seconds: float) -> None:
    """Run two beats, from now to the end of the trial."""
    with setup.striking():
        setup.demo.start("beat-2")
        sleep(seconds)


def kill_redis(setup: TrialSetup, seconds: float) -> None:
    """Kill Redis; the new one is empty."""
    with setup.striking():
        setup.kill(setup.broker.process)
        sleep(seconds)
        setup.broker = setup.broker.again(timeout=timedelta(seconds=START_SECONDS))


def flush_redis(setup: TrialSetup, _: float) -> None:
    with setup.striking():
        redis.Redis.from_url(setup.broker.url).flushall()


def freeze_redis(setup: TrialSetup, seconds: float) -> None:
    """Freeze Redis by SIGSTOP: its socket still accepts, without an answer. An equally long calm span comes first."""
    setup.rest(seconds)
    with setup.striking(), stopped(setup.broker.process.pid):
        sleep(seconds)


def refuse_writes(setup: TrialSetup, seconds: float, *, kind: str) -> None:
    """Let Redis answer, but refuse to write."""
    with setup.striking(), refusing(setup.broker.url, kind):
        sleep(seconds)


def garble_messages(setup: TrialSetup, _: float) -> None:
    """Put messages that cannot be read between the others of each queue."""
    with setup.striking(), redis.Redis.from_url(setup.broker.url) as client:
        for queue in ("desk_sync", "desk_sync_pulls"):
            client.rpush(queue, b"garbled", b"{}")


def move_clock(setup: TrialSetup, seconds: float) -> None:
    """Move the wall clock of all processes ahead by an hour, and then back."""
    with setup.striking():
        for ahead in (timedelta(hours=1), timedelta(0)):
            setup.clock.set(ahead)
            setup.load.sign()
            sleep(seconds)


def cut_connections(setup: TrialSetup, _: float) -> None:
    """Cut every connection to the database, our own too."""
    assert setup.postgres
    with setup.striking(), setup.postgres.connect("postgres") as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")


def restart_postgresql(setup: TrialSetup, _: float) -> None:
    """Restart the database server as after a crash."""
    assert setup.postgres
    with setup.striking():
        setup.postgres.restart()


def fill_disk(setup: TrialSetup, seconds: float) -> None:
    """Fill the disk of the database, its journal and the logs; without permission to mount one, see `forbid_files`."""
    if setup.disk is None:
        forbid_files(setup, seconds, victims=("serve", "worker"))
        return
    with setup.striking(), setup.disk.full():
        sleep(seconds)


def forbid_files(setup: TrialSetup, seconds: float, *, victims: Sequence[str]) -> None:
    """Forbid these processes to write files: the database, its journal and the log."""
    setup.notes.add("by a limit on the size of files")
    with setup.striking():
        limit_files(setup, victims, 0)
        sleep(seconds)
        limit_files(setup, victims, resource.RLIM_INFINITY)


def desk(setup: TrialSetup, seconds: float, **faults: object) -> None:
    """Let Desk answer our calls with `faults`, then normally again."""
    with setup.striking():
        setup.set_faults(**faults)
        sleep(seconds)
        setup.set_faults()


def answers(url: str) -> bool:
    """Return True if the URL answers, as in Desk's handshake."""
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


def limit_files(setup: TrialSetup, victims: Sequence[str], size: int) -> None:
    """Limit the files of these processes and their children to `size` bytes."""
    parents = [setup.demo.processes.children[name].pid for name in victims]
    for pid in [*parents, *(child.pid for parent in parents for child in children_of(parent))]:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def desk_fault(words: str, **faults: object) -> FaultKind:
    """Return the fault in which Desk answers a share of our calls so."""
    return FaultKind(words=f"Desk: {words}", strike=partial(desk, **faults), repeats=True)


REDIS_BACK = 10.0

FAULTS: Mapping[str, FaultKind] = {
    "receiver": FaultKind(words="kill -9 of the receiver", strike=kill_receiver),
    "child": FaultKind(words="kill -9 of the worker's child", strike=kill_worker_child),
    "child-frozen": FaultKind(words="the worker's child frozen (SIGSTOP)", strike=freeze_worker_child),
    "worker": FaultKind(words="kill -9 of the whole worker", strike=partial(restart, "worker"), rest=5.0),
    "beat": FaultKind(words="kill -9 of beat", strike=partial(restart, "beat")),
    "beats": FaultKind(words="two beats", strike=second_beat),
    "redis-killed": FaultKind(words="Redis killed, back empty", strike=kill_redis, within=REDIS_BACK),
    "redis-flushed": FaultKind(words="Redis flushed", strike=flush_redis, within=REDIS_BACK),
    "redis-frozen": FaultKind(words="Redis frozen (SIGSTOP)", strike=freeze_redis, within=REDIS_BACK),
    "redis-readonly": FaultKind(
        words="Redis refuses to write (READONLY, as after a failover)",
        strike=partial(refuse_writes, kind="READONLY"),
        within=REDIS_BACK,
    ),
    "redis-full": FaultKind(
        words="Redis refuses to write (OOM, at `maxmemory`)",
        strike=partial(refuse_writes, kind="OOM"),
        within=REDIS_BACK,
    ),
    "garbled": FaultKind(
        words="messages in Redis that cannot be read", strike=garble_messages, within=REDIS_BACK, rest=1.0
    ),
    "clock": FaultKind(words="the wall clock an hour ahead, and back", strike=move_clock),
    "cut": FaultKind(words="all connections to PostgreSQL cut", strike=cut_connections),
    "postgresql": FaultKind(words="PostgreSQL crashed and restarted", strike=restart_postgresql),
    "disk": FaultKind(words="disk full", strike=fill_disk),
    "disk-of-receiver": FaultKind(words="disk full for the receiver", strike=partial(forbid_files, victims=("serve",))),
    "deliveries": FaultKind(
        words="deliveries dropped and doubled at 20 % each, and in any order",
        strike=partial(desk, drop=0.2, duplicate=0.2, reorder=True),
    ),
    "desk-429": desk_fault("429", status=429, share=0.5),
    "desk-500": desk_fault("500", status=500, share=0.5),
    "desk-html": desk_fault("502 with a page of HTML", status=502, share=0.5),
    "desk-half": desk_fault("half a body, then closed", half=True, share=0.5),
    "desk-reset": desk_fault("reset, after the work was done", reset=True, after=True, share=0.5),
    "desk-drip": desk_fault("a byte a second", drip=1.0, share=0.3),
}
