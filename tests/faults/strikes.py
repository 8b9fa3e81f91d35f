"""The ways in which the product is hurt. Each strike returns when it is over; what was killed has been started again.

Starting again is what an operator's supervisor does (deploy/systemd); everything else the product does by itself.
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

from tests.faults.scene import Scene
from tests.support.processes import START_SECONDS, children_of, wait_until

Strike: TypeAlias = Callable[[Scene, float], None]
"""The second argument: how many seconds it lasts, where it lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of strike, in the words of the table.

    `within`: seconds after which nothing may be owed any more; `rest`: the longest pause before such a strike.
    `repeats`: answers get lost on the way, so that a PATCH of the same values may be sent again.
    """

    words: str
    strike: Strike
    within: float = 90.0
    rest: float = 2.0
    repeats: bool = False


def restart(name: str, scene: Scene, _: float) -> None:
    """kill -9 of a whole process, which its supervisor starts again."""
    with scene.hurting():
        scene.kill(scene.on.children[name])
        scene.on.start(name)


def kill_receiver(scene: Scene, _: float) -> None:
    """kill -9 of the receiver; over when it answers again, so that the next kill finds it at work."""
    with scene.hurting():
        scene.kill(scene.on.children["serve"])
        scene.on.start("serve")
        wait_until(lambda: answers(scene.on.deliver_to), seconds=START_SECONDS)


def kill_worker_child(scene: Scene, _: float, *, name: str = "worker") -> None:
    """kill -9 of the prefork processes of a worker; Celery itself replaces them."""
    for child in children_of(scene.on.children[name].pid):
        with scene.hurting(), suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
            scene.killed += 1


def second_beat(scene: Scene, seconds: float) -> None:
    """Two beats, from now to the end of the trial."""
    with scene.hurting():
        scene.on.start("beat-2")
        sleep(seconds)


def kill_redis(scene: Scene, seconds: float) -> None:
    """It comes back empty."""
    with scene.hurting():
        scene.kill(scene.broker.process)
        sleep(seconds)
        scene.broker = scene.broker.again(timeout=timedelta(seconds=START_SECONDS))


def flush_redis(scene: Scene, _: float) -> None:
    with scene.hurting():
        redis.Redis.from_url(scene.broker.url).flushall()


def freeze_redis(scene: Scene, seconds: float) -> None:
    """SIGSTOP: the socket still accepts, and nobody answers. Before it as long a time without, for comparison."""
    scene.rest(seconds)
    with scene.hurting(), stopped(scene.broker.process.pid):
        sleep(seconds)


def move_clock(scene: Scene, seconds: float) -> None:
    """The wall clock of all processes goes ahead by an hour, and then back."""
    with scene.hurting():
        for ahead in (timedelta(hours=1), timedelta(0)):
            scene.clock.set(ahead)
            scene.load.sign()
            sleep(seconds)


def cut_connections(scene: Scene, _: float) -> None:
    """Every connection to the database, our own too."""
    assert scene.postgres
    with scene.hurting(), scene.postgres.connect("postgres") as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")


def restart_postgresql(scene: Scene, _: float) -> None:
    """As after a crash."""
    assert scene.postgres
    with scene.hurting():
        scene.postgres.restart()


def fill_disk(scene: Scene, seconds: float) -> None:
    """Not a byte is left for the database, its journal and the logs; where we may mount no disk, see `forbid_files`."""
    if scene.disk is None:
        forbid_files(scene, seconds, victims=("serve", "worker"))
        return
    with scene.hurting(), scene.disk.full():
        sleep(seconds)


def forbid_files(scene: Scene, seconds: float, *, victims: Sequence[str]) -> None:
    """No file of these processes can grow any more, nor be written at all: the database's, its journal's, the log's."""
    scene.notes.add("by a limit on the size of files")
    with scene.hurting():
        limit_files(scene, victims, 0)
        sleep(seconds)
        limit_files(scene, victims, resource.RLIM_INFINITY)


def desk(scene: Scene, seconds: float, **faults: object) -> None:
    """Desk meets our calls with `faults`, then answers well again."""
    with scene.hurting():
        scene.misbehave(**faults)
        sleep(seconds)
        scene.misbehave()


def answers(url: str) -> bool:
    """Desk's handshake."""
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


def limit_files(scene: Scene, victims: Sequence[str], size: int) -> None:
    """The most bytes that a file of these processes and their children may have."""
    parents = [scene.on.children[name].pid for name in victims]
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


def misbehaving(words: str, **faults: object) -> Fault:
    """Desk answers a share of our calls so."""
    return Fault(words=f"Desk: {words}", strike=partial(desk, **faults), repeats=True)


REDIS_BACK = 10.0

FAULTS: Mapping[str, Fault] = {
    "receiver": Fault(words="kill -9 of the receiver", strike=kill_receiver),
    "child": Fault(words="kill -9 of the worker's child", strike=kill_worker_child),
    "worker": Fault(words="kill -9 of the whole worker", strike=partial(restart, "worker"), rest=5.0),
    "beat": Fault(words="kill -9 of beat", strike=partial(restart, "beat")),
    "beats": Fault(words="two beats", strike=second_beat),
    "redis-killed": Fault(words="Redis killed, back empty", strike=kill_redis, within=REDIS_BACK),
    "redis-flushed": Fault(words="Redis flushed", strike=flush_redis, within=REDIS_BACK),
    "redis-frozen": Fault(words="Redis frozen (SIGSTOP)", strike=freeze_redis, within=REDIS_BACK),
    "clock": Fault(words="the wall clock an hour ahead, and back", strike=move_clock),
    "cut": Fault(words="all connections to PostgreSQL cut", strike=cut_connections),
    "postgresql": Fault(words="PostgreSQL crashed and restarted", strike=restart_postgresql),
    "disk": Fault(words="disk full", strike=fill_disk),
    "disk-of-receiver": Fault(words="disk full for the receiver", strike=partial(forbid_files, victims=("serve",))),
    "deliveries": Fault(
        words="deliveries dropped and doubled at 20 % each, and in any order",
        strike=partial(desk, drop=0.2, duplicate=0.2, reorder=True),
    ),
    "desk-429": misbehaving("429", status=429, share=0.5),
    "desk-500": misbehaving("500", status=500, share=0.5),
    "desk-html": misbehaving("502 with a page of HTML", status=502, share=0.5),
    "desk-half": misbehaving("half a body, then closed", half=True, share=0.5),
    "desk-reset": misbehaving("reset, after the work was done", reset=True, after=True, share=0.5),
    "desk-drip": misbehaving("a byte a second", drip=1.0, share=0.3),
}
