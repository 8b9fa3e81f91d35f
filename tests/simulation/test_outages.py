"""Outages of Desk, from ten minutes to a day: afterwards everything is as if there had been none (L15)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, ClassVar

import orjson
import pytest
import requests
from urllib3 import HTTPResponse

from desk_sync.simulated_desk.in_process import InProcess
from desk_sync.simulated_desk.running import TOKEN_PATH
from desk_sync.simulation import report, run, scenario, setup, simulate
from desk_sync.wiring.process import DEFAULT
from tests.simulation.conftest import SCENARIOS

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BEGIN = START + timedelta(minutes=20)
"""When the outage begins."""
SCENARIO = """\
start: 2026-11-23T08:00:00Z
until: 2026-11-25T08:00:00Z
accounts: accounts.csv
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
    tickets: dict[str, Any]
    parked: list[str]
    done_at: datetime | None
    """When nothing was due any more after the outage."""


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """The outcome without an outage."""
    folder = tmp_path_factory.mktemp("calm")
    shutil.copy(SCENARIOS / "accounts.csv", folder)
    (folder / "scenario.yaml").write_text(SCENARIO)
    return {key: _outcome(each) for key, each in simulate(folder / "scenario.yaml")["tickets"].items()}


@pytest.fixture
def storm(write, monkeypatch):
    """Run the scenario through an outage of this kind and length."""

    def run_through(kind: str, length: timedelta) -> Outcome:
        weather = Weather(kind, length)
        monkeypatch.setattr(StormyDesk, "weather", weather, raising=False)
        monkeypatch.setattr(setup, "InProcess", StormyDesk)
        monkeypatch.setattr(run, "BEAT_INTERVAL", BEATS[length])
        loaded = scenario.read(write(SCENARIO))
        with setup.set_up_simulation(loaded) as simulation:
            time, portal = simulation.virtual_time, simulation.desk_sync.portal(DEFAULT)
            monkeypatch.setattr(Weather, "wait", staticmethod(time.sleep), raising=False)
            time.schedule(BEGIN, lambda: _lose_token(simulation, kind))
            done: list[datetime] = []

            def watch() -> None:
                if not portal.metrics.backlog(time.now()).oldest_at:
                    done.append(time.now())
                else:
                    time.schedule(time.now() + timedelta(seconds=5), watch)

            time.schedule(weather.end + timedelta(seconds=5), watch)
            run.run_scenario(loaded, simulation)
            parked = [each.ticket_id for each in portal.tickets.parked()]
            tickets = {key: _outcome(each) for key, each in report.document(simulation)["tickets"].items()}
        return Outcome(weather, tickets, parked, min(done, default=None))

    return run_through


def _lose_token(simulation: setup.SimulationSetup, kind: str) -> None:
    """While the accounts server is down, the outage begins with the loss of the token: otherwise an hour later."""
    if kind == "accounts server down":
        simulation.site.accounts.revoke_all()


def _outcome(ticket: dict[str, Any]) -> dict[str, Any]:
    """Return what must not depend on the weather: no instants of our own acts, nor how often a note was repeated."""
    return {
        "fields": ticket["fields"],
        "status": ticket["status"],
        "decision": ticket["decision"]["decision"],
        "clocks": [(each["milestone"], each["round"], each["state"], each["met_at"]) for each in ticket["clocks"]],
        "escalations": [each["level"] for each in ticket["escalations"]],
        "public comments": [each["text"] for each in ticket["comments"] if each["public"]],
        "notes": {each["kind"] for each in ticket["comments"]},
    }


def _differences(stormy: dict[str, Any], calm: dict[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    for key, ticket in calm.items():
        for name, value in ticket.items():
            if stormy[key][name] != value:
                yield key, name, stormy[key][name], value


BEATS = {
    timedelta(minutes=10): timedelta(seconds=5),
    timedelta(minutes=81): timedelta(seconds=30),
    timedelta(hours=2): timedelta(seconds=30),
    timedelta(hours=24): timedelta(seconds=60),
}
"""The lengths of the outages; in a longer one the beat is slower, so that its run takes seconds."""
ALL_DAY = ("500", "200 with a page", "401", "accounts server down")
MATRIX = [
    pytest.param(kind, length, id=f"{kind}, {length}")
    for length in BEATS
    for kind in (KINDS if length < timedelta(hours=24) else ALL_DAY)
]


@pytest.mark.parametrize(("kind", "length"), MATRIX)
def test_after_an_outage_everything_is_as_without_it(storm, calm, kind, length):
    stormy = storm(kind, length)

    weather = stormy.weather
    bad = [at for at in weather.calls if BEGIN <= at < min(weather.end, BEGIN + timedelta(hours=2))]
    assert stormy.parked == []
    assert len(bad) <= 150
    assert stormy.done_at is not None
    assert stormy.done_at - weather.end <= timedelta(minutes=3)
    assert list(_differences(stormy.tickets, calm)) == []
