"""Outages of Desk, from ten minutes to a day: afterwards everything is as if there had been none (L15).

Deliveries are kept, or those of the time of the outage are lost, so that only a sweep finds what happened in it. Some
cells of the matrix run in `./dev test`; `./dev faults outages` runs all, and reports the properties of each.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson
import pytest
import requests
from sqlalchemy import func, select
from urllib3 import HTTPResponse

from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.tables import tickets
from desk_sync.simulated_desk.faults import FaultInjector
from desk_sync.simulated_desk.in_process import InProcess
from desk_sync.simulated_desk.running import TOKEN_PATH
from desk_sync.simulation import report, run, scenario, setup, simulate
from desk_sync.wiring.process import DEFAULT
from tests.simulation.conftest import SCENARIOS
from tests.support.counts import count
from tests.support.public_texts import timeless

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BEGIN = START + timedelta(minutes=20)
"""When the outage begins."""
SCENARIO = """\
start: 2026-11-23T08:00:00Z
until: 2026-11-25T08:00:00Z
accounts: accounts.csv
mapping: staffed.yaml
tickets:
  - {key: answered, severity: 2, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}
  - {key: silent, severity: 1, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}
  - {key: unknown, at: +15m, severity: 3, fields: {customer_primary_email: who@unknown.example}}
  - {key: during, at: +24m, severity: 2, partner: {country: IN}, fields: {customer_primary_email: admin@big.example}}
  - {key: during too, at: +25m, severity: 2, fields: {customer_primary_email: admin@big.example}}
  - {key: six, at: +26m, severity: 3, fields: {customer_primary_email: admin@big.example}}
steps:
  - {at: +23m, ticket: answered, agent_reply: "We are looking into it."}
  - {at: +27m, ticket: silent, customer_reply: "Any news?"}
  - {at: +28m, ticket: answered, set: {severity: S3-Minimal}, by: agent}
  - {at: +29m, ticket: unknown, close: true}
