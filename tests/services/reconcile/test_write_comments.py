"""L16: a comment that Desk does not accept costs that comment, and is made later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from desk_sync.errors import CredentialsRefused, Gone, PermanentError, TemporaryError, Unreadable, WriteForbidden
from desk_sync.services.reconcile.reconcile import LookOutcome
from tests.support.one_portal import ADDRESS, TICKET, MakePortal, OnePortal

ERRORS = [
    pytest.param(WriteForbidden("Desk answered 403"), id="not permitted"),
    pytest.param(PermanentError("Desk answered 422"), id="refused"),
    pytest.param(TemporaryError("Desk did not answer"), id="not answered"),
    pytest.param(Unreadable("Desk's answer is not JSON"), id="an odd answer"),
    pytest.param(Gone("Desk answered 404"), id="not found"),
]


def seen(site: OnePortal) -> Mapping[str, Any]:
    """Return all that people see of the ticket, without its comments."""
    everything = dict(site.everything_else(ADDRESS))
    return {**everything, "comments": None, "note": None, "public": None, "decision": everything["decision"].verdict}


def comments(site: OnePortal) -> list[str]:
    """Return the beginnings of the ticket's comments, without that of the note, which is edited."""
    everything = site.everything_else(ADDRESS)
    heads = [each.splitlines()[0] for each in (*everything["comments"], *everything["public"])]
    return sorted([*heads, *("the note" for _ in everything["note"])])


@pytest.mark.parametrize("error", ERRORS)
def test_everything_else_goes_on_and_the_comments_are_made_later(make_portal: MakePortal, error):
    undisturbed, site = make_portal(), make_portal()
    site.desk.comment_trouble = error
    for each in (undisturbed, site):
        each.runs(hours=8)
    assert seen(site) == seen(undisturbed)
    assert (site.desk.comments[TICKET], site.desk.public_comments[TICKET]) == ([], [])

    site.desk.comment_trouble = None
    for each in (undisturbed, site):
        each.runs(hours=6)
    assert (seen(site), comments(site)) == (seen(undisturbed), comments(undisturbed))
    assert site.world.tickets.history(TICKET).memory.comments.waiting == {}


@pytest.mark.parametrize(
    ("error", "most"),
    [
        pytest.param(PermanentError("Desk answered 422"), 12, id="refused"),
        pytest.param(TemporaryError("Desk did not answer"), 160, id="not answered"),
    ],
)
def test_the_tries_of_a_day_are_bounded(make_portal: MakePortal, error, most):
    site = make_portal()
    site.desk.comment_trouble = error
    site.runs(hours=4)
    site.desk.calls.clear()

    site.runs(hours=24)

    waiting = len(site.world.tickets.history(TICKET).memory.comments.waiting)
    assert 0 < site.desk.count("add_comment") <= most * waiting


def test_after_one_without_an_answer_no_further_comment_is_sent(make_portal: MakePortal):
    site = make_portal()
    site.runs(hours=2.9)
    site.desk.comment_trouble = TemporaryError("Desk did not answer")
    site.desk.calls.clear()

    site.runs(hours=0.105)

    waiting = site.world.tickets.history(TICKET).memory.comments.waiting
    assert len(waiting) > site.desk.count("add_comment") == 1


def test_a_refused_token_concerns_more_than_the_comment_and_ends_the_look(make_portal: MakePortal):
    site = make_portal()
    site.desk.comment_trouble = CredentialsRefused("the token is refused")

    assert site.world.look() == [LookOutcome.POSTPONED]
