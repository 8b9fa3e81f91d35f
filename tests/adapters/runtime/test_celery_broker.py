"""Celery's worker and beat on a real broker that refuses to write: both stay, and work resumes by itself (L2)."""

from __future__ import annotations

import sys
from base64 import b64decode
from collections.abc import Iterator
from json import loads
from pathlib import Path
from time import monotonic, sleep

import pytest
import redis
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import ResponseError

from desk_sync.adapters.runtime.celery_broker import LONGEST_PAUSE, MOST_WAITING, BrokerConnection
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.wiring.launcher import ProcessLauncher, launcher
from tests.support.processes import START_SECONDS, wait_until
from tests.support.refusals import REFUSALS, failover_address, refusing

RESUME_SECONDS = 10.0
CELERY = (sys.executable, "-m", "celery", "-A", "tests.adapters.runtime.celery_scene")
WORKER = ("worker", "--without-gossip", "--without-mingle", "-c", "1")
KINDS = [pytest.param(kind, id=kind) for kind in REFUSALS]


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker.start() as broker:
        yield broker


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> Iterator[tuple[ProcessLauncher, Path]]:
    """A worker and beat on one broker, and the file that the worker's task appends to."""
    folder = tmp_path_factory.mktemp("celery")
    marks = folder / "marks"
    marks.touch()
    with launcher(folder) as processes:
        processes.environment.update(MARKS=str(marks), BREAK=str(folder / "break"))
        processes.start("worker", *CELERY, *WORKER)
        processes.start("beat", *CELERY, "beat")
        wait_until(lambda: marks.read_text(), seconds=START_SECONDS)
        yield processes, marks


def resumes(marks: Path) -> bool:
    """Return True if the worker begins a task within ten seconds."""
    before, by = marks.read_text().count("begun"), monotonic() + RESUME_SECONDS
    while marks.read_text().count("begun") == before and monotonic() < by:
        sleep(0.05)
    return marks.read_text().count("begun") > before


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_worker_and_beat_outlive_a_refusal_and_work_resumes_within_ten_seconds(scene, kind):
    """A task is running, and so the only message that the worker takes at a time, when the refusal begins."""
    processes, marks = scene
    wait_until(lambda: marks.read_text().endswith("begun\n"), seconds=START_SECONDS)
    with refusing(processes.broker.url, kind):
        sleep(6)  # longer than the longest pause between two attempts
    resumed = resumes(marks)

    ended = {name: child.poll() for name, child in processes.children.items() if child.poll() is not None}
    assert (ended, resumed) == ({}, True)