"""
"""Every ticket is opened, or changed, in the first ten minutes of the outage."""
SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
STAFF = {
    "    escalation_desk: []\n": "    escalation_desk: [ada]\n",
    "  people: {}\n": "  people: {ada: {mail: [ada@desk.example]}}\n",
}


def page(status: int) -> Callable[[InProcess], tuple[int, bytes]]:
    return lambda _: (status, b"<html><body>We are improving Zoho Desk.</body></html>")


def refusal(status: int, code: str) -> Callable[[InProcess], tuple[int, bytes]]:
    return lambda _: (status, orjson.dumps({"errorCode": code, "message": "No."}))


def broken(_: InProcess) -> tuple[int, bytes]:
    raise requests.ConnectionError("reset")


def hanging(desk: InProcess) -> tuple[int, bytes]:
    Weather.wait(10)
    raise requests.ReadTimeout("no answer")


KINDS: dict[str, Callable[[InProcess], tuple[int, bytes]]] = {
    "500": refusal(500, "INTERNAL_SERVER_ERROR"),
    "502 with a page": page(502),
    "reset": broken,
    "hang": hanging,
    "200 with a page": page(200),
    "200 without JSON": lambda _: (200, b""),
    "401": refusal(401, "INVALID_OAUTH"),
    "403": refusal(403, "FORBIDDEN"),
    "403 for the token": refusal(403, "SCOPE_MISMATCH"),
    "404": refusal(404, "URL_NOT_FOUND"),
    "429": refusal(429, "TOO_MANY_REQUESTS"),
    "accounts server down": broken,
}


@dataclass
class Weather:
    """The outage of a run, and the instants of all calls to Desk and to the accounts server."""

    kind: str
    length: timedelta
    now: Callable[[], datetime] = lambda: START
    calls: list[datetime] = field(default_factory=list)
    refreshes: list[datetime] = field(default_factory=list)
    wait: ClassVar[Callable[[float], None]]

    @property
    def end(self) -> datetime:
        return BEGIN + self.length

    def made(self) -> tuple[int, int]:
        """Return the numbers of calls to Desk, and to the accounts server, in the first two hours of the outage."""
        end = min(self.end, BEGIN + timedelta(hours=2))
        calls, refreshes = (sum(BEGIN <= at < end for at in each) for each in (self.calls, self.refreshes))
        return calls, refreshes

    @property
    def bad(self) -> bool:
        return BEGIN <= self.now() < self.end


class StormyDesk(InProcess):
    """The simulated Desk behind the weather of a test."""

    weather: Weather

    def send(self, request: requests.PreparedRequest, *args: Any, **settings: Any) -> requests.Response:
        weather, is_token = self.weather, TOKEN_PATH in str(request.url)
        weather.now = self._site.accounts.now
        (weather.refreshes if is_token else weather.calls).append(weather.now())
        concerned = is_token is (weather.kind == "accounts server down")
        if not weather.bad or not concerned:
            return super().send(request, *args, **settings)
        status, body = KINDS[weather.kind](self)
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = status, request, str(request.url)
        answer.raw = HTTPResponse(body=BytesIO(body), status=status, preload_content=False)
        return answer


@dataclass
class Outcome:
    weather: Weather
    report: dict[str, Any]
    parked: list[str]
    done_at: datetime | None
    """When after the outage all had been read that happened in it, and nothing was due any more."""

    @property
    def resumed_after(self) -> timedelta:
        return self.done_at - self.weather.end if self.done_at else timedelta.max


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """The report without an outage."""
    return simulate(_written(tmp_path_factory.mktemp("calm"), SCENARIO))


@pytest.fixture
def storm(tmp_path, monkeypatch):
    """Run the scenario through an outage of this kind and length; `dropped`: no delivery in it arrives."""

    def run_through(kind: str, length: timedelta, *, dropped: bool, text: str = SCENARIO) -> Outcome:
        weather = Weather(kind, length)
        monkeypatch.setattr(StormyDesk, "weather", weather, raising=False)
        monkeypatch.setattr(setup, "InProcess", StormyDesk)
        monkeypatch.setattr(run, "BEAT_INTERVAL", BEATS.get(length, min(BEATS.values())))
        loaded = scenario.read(_written(tmp_path, text))
        with setup.set_up_simulation(loaded) as simulation:
            time, portal = simulation.virtual_time, simulation.desk_sync.portal(DEFAULT)
            monkeypatch.setattr(Weather, "wait", staticmethod(time.sleep), raising=False)
            time.schedule(BEGIN, lambda: _lose_token(simulation, kind))
            if dropped:
                lost = FaultInjector(drop=1)
                time.schedule(BEGIN, lambda: simulation.site.chance.begin(lost))
                time.schedule(weather.end, lambda: simulation.site.chance.end(lost))
            done: list[datetime] = []

            def watch() -> None:
                if _is_done(simulation, since=weather.end):
                    done.append(time.now())
                else:
                    time.schedule(time.now() + timedelta(seconds=5), watch)

            time.schedule(weather.end + timedelta(seconds=5), watch)
            run.run_scenario(loaded, simulation)
            parked = [each.ticket_id for each in portal.tickets.parked()]
            return Outcome(weather, report.document(simulation), parked, min(done, default=None))

    return run_through


def _lose_token(simulation: setup.SimulationSetup, kind: str) -> None:
    """While the accounts server is down, the outage begins with the loss of the token: otherwise an hour later."""
    if kind == "accounts server down":
        simulation.site.accounts.revoke_all()


def _written(folder: Path, text: str) -> Path:
    """Write the scenario, its accounts and its mapping into the folder; return the scenario's path."""
    mapping = SHIPPED.read_text()
    for old, new in STAFF.items():
        assert old in mapping
        mapping = mapping.replace(old, new)
    shutil.copy(SCENARIOS / "accounts.csv", folder)
    (folder / "staffed.yaml").write_text(mapping)
    (folder / "scenario.yaml").write_text(text)
    return folder / "scenario.yaml"


def _is_done(simulation: setup.SimulationSetup, *, since: datetime) -> bool:
    """Return True if every ticket was read since then, and nothing is due."""
    read = select(func.count()).where(tickets.c.looked_at >= since)
    with reading(simulation.desk_sync.engine) as connection:
        all_read = connection.scalar(read) == len(simulation.actors.tickets)
    backlog = simulation.desk_sync.portal(DEFAULT).metrics.backlog(simulation.virtual_time.now())
    return all_read and not backlog.oldest_at


def _outcome(ticket: dict[str, Any]) -> dict[str, Any]:
    """Return what must not depend on the weather: no instants of our own acts, nor how often a note was repeated."""
    return {
        "fields": ticket["fields"],
        "status": ticket["status"],
        "decision": ticket["decision"]["decision"],
        "clocks": [(each["milestone"], each["round"], each["state"], each["met_at"]) for each in ticket["clocks"]],
        "escalations": [each["level"] for each in ticket["escalations"]],
        "public comments": [timeless(each["text"]) for each in ticket["comments"] if each["public"]],
        "steps": _count(ticket)["escalation"],
        "notes": set(_count(ticket)),
    }


