"""Reading the conversation once more before a breach, counted in credits per ticket on a quiet portal."""

from __future__ import annotations

import pytest

from desk_sync.domain.plan.draft import PlanDraft
from tests.support.quiet_day import TICKETS, quiet_day

MOST = 0.1
"""Credits per ticket."""


@pytest.fixture
def without(monkeypatch):
    """Make builds that do not read the conversation before a breach."""
    return lambda: monkeypatch.setattr(PlanDraft, "needs_conversation", property(lambda _: False))


def test_a_quiet_portal_pays_a_tenth_of_a_credit_for_each_ticket(run, without):
    read_again = run(quiet_day())
    without()
    as_before = run(quiet_day())

    levels = [step["level"] for ticket in read_again["tickets"].values() for step in ticket["escalations"]]
    more = (read_again["desk"]["credits"] - as_before["desk"]["credits"]) / TICKETS
    assert levels == [1]
    assert 0 < more <= MOST, f"{more} more than {as_before['desk']['credits'] / TICKETS} credits per ticket"


def test_a_portal_on_which_nothing_is_late_pays_nothing(run, without):
    punctual = quiet_day(3).replace("+200m, ticket: t0,", "+30m, ticket: t0,")

    read_again = run(punctual)["desk"]
    without()

    assert run(punctual)["desk"] == read_again
