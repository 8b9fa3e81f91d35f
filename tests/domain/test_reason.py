"""The text form of a reason."""

from __future__ import annotations

from desk_sync.domain.reason import Reason


def test_a_reason_starts_with_its_rule_as_logs_and_comments_show_it():
    assert [str(Reason("R42", "60 licences against >= 60")), f"{Reason('C17', 'by default')}"] == [
        "R42: 60 licences against >= 60",
        "C17: by default",
    ]


def test_the_same_step_of_two_decisions_is_one_reason():
    steps = [Reason("R42", "a"), Reason("R42", "a"), Reason("R42", "b"), Reason("R43", "a")]

    assert list(dict.fromkeys(steps)) == [Reason("R42", "a"), Reason("R42", "b"), Reason("R43", "a")]
