"""The id of an installation, and the marks of others, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.adapters.store.installations import KEPT, SqlInstallation
from desk_sync.ports.portal import InstallationMark, OtherInstallation
from tests.contracts.store.conftest import PORTAL
from tests.support.makers import NOW

OTHER = "0000000a000001"
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def installation(engine):
    return SqlInstallation(engine, PORTAL, lambda: NOW, lambda: "0f0f0f")


def mark(installation, minutes):
    return InstallationMark(installation=installation, at=NOW + minutes * A_MINUTE)


def share(installation, ticket_id, minutes=1):
    installation.see(ticket_id, [mark(installation.own(), 0), mark(OTHER, minutes)])


def test_processes_that_start_together_agree_on_the_id(engine, installation):
    second = SqlInstallation(engine, PORTAL, lambda: NOW + A_MINUTE, lambda: "abcdef")

    assert installation.own() == second.own() == SqlInstallation(engine, "x", lambda: NOW, lambda: "111111").own()


def test_others_are_counted_by_their_tickets(installation):
    for ticket_id in ("1", "2", "2"):
        share(installation, ticket_id)

    assert installation.others() == [OtherInstallation(installation=OTHER, tickets=2, seen_at=NOW)]


def test_portals_are_apart(engine, installation):
    share(installation, "1")

    assert SqlInstallation(engine, "other", lambda: NOW, lambda: "0").others() == []


def test_a_bounded_number_of_marks_is_kept(installation):
    for number in range(KEPT + 20):
        share(installation, str(number))

    assert KEPT - 1 <= sum(each.tickets for each in installation.others()) <= KEPT


def test_what_was_cleared_counts_again_with_a_later_mark(engine, installation):
    share(installation, "1")
    installation.clear(now=NOW, by="Ada", why="switched off")
    assert installation.others() == []

    later = SqlInstallation(engine, PORTAL, lambda: NOW + A_MINUTE, lambda: "0")
    share(later, "1")
    assert later.others() == []
    share(later, "1", minutes=7)

    assert [each.tickets for each in later.others()] == [1]


def test_without_a_mark_of_ours_nothing_is_kept(installation):
    installation.see("1", [mark(OTHER, 1)])
    installation.see("1", [])

    assert installation.others() == []
