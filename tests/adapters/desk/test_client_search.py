"""The search by last change with Desk's limits: sorted, at most 100 per page, no offset above 999."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import responses
from structlog.testing import capture_logs

from desk_sync.adapters.zoho import transport
from desk_sync.errors import TemporaryError
from tests.adapters.desk.portal import API, make_client

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
END = START + timedelta(days=1)


class Search:
    """Tickets by their ids, each with its last change; `between` is called after each answer."""

    def __init__(self):
        self.tickets = {}
        self.offsets = []
        self.between = lambda: None
        self.down = False
        self.name = "modifiedTime"
        self.large = None

    def holds(self, count, *, at, step=timedelta(0)):
        first = len(self.tickets) + 1
        self.tickets |= {f"{first + each:018d}": at + each * step for each in range(count)}

    def answer(self, request):
        if self.down:
            return 502, {}, "<html>"
        query = request.params
        start, end = (datetime.fromisoformat(each) for each in query[f"{self.name}Range"].split(","))
        offset, limit = int(query["from"]), int(query["limit"])
        self.offsets.append(offset)
        if query["sortBy"] != self.name or offset > 999 or limit > 100:
            return 422, {}, json.dumps({"errorCode": "INVALID_DATA", "message": "", "errors": []})
        found = sorted((at, each) for each, at in self.tickets.items() if start <= at <= end)
        shown = [{"id": each, self.name: written(at)} for at, each in found[offset : offset + limit]]
        shown = [each | {"subject": "x" * 100_000} if each["id"] == self.large else each for each in shown]
        self.between()
        return (200, {}, json.dumps({"data": shown, "count": len(found)})) if shown else (204, {}, "")


def written(at):
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


@pytest.fixture
def search():
    search = Search()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback("GET", f"{API}/tickets/search", search.answer, content_type="application/json")
        yield search


def found(start=START, end=END):
    """Every ticket that the client returns, in its order."""
    return [(each.ticket_id, each.at) for page in make_client().modified_between(start, end) for each in page]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_every_ticket_of_the_span_is_shown_once_oldest_first(search, count):
    search.holds(count, at=START, step=A_SECOND)

    assert found() == list(search.tickets.items())


def test_both_ends_belong_to_the_span(search):
    search.holds(4, at=START - A_SECOND, step=A_SECOND)

    assert [at for _, at in found(START, START + A_SECOND)] == [START, START + A_SECOND]


@pytest.mark.parametrize(
    ("count", "step"),
    [
        pytest.param(1_500, A_SECOND, id="one after the other"),
        pytest.param(1_500, A_SECOND / 400, id="hundreds in a second"),
    ],
)
def test_more_tickets_than_the_search_can_page_through(search, count, step):
    search.holds(count, at=START, step=step)
    search.tickets = {each: at.replace(microsecond=0) for each, at in search.tickets.items()}

    shown = found()

    assert len(shown) == count
    assert dict(shown) == search.tickets
    assert max(search.offsets) <= 900


def test_more_in_one_instant_than_the_search_can_page_through_is_logged_and_skipped(search):
    search.holds(1_500, at=START)
    search.holds(5, at=START + A_SECOND)

    with capture_logs() as logs:
        shown = found()

    assert len(shown) == 1_000 + 5
    assert [(each["event"], each["at"], each["shown"]) for each in logs] == [("search.capped", START, 1_000)]


def test_tickets_that_change_meanwhile_hide_no_others(search):
    """After each answer ten of its tickets change, which moves them behind the end of the span."""
    search.holds(500, at=START, step=A_SECOND)
    everything = set(search.tickets)

    def change_some():
        for ticket_id in [each for each, at in sorted(search.tickets.items()) if at < END][:10]:
            search.tickets[ticket_id] = END + A_SECOND

    search.between = change_some

    assert {ticket_id for ticket_id, _ in found()} == everything


def test_a_page_is_requested_when_the_one_before_was_used(search):
    search.holds(300, at=START, step=A_SECOND)

    pages = make_client().modified_between(START, END)
    next(pages)

    assert len(search.offsets) == 1


GOOD = {"id": "2", "modifiedTime": written(START)}


@pytest.mark.parametrize(
    "strange",
    [
        pytest.param({"id": None, "modifiedTime": written(START)}, id="no id"),
        pytest.param({"id": "../1", "modifiedTime": written(START)}, id="an id that is a path"),
        pytest.param(None, id="null"),
        pytest.param("1", id="a text"),
    ],
)
def test_an_entry_that_is_no_ticket_is_left_out_and_said(strange):
    with responses.RequestsMock() as mock, capture_logs() as logs:
        mock.get(f"{API}/tickets/search", json={"data": [strange, GOOD]})

        assert found() == [("2", START)]
    assert [(line["event"], line["what"], line["count"]) for line in logs] == [("entry.left_out", "ticket", 1)]


@pytest.mark.parametrize(
    "instant",
    [
        pytest.param(None, id="no time"),
        pytest.param("2026-11-23T09:00:00", id="no zone"),
        pytest.param("yesterday", id="no instant"),
    ],
)
def test_a_ticket_without_an_instant_is_shown_without_one(instant):
    with responses.RequestsMock() as mock:
        mock.get(f"{API}/tickets/search", json={"data": [{"id": "1", "modifiedTime": instant}, GOOD]})

        assert found() == [("1", None), ("2", START)]


def test_an_entry_that_cannot_be_read_does_not_make_its_page_the_last(search):
    """A page of a hundred entries is full, whatever is among them."""
    search.holds(150, at=START, step=A_SECOND)
    search.tickets = {("7/7" if number == 50 else each): at for number, (each, at) in enumerate(search.tickets.items())}

    assert len(found()) == 149


def test_replies_are_searched_by_the_time_of_the_partners_last_one(search):
    search.name = "customerResponseTime"
    search.holds(101, at=START, step=A_SECOND)

    pages = make_client().replied_between(START, END)

    assert [(each.ticket_id, each.at) for page in pages for each in page] == list(search.tickets.items())


class TestADeskThatRepeatsItself:
    """A walk ends whatever Desk answers: otherwise one portal's answer would stop its sweeps for ever (L15)."""

    @pytest.mark.parametrize(
        "entry",
        [
            pytest.param({"id": "{}", "modifiedTime": None}, id="without instants"),
            pytest.param({"id": None, "modifiedTime": None}, id="unreadable"),
            pytest.param({"id": "{}", "modifiedTime": written(START - A_SECOND)}, id="from before the span"),
            pytest.param({"id": "{}", "modifiedTime": written(START)}, id="all of the first instant"),
        ],
    )
    def test_a_page_that_always_comes_again_ends_the_search(self, entry):
        number = entry["id"] and "{}"
        page = [entry | {"id": number and f"{each + 1}"} for each in range(100)]
        with responses.RequestsMock() as mock, capture_logs() as logs:
            answer = mock.get(f"{API}/tickets/search", json={"data": page})

            assert len(found()) == (100 if number else 0)
        assert answer.call_count <= 4
        assert "search.repeats" in [line["event"] for line in logs]


class TestAPageThatIsTooLarge:
    def test_one_ticket_that_is_too_large_costs_only_itself(self, search, monkeypatch):
        monkeypatch.setattr(transport, "LARGEST_ANSWER", 100_000)
        search.holds(250, at=START, step=A_SECOND)
        search.large = sorted(search.tickets)[77]

        with capture_logs() as logs:
            shown = {ticket_id for ticket_id, _ in found()}

        assert shown == search.tickets.keys() - {search.large}
        assert [line["event"] for line in logs] == ["search.skipped"]

    def test_a_search_of_nothing_but_large_tickets_ends(self, search, monkeypatch):
        monkeypatch.setattr(transport, "LARGEST_ANSWER", 10)
        search.holds(3, at=START)

        assert found() == []
        assert len(search.offsets) < 300


def test_a_failed_page_ends_the_search_with_an_error(search):
    search.holds(150, at=START, step=A_SECOND)
    pages = make_client().modified_between(START, END)
    next(pages)
    search.down = True

    with pytest.raises(TemporaryError):
        next(pages)