def _count(ticket: dict[str, Any]) -> Counter[str]:
    """Count the private comments by their kind."""
    return Counter(str(each["kind"]) for each in ticket["comments"] if not each["public"])


def _differences(stormy: dict[str, Any], calm: dict[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    for key, ticket in calm["tickets"].items():
        found = _outcome(stormy["tickets"][key])
        for name, value in _outcome(ticket).items():
            if found[name] != value:
                yield key, name, found[name], value
        if more := _count(stormy["tickets"][key]) - _count(ticket):
            yield key, "more notes than without the outage", more, None


def _sent_lines(found: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Count the first line of each text that a person was sent, without how long ago, or how soon, something is."""
    lines = ((each["to"], line) for each in found["notifications"] for line in each["lines"])
    return Counter((to, re.sub(r"( since|, in) .*", "", line.split("\n")[0])) for to, line in lines)


def _is_too_late(line: str, end: datetime) -> bool:
    """Return True for the notice of a target whose commitment ran out before the outage was over: the level tells."""
    at_risk = re.search(r" is at risk; it is due at (.*) \((.*)\)$", line)
    return at_risk is not None and datetime.fromisoformat(at_risk[1]).replace(tzinfo=ZoneInfo(at_risk[2])) <= end


BEATS = {
    timedelta(minutes=10): timedelta(seconds=5),
    timedelta(minutes=81): timedelta(seconds=30),
    timedelta(hours=2): timedelta(seconds=30),
    timedelta(hours=24): timedelta(seconds=60),
}
"""The lengths of the outages; in a longer one the beat is slower, so that its run takes seconds."""
DELIVERIES = ("kept", "dropped")
PHASES = tuple(timedelta(seconds=each) for each in range(0, 90, 5))
"""The instant of the outage's end, between two tries, each for the pauses of 90 seconds."""
QUIET = """\
start: 2026-11-23T08:00:00Z
until: 2026-11-23T10:30:00Z
tickets:
  - {key: unknown, at: +21m, severity: 3, fields: {customer_primary_email: who@unknown.example}}
"""


def _daily(kind: str, length: timedelta, deliveries: str) -> bool:
    """Return True for some cells: all of the shortest outages, and each longer one with a kind of its own."""
    number = list(KINDS).index(kind) + list(BEATS).index(length) + DELIVERIES.index(deliveries)
    return length == min(BEATS) or number % count(len(KINDS), 1) == 0


MATRIX = [
    pytest.param(kind, length, deliveries, id=f"{kind}, {length}, {deliveries}")
    for length in BEATS
    for kind in KINDS
    for deliveries in DELIVERIES
    if _daily(kind, length, deliveries)
]


@pytest.mark.parametrize(("kind", "length", "deliveries"), MATRIX)
def test_after_an_outage_everything_is_as_without_it(storm, calm, record_property, kind, length, deliveries):
    stormy = storm(kind, length, dropped=deliveries == "dropped")

    calls, refreshes = stormy.weather.made()
    record_property("kind", kind)
    record_property("length", str(length))
    record_property("deliveries", deliveries)
    record_property("calls", calls)
    record_property("resumed", stormy.resumed_after.total_seconds())
    assert stormy.parked == []
    assert max(calls, refreshes) <= 150
    assert stormy.resumed_after <= timedelta(minutes=3)
    assert list(_differences(stormy.report, calm)) == []
    assert _sent_lines(stormy.report) <= _sent_lines(calm)
    left_out = [line for _, line in _sent_lines(calm) - _sent_lines(stormy.report)]
    assert [line for line in left_out if not _is_too_late(line, stormy.weather.end)] == []


@pytest.mark.parametrize("deliveries", DELIVERIES)
@pytest.mark.parametrize("phase", PHASES[:: count(len(PHASES), 1)], ids=str)
def test_work_resumes_soon_whenever_the_outage_ends(storm, phase, deliveries):
    stormy = storm("hang", timedelta(minutes=81) + phase, dropped=deliveries == "dropped")

    assert stormy.resumed_after <= timedelta(minutes=3)


@pytest.mark.parametrize("kind", list(KINDS)[count(1, 0) :: count(3, 1)])
def test_a_portal_in_which_nothing_is_due_costs_few_calls_too(storm, kind):
    stormy = storm(kind, timedelta(hours=2), dropped=True, text=QUIET)

    assert max(stormy.weather.made()) <= 150
