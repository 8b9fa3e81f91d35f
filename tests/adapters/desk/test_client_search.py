"""The search by last change with Desk's limits: sorted, at most 100 per page, no offset above 999."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import responses
from structlog.testing import capture_logs

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

    def holds(self, count, *, at, step=timedelta(0)):
        first = len(self.tickets) + 1
        self.tickets |= {f"{first + each:018d}": at + each * step for each in range(count)}

    def answer(self, request):
        if self.down:
            return 502, {}, "<html>"
        query = request.params
        start, end = (datetime.fromisoformat(each) for each in query["modifiedTimeRange"].split(","))
        offset, limit = int(query["from"]), int(query["limit"])
        self.offsets.append(offset)
        if query["sortBy"] != "modifiedTime" or offset > 999 or limit > 100:
            return 422, {}, json.dumps({"errorCode": "INVALID_DATA", "message": "", "errors": []})
        found = sorted((at, each) for each, at in self.tickets.items() if start <= at <= end)
        shown = [{"id": each, "modifiedTime": written(at)} for at, each in found[offset : offset + limit]]
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


@pytest.mark.parametrize(
    "strange",
    [
        pytest.param({"id": None, "modifiedTime": written(START)}, id="no id"),
        pytest.param({"id": "1", "modifiedTime": None}, id="no time"),
        pytest.param({"id": "1", "modifiedTime": "2026-11-23T09:00:00"}, id="no zone"),
        pytest.param({"id": "1", "modifiedTime": "yesterday"}, id="no instant"),
    ],
)
def test_an_entry_that_is_no_ticket_is_left_out(strange):
    good = {"id": "2", "modifiedTime": written(START)}
    with responses.RequestsMock() as mock:
        mock.get(f"{API}/tickets/search", json={"data": [strange, good]})

        assert found() == [("2", START)]


def test_a_failed_page_ends_the_search_with_an_error(search):
    search.holds(150, at=START, step=A_SECOND)
    pages = make_client().modified_between(START, END)
    next(pages)
    search.down = True

    with pytest.raises(TemporaryError):
        next(pages)
