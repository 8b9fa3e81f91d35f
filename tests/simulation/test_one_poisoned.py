"""One poisoned record among fifty tickets: the other forty-nine come to the end state of an undisturbed run (L15)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import requests

from desk_sync.adapters.zoho.transport import AnswerTooLarge
from desk_sync.ports.tickets import TicketHistory
from desk_sync.simulated_desk.in_process import InProcess
from desk_sync.simulated_desk.portal.quirks import DeskQuirks
from desk_sync.simulation import report, run, scenario, setup
from desk_sync.wiring.process import DEFAULT
from tests.simulation.test_sweeps_alone import BIG, end_state

TICKETS = 50
POISONED = "t17"
START = "start: 2026-11-20T09:00:00Z"

Poison = Callable[[requests.Response], None]
"""Changes an answer of Desk."""


def refused(answer: requests.Response) -> None:
    answer.status_code, answer._content = 403, b'{"errorCode": "FORBIDDEN", "message": "No."}'


def no_json(answer: requests.Response) -> None:
    answer._content = b"{" + b"x" * 20


def too_large(answer: requests.Response) -> None:
    raise AnswerTooLarge(answer.content[:100])


def half_an_emoji(answer: requests.Response) -> None:
    answer._content = answer.content.replace(b'"subject":"', rb'"subject":"\ud83d')


def an_odd_row(answer: requests.Response) -> None:
    if answer.content:
        body = orjson.loads(answer.content)
        answer._content = orjson.dumps(body | {"data": [None, {"id": None}, *body["data"]]})


class PoisonedDesk(InProcess):
    """The simulated Desk, of which every answer to a call with `part` in its address is poisoned."""

    part: str = "never"
    poison: Poison = staticmethod(refused)

    def send(self, request: requests.PreparedRequest, *args: Any, **settings: Any) -> requests.Response:
        answer = super().send(request, *args, **settings)
        if self.part in str(request.url) and request.method == "GET":
            _ = answer.content
            self.poison(answer)
            answer.raw = None
        return answer


def fifty() -> Iterator[str]:
    yield from ("until: +8h", "accounts: accounts.csv", "tickets:")
    for number in range(TICKETS):
        partner = f"{{email: help@partner{number}.example, country: DE}}"
        yield f"  - {{key: t{number}, at: +{1 + number % 25}m, severity: 2, partner: {partner}, {BIG}}}"
    yield "steps:"
    yield "  - {at: +2h, faults: {drop: 1}, for: 1h}"
    for number in range(TICKETS):
        yield f"  - {{at: +30m, ticket: t{number}, agent_reply: Hello}}"
        yield f"  - {{at: +{60 + number % 5}m, ticket: t{number}, note: Hm}}"
        yield f"  - {{at: +130m, ticket: t{number}, set: {{severity: S3-Minimal}}, by: agent}}"


@pytest.fixture
def play(write, monkeypatch):
    """Run the scenario with a poison; return the report, the poisoned ticket's history, and the sweeps' progress."""

    def play(place: str | None = None, poison: Poison = refused) -> tuple[dict[str, Any], TicketHistory, Any]:
        monkeypatch.setattr(setup, "InProcess", PoisonedDesk)
        monkeypatch.setattr(PoisonedDesk, "part", "never")
        monkeypatch.setattr(PoisonedDesk, "poison", staticmethod(poison))
        loaded = scenario.read(write("\n".join([START, *fifty()])))
        with setup.set_up_simulation(loaded) as simulation:
            if place is not None:
                simulation.site.portal.listeners.append(lambda _: _aim(simulation, place, monkeypatch))
            run.run_scenario(loaded, simulation)
            portal = simulation.desk_sync.portal(DEFAULT)
            history = portal.tickets.history(simulation.actors.ticket_id(POISONED))
            return report.document(simulation), history, portal.sweeps.rounds()

    return play


def _aim(simulation: setup.SimulationSetup, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Poison the place once the ticket is open; `place` names its record by the ticket's keys."""
    if opened := simulation.actors.tickets.get(POISONED):
        record = opened.record
        monkeypatch.setattr(PoisonedDesk, "part", place.format(**record))


@pytest.fixture(scope="module")
def states() -> dict[str, Any]:
    """The end state of the undisturbed run, once it was made."""
    return {}


@pytest.fixture
def undisturbed(play, states):
    return states or states.update(end_state(play()[0])) or states


@pytest.mark.parametrize(
    ("place", "poison", "error", "parked"),
    [
        pytest.param("/tickets/{id}", refused, "403 FORBIDDEN", True, id="a ticket that is refused"),
        pytest.param("/tickets/{id}", no_json, "not a JSON object", True, id="a ticket that is no JSON"),
        pytest.param("/tickets/{id}", too_large, "cannot be read", True, id="a ticket over the size limit"),
        pytest.param("/tickets/{id}", half_an_emoji, None, False, id="a ticket with half an emoji"),
        pytest.param("/accounts/{accountId}", no_json, None, False, id="a contact's account"),
        pytest.param("/tickets/{id}/threads", no_json, "not a JSON object", False, id="the list of mails, found late"),
        pytest.param("/tickets/{id}/comments", no_json, "not a JSON object", False, id="the list of comments"),
        pytest.param(
            "/tickets/{id}/threads", too_large, "cannot be read", False, id="the list of mails over the size limit"
        ),
        pytest.param("/tickets/search", an_odd_row, None, False, id="rows of the search"),
    ],
)
@pytest.mark.timeout(300)
def test_the_others_are_as_in_an_undisturbed_run(play, undisturbed, place, poison, error, parked):
    """A ticket is parked after five looks that failed between looks at others that went well."""
    found, history, rounds = play(place, poison)

    others = {key: state for key, state in end_state(found).items() if key != POISONED}
    assert others == {key: state for key, state in undisturbed.items() if key != POISONED}
    assert error in history.error if error else history.error is None
    assert bool(history.parked_at) or not parked
    assert all(not each.failures for each in rounds.values())


@pytest.mark.timeout(300)
def test_an_event_that_cannot_be_read_takes_no_other_of_its_delivery_with_it(play, undisturbed, monkeypatch):
    encode = DeskQuirks.encode
    odd = [{"eventType": "Ticket_Update", "payload": 17}, None]
    monkeypatch.setattr(DeskQuirks, "encode", lambda quirks, body: encode(quirks, _beside(odd, body)))

    assert end_state(play()[0]) == undisturbed


def _beside(odd: list[Any], body: Any) -> Any:
    """Return a delivery with the odd events around its own; any other body as it is."""
    return [odd[0], *body, odd[1]] if isinstance(body, list) else body