GARBLED = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"\xff\xfe", id="no text"),
    pytest.param(b"garbled", id="no JSON"),
    pytest.param(b"null", id="JSON, but no object"),
    pytest.param(b"{}", id="an object without anything"),
    pytest.param(b'{"body": "", "headers": {}, "properties": {}}', id="a message without a tag"),
    pytest.param(
        b'{"body": "e30=", "headers": {"task": "mark", "id": "1"}, "content-type": "application/json",'
        b' "content-encoding": "utf-8", "properties": {"delivery_tag": "1", "body_encoding": "base64",'
        b' "delivery_info": {"exchange": "", "routing_key": "desk_sync"}}}',
        id="a known task without arguments",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("garbled", GARBLED)
def test_a_message_that_cannot_be_read_is_dropped_and_the_worker_goes_on(scene, garbled):
    processes, marks = scene
    with redis.Redis.from_url(processes.broker.url) as client:
        reported = processes.log("worker").read_text().count("garbled message")
        client.rpush("desk_sync", garbled)
        wait_until(lambda: processes.log("worker").read_text().count("garbled message") > reported, seconds=10)
        assert resumes(marks)

        assert processes.children["worker"].poll() is None
        kept = [value for value in client.hgetall("unacked").values() if b"e30=" in value]
        assert kept == []


@pytest.mark.slow
def test_a_worker_whose_connection_is_broken_in_itself_begins_again(scene):
    processes, marks = scene
    wait_until(lambda: marks.read_text().endswith("ended\n"), seconds=START_SECONDS)
    broken = Path(processes.environment["BREAK"])
    broken.touch()
    wait_until(lambda: "broken loop" in processes.log("worker").read_text(), seconds=10)
    sleep(3)
    broken.unlink()

    assert resumes(marks)
    assert processes.children["worker"].poll() is None


def connection(url: str) -> BrokerConnection:
    return BrokerConnection(url, transport_options={"socket_timeout": 2})


def length(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return client.llen("line")


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_server_that_accepts_writes_counts_as_connected(broker, kind):
    with refusing(broker.url, kind), connection(broker.celery_url) as opened, pytest.raises(OperationalError):
        opened.ensure_connection(max_retries=1)

    with connection(broker.celery_url) as opened:
        assert opened.ensure_connection(max_retries=1).connected


@pytest.mark.parametrize("kind", KINDS)
def test_an_attempt_that_is_refused_leaves_no_connection_behind(broker, kind):
    with redis.Redis.from_url(broker.url) as client, connection(broker.celery_url) as opened:
        before = client.info("clients")["connected_clients"]
        with refusing(broker.url, kind):
            for _ in range(5):
                with pytest.raises(OperationalError):
                    opened.ensure_connection(max_retries=0, interval_start=0)

        assert client.info("clients")["connected_clients"] <= before


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_producer_sends_after_a_refusal_arrives_by_the_same_connection(broker, kind):
    """The receiver keeps one for its life, and sends without repeating."""
    with connection(broker.celery_url) as opened, opened.SimpleQueue("line") as queue:
        queue.put("before")
        with refusing(broker.url, kind), pytest.raises(ResponseError):
            queue.put("refused")
        before = length(broker.url)

        queue.put("after")

        assert length(broker.url) == before + 1


def test_a_producer_leaves_a_primary_that_has_become_a_replica(tmp_path):
    with failover_address(tmp_path) as address, connection(address.celery_url) as opened:
        with connection(address.replica.celery_url) as copy, copy.SimpleQueue("line") as queue:
            queue.put("before")  # a real replica has queue and message from its primary
        with opened.SimpleQueue("line") as queue:
            queue.put("before")
            address.fail_over()
            with pytest.raises(ResponseError):
                queue.put("refused")

            queue.put("after")

        assert length(address.replica.url) == 2


@pytest.mark.parametrize("settle", [pytest.param("ack", id="acknowledged"), pytest.param("requeue", id="put back")])
def test_a_message_that_cannot_be_settled_does_not_count_against_the_next(broker, settle):
    with connection(broker.celery_url) as opened, opened.SimpleQueue("line") as queue:
        queue.clear()
        queue.channel.basic_qos(0, 1, False)
        queue.put("first")
        message = queue.get(timeout=5)
        assert not queue.channel.qos.can_consume()

        with refusing(broker.url, "READONLY"), pytest.raises(ResponseError):
            getattr(message, settle)()

        assert queue.channel.qos.can_consume()


class Attempt(Exception):
    """Ends the attempts to connect, with the pause before the next one."""


def test_attempts_to_connect_stay_close_to_each_other(broker):
    """The pause would grow to half a minute otherwise, and with it the time to resume."""

    def end(_: Exception, pause: float) -> None:
        raise Attempt(pause)

    with refusing(broker.url, "READONLY"), connection(broker.celery_url) as opened, pytest.raises(Attempt) as caught:
        opened.ensure_connection(end, None, interval_start=60)

    assert caught.value.args == (LONGEST_PAUSE.total_seconds(),)
    assert LONGEST_PAUSE.total_seconds() < RESUME_SECONDS / 2


def test_without_a_worker_only_the_newest_messages_wait(broker):
    with BrokerConnection(f"redis+socket://{broker.socket}") as connection, connection.channel() as channel:
        producer = connection.Producer(channel, routing_key="rings")
        for number in range(MOST_WAITING + 20):
            producer.publish({"number": number}, declare=[Queue("rings")])

    waiting = redis.Redis.from_url(broker.url).lrange("rings", 0, -1)
    numbers = [loads(b64decode(loads(message)["body"]))["number"] for message in waiting]
    assert numbers == list(range(MOST_WAITING + 19, 19, -1))
