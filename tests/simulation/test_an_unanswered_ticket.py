"""What collects on a ticket of a large account that nobody answers over two working days: a note, and the levels."""

from __future__ import annotations

from collections import Counter

from desk_sync.domain.ticket.effect import EffectKind

UNANSWERED = """
until: +95h59m
accounts: accounts.csv
tickets: [{key: late, severity: 3, issue_type: defect, fields: {customer_primary_email: admin@big.example}}]
"""


def test_it_has_one_private_note_and_four_comments_of_levels_in_private_and_in_public(run):
    comments = run(UNANSWERED)["tickets"]["late"]["comments"]

    assert Counter((each["kind"], each["public"]) for each in comments) == {
        (EffectKind.DECISION, False): 1,
        (EffectKind.ESCALATION, False): 4,
        (EffectKind.UPDATE, True): 4,
    }


def test_the_note_says_at_last_what_is_late_and_what_to_do(run):
    [note] = [each for each in run(UNANSWERED)["tickets"]["late"]["comments"] if each["kind"] == EffectKind.DECISION]

    head = note["text"].partition("\nThe clocks, as of")[0].splitlines()
    alarms = [line for line in head if " is late: " in line or " is at risk: " in line]
    assert head[0].startswith("Severity 1: ")
    assert [line.partition(":")[0] for line in alarms] == [
        "The first reply is late",
        "The next reply is late",
        "The progress update is late",
        "The solution is at risk",
    ]
    assert all(" To do: " in line and "(Europe/Berlin)" in line for line in alarms)
    assert any(line.startswith("Escalated to level 4 at ") for line in head)
