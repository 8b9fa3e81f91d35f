"""The clocks in the note."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.commitment.clock_reading import take_reading
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.plan.note.clock_lines import alarms, clock_lines, doubt
from desk_sync.domain.plan.note.note import LONGEST_NOTE
from tests.support.clock_scenes import HOUR, MONDAY, PROMISE, after, events
from tests.support.makers import (
    NOW,
)
from tests.support.note_scenes import ENGLISH, text
from tests.support.plan_scenes import (
    LATE,
    LATE_TICKET,
    SMALL,
    draft,
    known_clocks,
    look,
    past,
)

BERLIN = "(Europe/Berlin)"
REPLY = "To do: reply to the partner in public."
TELL = "To do: tell the partner in public what you found, in a reply after the first."


def reading(happened: str, now: str, basis: ClockBasis | None = None, **facts):
    history = History(created_at=MONDAY, events=events(happened), **facts)
    return take_reading(history, PROMISE, basis or ClockBasis(), MONDAY + after(now))


class TestItsClocks:
    @pytest.mark.parametrize(
        ("happened", "now", "said"),
        [
            pytest.param(
                "0h s1",
                "3h",
                [
                    f"The first reply is late: it was due at 2026-11-16 03:00 {BERLIN}. {REPLY}",
                    (
                        f"The next reply is at risk: its target passed at 2026-11-16 02:00 {BERLIN}, it is due at "
                        f"2026-11-16 08:00 {BERLIN}. {TELL}"
                    ),
                ],
                id="what is late comes first",
            ),
            pytest.param(
                "0h s1, 30m reply, 1h reply, 5h message",
                "7h",
                [
                    (
                        f"The next reply (round 2) is at risk: its target passed at 2026-11-16 07:00 {BERLIN}, it is "
                        f"due at 2026-11-16 13:00 {BERLIN}. {TELL}"
                    ),
                ],
                id="a later round is named by its number",
            ),
            pytest.param("0h s1, 30m reply, 40m reply", "1h", ["No clock is late or at risk."], id="all is well"),
            pytest.param("0h s1, 4h reply, 5h reply", "6h", ["No clock is late or at risk."], id="met late"),
        ],
    )
    def test_what_is_late_is_said_with_what_to_do(self, happened, now, said):
        assert list(alarms(reading(happened, now), ENGLISH)) == said

    def test_a_breach_that_rests_on_unknown_time_is_said_with_its_doubt(self):
        unsure = reading("0h s1", "3h", unknown=((MONDAY + after("1h"), MONDAY + after("2h")),))

        assert next(alarms(unsure, ENGLISH)).startswith(
            "The first reply may be late: it was due at 2026-11-16 03:00 (Europe/Berlin), unless it was paused"
        )
        assert "- first reply: perhaps late" in "\n".join(self.lines(unsure))

    def test_it_is_a_question_of_its_own_with_what_is_not_known_in_local_time(self):
        unsure = reading("0h s1", "3h", unknown=((MONDAY + after("1h"), MONDAY + after("2h")),))
        later = reading("0h s1", "3h30m", unknown=((MONDAY + after("1h"), MONDAY + after("2h")),))

        said = doubt(unsure.clocks[0], unsure.zone, ENGLISH)

        assert said.splitlines()[1] == "To do: check the ticket's history. Nothing is escalated before it is known."
        assert f"what happened from 2026-11-16 01:00 {BERLIN} to 2026-11-16 02:00 {BERLIN}" in said
        assert said == doubt(later.clocks[0], later.zone, ENGLISH), "it is asked once"

    def test_its_key_is_that_of_the_alarm_at_each_look(self):
        history = replace(past("0h s1"), unknown=((NOW - 3 * HOUR, NOW - 1.5 * HOUR),))
        memory = known_clocks("0h s1")
        looks = [
            draft(LATE_TICKET, memory=memory, history=history, now=NOW + minutes * HOUR / 60).note for minutes in (0, 5)
        ]

        keys = [[each.key for each in note.doubts()] for note in looks]
        assert keys[0] == keys[1] == [f"clock:{looks[0].clocks.reading.clocks[0].breach_key}:doubtful"]

    @staticmethod
    def lines(found, room: int = LONGEST_NOTE) -> list[str]:
        return list(clock_lines(found, MONDAY, ENGLISH, room))

    @pytest.mark.parametrize(
        ("happened", "now", "basis", "line"),
        [
            ("0h s1, 30m reply", "2h", None, f"- first reply: met at 2026-11-16 00:30 {BERLIN}; 30 min used"),
            ("0h s1", "2h", None, f"- first reply: at risk, due at 2026-11-16 03:00 {BERLIN}; 2 h used, 1 h left"),
            ("0h s1, 30m paused", "2h", None, "- first reply: paused; 30 min used, 2 h 30 min left"),
            ("0h s1", "2h", ClockBasis(issue_type="limitation"), "- first reply: does not apply"),
            ("0h s1", "30m", None, f"- next reply: on track, due at 2026-11-16 08:00 {BERLIN}; 30 min used"),
            ("0h s1, 1h paused", "30h", None, "- first reply: paused; 1 h used, 2 h left"),
        ],
    )
    def test_each_clock_has_its_state_and_its_time(self, happened, now, basis, line):
        assert [each for each in self.lines(reading(happened, now, basis)) if each.startswith(line)] != []

    def test_of_a_long_conversation_the_newest_cycles_are_shown(self):
        rounds = ", ".join(f"{10 * number}h message, {10 * number + 8}h reply" for number in range(1, 500))
        read = reading(f"0h s1, 30m reply, 1h reply, {rounds}, 5000h message", "5003h")

        _, *shown, last = self.lines(read)

        late = sum(clock.state is ClockState.BREACHED for clock in read.clocks[: len(read.clocks) - len(shown)])
        assert sum(len(line) + 1 for line in shown) <= LONGEST_NOTE
        assert [line.partition(":")[0] for line in shown[:2]] == [
            "- next reply (round 501)",
            "- next reply (round 500)",
        ]
        assert last == f"- and {len(read.clocks) - len(shown)} earlier ones, {late} of them late"

    def test_they_are_in_the_note_where_they_matter(self):
        at_rest = {"ticket": replace(LATE_TICKET, customer_primary_email=None), "history": past("30m reply, 40m reply")}

        large, small, late = look(**at_rest), look(lookup=SMALL, **at_rest), look(LATE_TICKET, SMALL, **LATE)

        shown = ["The clocks, as of" in each.note.comment.text for each in (large, small, late)]
        assert shown == [True, False, True]

    def test_a_ladder_that_runs_is_named_with_its_level(self):
        said = text(LATE_TICKET, memory=known_clocks("0h s1"), **LATE)

        assert "Escalated to level 1 at 2026-11-23 10:00 (Europe/Berlin): see the comment of that time." in said
