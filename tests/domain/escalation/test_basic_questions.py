"""Too many basic questions from one partner (R22, R23)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from desk_sync.domain.escalation.basic_questions import BasicQuestion, advice, too_many
from tests.support.makers import QUESTIONS

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RULE = replace(QUESTIONS, tickets=3, within=timedelta(days=30))


def asked(*days: float) -> list[BasicQuestion]:
    return [BasicQuestion(ticket_id=f"T{number}", at=NOW + timedelta(days=day)) for number, day in enumerate(days, 1)]


@pytest.mark.parametrize(
    ("days", "keys"),
    [
        pytest.param([0, 1], [], id="not enough"),
        pytest.param([0, 1, 29], ["questions:T3"], id="the last one reaches the limit"),
        pytest.param([0, 1, 30], [], id="the first one is a window ago"),
        pytest.param([0, 1, 2, 3, 4, 5, 6], ["questions:T3"], id="once per window"),
        pytest.param([0, 1, 2, 20, 21, 32], ["questions:T3", "questions:T6"], id="again, when the window is over"),
    ],
)
def test_a_partners_questions_become_too_many_once_per_window(days, keys):
    assert [found.key for found in too_many(asked(*days), RULE)] == keys


def test_the_order_in_which_they_are_given_does_not_matter():
    assert too_many(asked(0, 1, 2)[::-1], RULE) == too_many(asked(0, 1, 2), RULE)


def test_the_account_manager_gets_the_list_and_a_suggestion():
    [found] = too_many(asked(0, 1, 2), RULE)

    text = advice(found, "Example Partner", RULE, ["101", "102", "103"], "Asia/Tokyo")

    assert text.splitlines() == [
        "Example Partner sent 3 basic how-to questions within 30 days.",
        "The last one came at 2026-11-03 09:00 (Asia/Tokyo):",
        "- 101",
        "- 102",
        "- 103",
        "To do: talk with the partner about widening its product knowledge.",
        "Trainings, the knowledge base and the community answer most such questions.",
        "[R22, R23]",
    ]
