"""One straight path: a delivery crosses at most five rooms, a look at most six (house rule).

A room is a package of the product: `web`, `tasks`, `services`, `services/reconcile`, one of the domain's or of the
adapters' rooms. The rooms of a path are those that call each other, from the door inwards: the rooms that a reader has
to enter, one after the other, to follow the path to its end. They are read from the call stacks of real runs.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType

import pytest

from desk_sync.simulation import scenario
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.setup import set_up_simulation
from desk_sync.wiring import opening
from desk_sync.wiring.process import DEFAULT
from tasks.drain import drain
from tests.laws.shape import ROOT
from tests.web.conftest import serve  # noqa: F401 - a fixture
from tests.web.test_deliveries import PAYLOADS, key_host, site, token  # noqa: F401 - fixtures, and the token that fits

DELIVERY, LOOK = 5, 6
AROUND = frozenset({"wiring", "simulation", "simulated_desk"})
SCENARIO = ROOT / "tests" / "cases" / "scenarios" / "ladder.yaml"


@cache
def room_of(file: str) -> str | None:
    """Return the room of a source file; None for a file of no room."""
    path = Path(file)
    parts = path.relative_to(ROOT).parts[:-1] if path.is_relative_to(ROOT) else ()
    match parts:
        case ("desk_sync", "domain" | "adapters" as floor, room, *_):
            return f"{floor}/{room}"
        case ("desk_sync", "services", "reconcile", *_):
            return "services/reconcile"
        case ("desk_sync", floor, *_) if floor not in AROUND:
            return floor
        case ("tasks",):
            return "tasks"
        case _:
            return None


@contextmanager
def traced() -> Iterator[set[tuple[str, ...]]]:
    """Collect the rooms on the stack of every call, in all threads that start meanwhile, outermost first."""
    paths: set[tuple[str, ...]] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and room_of(frame.f_code.co_filename):
            paths.add(rooms_on(frame))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield paths
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def rooms_on(frame: FrameType | None) -> tuple[str, ...]:
    rooms: dict[str, None] = {}
    while frame:
        if room := room_of(frame.f_code.co_filename):
            rooms.setdefault(room)
        frame = frame.f_back
    return tuple(reversed(rooms))


def longest(paths: set[tuple[str, ...]]) -> tuple[str, ...]:
    return max(paths, key=len)


def test_a_delivery_crosses_at_most_five_rooms(request: pytest.FixtureRequest):
    body = json.loads((PAYLOADS / "ticket_update.json").read_text())
    with traced() as paths:
        receiver = request.getfixturevalue("site")
        assert receiver.post(body, token()) == 200
        assert receiver.stored == 1
    # The receiver hands its work to other threads, whose stacks begin further in.
    paths = {("web", *(room for room in path if room != "web")) for path in paths}

    assert {"adapters/desk", "adapters/store", "services"} <= {room for path in paths for room in path}
    assert len(longest(paths)) <= DELIVERY, longest(paths)


def test_a_look_crosses_at_most_six_rooms(monkeypatch: pytest.MonkeyPatch):
    loaded = scenario.read(SCENARIO)
    with set_up_simulation(loaded) as simulation:
        run_scenario(loaded, simulation)
        monkeypatch.setattr(opening, "worker_app", lambda: simulation.desk_sync)
        ticket_id = simulation.actors.ticket_id("t1")
        simulation.site.portal.change_ticket(ticket_id, {"severity": None}, by=simulation.site.portal.person["id"])
        simulation.desk_sync.portal(DEFAULT).tickets.look_now([ticket_id], now=simulation.virtual_time.now())
        with traced() as paths:
            drain(portal=DEFAULT)
    paths = {path for path in paths if path[0] == "tasks"}

    assert {"services/reconcile", "domain/plan", "adapters/store"} <= {room for path in paths for room in path}
    assert len(longest(paths)) <= LOOK, longest(paths)


def test_a_call_into_one_more_room_is_noticed():
    def outermost() -> tuple[str, ...]:
        return rooms_on(sys._getframe())

    code = compile("def enter(inner):\n    return inner()", str(ROOT / "desk_sync/web/x.py"), "exec")
    scope: dict[str, object] = {}
    exec(code, scope)  # noqa: S102 - a function that claims to be in a room

    assert scope["enter"](outermost) == ("web",)  # type: ignore[operator]
