"""The comments about clocks: the note that is kept, with its alarms, and a question for each doubt."""

from __future__ import annotations

import pytest

from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.commitment.clock_comments import LONGEST_NOTE, doubts, standing_comment
from desk_sync.domain.commitment.clock_reading import take_reading
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.read_clocks import ClockBasis
from tests.support.clock_scenes import MONDAY, PROMISE, after, events

BERLIN = "(Europe/Berlin)"
REPLY = "Please reply to the partner in public."
TELL = "Please tell the partner in public what you found, in a reply after the acknowledgement."


def reading(happened: str, now: str, basis: ClockBasis | None = None):
    history = History(created_at=MONDAY, events=events(happened))
    return take_reading(history, PROMISE, basis or ClockBasis(), MONDAY + after(now))


class TestADoubt:
    """A breach that rests on unknown time is a question of its own."""

    history = History(
        created_at=MONDAY, events=events("0h s1"), unknown=((MONDAY + after("1h"), MONDAY + after("2h")),)
    )

    def read(self, now: str):
        return take_reading(self.history, PROMISE, ClockBasis(), MONDAY + after(now))

    def test_it_names_the_breach_and_what_is_not_known(self):
        found = self.read("3h")

        [doubt] = doubts(found, suppressed=())

        assert (doubt.key, doubt.public) == (f"clock:{found.clocks[0].breach_key}:doubtful", False)
        assert doubt.text.startswith("Acknowledgement may be breached: it was due at 2026-11-16 03:00 (Europe/Berlin)")
        assert "nothing is known of what happened from 2026-11-16 00:00Z to 2026-11-16 01:00Z" in doubt.text

    def test_it_keeps_its_key_and_its_text_at_the_next_look(self):
        assert [*doubts(self.read("3h"), suppressed=())] == [*doubts(self.read("3h30m"), suppressed=())] != []

    def test_one_that_was_active_at_the_first_look_is_left_out(self):
        found = self.read("3h")

        assert [*doubts(found, suppressed=found.alarms)] == []

    def test_the_note_has_it_too(self):
        text = standing_comment(self.read("3h"), None, MONDAY + after("3h")).comment.text

        assert text.startswith(
            "Acknowledgement may be breached: it was due at 2026-11-16 03:00 (Europe/Berlin), unless"
        )
        assert "- Acknowledgement: perhaps breached" in text

    def test_a_proven_alarm_is_none(self):
        assert [*doubts(reading("0h s1", "3h"), suppressed=())] == []


@pytest.mark.parametrize(
    ("happened", "now", "alarms"),
    [
        pytest.param(
            "0h s1",
            "3h",
            [
                f"Acknowledgement is breached: it was due at 2026-11-16 03:00 {BERLIN}. {REPLY}",
                (
                    f"Determination is at risk: its target passed at 2026-11-16 02:00 {BERLIN}, it is due at "
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
                    f"Determination, round 2 is at risk: its target passed at 2026-11-16 07:00 {BERLIN}, it is due at "
                    f"2026-11-16 13:00 {BERLIN}. {TELL}"
                ),
            ],
            id="a later round is named by its number",
        ),
        pytest.param("0h s1, 30m reply, 40m reply", "1h", ["No clock is late or at risk."], id="all is well"),
        pytest.param("0h s1, 4h reply, 5h reply", "6h", ["No clock is late or at risk."], id="met late, it is over"),
    ],
)
def test_the_note_begins_with_what_is_late_and_what_to_do(happened, now, alarms):
    text = standing_comment(reading(happened, now), "before", MONDAY + after(now)).comment.text

    said, _, clocks = text.partition("\nThe commitment's clocks, as of ")
    assert said.splitlines() == alarms
    assert clocks.startswith("2026-11-16 ")


@pytest.mark.parametrize(
    ("happened", "now", "before", "written"),
    [
        pytest.param("0h s1", "59m", None, False, id="before the first alarm"),
        pytest.param("0h s1", "1h", None, True, id="with the first alarm"),
        pytest.param("0h s1, 70m reply", "80m", "old", True, id="changed, though no alarm is left"),
        pytest.param("0h s1", "1h", reading("0h s1", "90m").digest, False, id="unchanged"),
        pytest.param("0h s1", "2h", reading("0h s1", "90m").digest, True, id="another alarm"),
    ],
)
def test_the_standing_comment_begins_with_the_first_alarm_and_follows_each_change(happened, now, before, written):
    read = reading(happened, now)

    comment = standing_comment(read, before, MONDAY + after(now))

    assert (comment is not None) is written
    assert comment is None or (comment.digest, comment.comment.key) == (read.digest, "clocks")


@pytest.mark.parametrize(
    ("happened", "now", "basis", "lines"),
    [
        pytest.param(
            "0h s1, 30m reply",
            "2h",
            None,
            [
                "- Acknowledgement: met",
                "  used 30 min, paused 0 min, left 2 h 30 min, met at 2026-11-16 00:30 (Europe/Berlin)",
                "- Determination: at risk",
                "  used 2 h, paused 0 min, left 6 h, due at 2026-11-16 08:00 (Europe/Berlin)",
            ],
            id="met, and at risk",
        ),
        pytest.param(
            "0h s1, 30m paused",
            "2h",
            None,
            ["- Acknowledgement: paused", "  used 30 min, paused 1 h 30 min, left 2 h 30 min, due at no instant"],
            id="paused",
        ),
        pytest.param("0h s1", "2h", ClockBasis(issue_type="limitation"), ["- Acknowledgement: exempt"], id="exempt"),
        pytest.param("0h s1", "30m", None, ["- Determination: on track"], id="on track"),
    ],
)
def test_the_standing_comment_shows_every_clock_with_its_time_and_its_rules(happened, now, basis, lines):
    read = reading(happened, now, basis)

    text = standing_comment(read, "before", MONDAY + after(now)).comment.text

    assert [line for line in lines if line not in text] == []
    assert [str(reason) for clock in read.clocks for reason in clock.reasons if str(reason) not in text] == []


def test_the_standing_comment_of_a_long_conversation_is_short_and_has_the_newest_cycles():
    rounds = ", ".join(f"{10 * number}h message, {10 * number + 8}h reply" for number in range(1, 500))
    read = reading(f"0h s1, 30m reply, 1h reply, {rounds}, 5000h message", "5003h")
    text = standing_comment(read, "before", MONDAY).comment.text

    *shown, last = [line for line in text.splitlines() if line.startswith("- ")]
    left_out = read.clocks[: len(read.clocks) - len(shown)]
    late = sum(clock.state is ClockState.BREACHED for clock in left_out)
    assert len(text) <= LONGEST_NOTE
    assert [line.partition(":")[0] for line in shown[:2]] == [
        "- Determination, round 501",
        "- Determination, round 500",
    ]
    assert 0 < late < len(left_out)
    assert last == f"- and {len(left_out)} earlier ones, {late} of them breached"


def test_the_standing_comment_of_a_short_conversation_has_every_clock():
    shown = standing_comment(reading("0h s1, 30m reply, 1h reply, 5h message", "7h"), "before", MONDAY)

    named = [line for line in shown.comment.text.splitlines() if line.startswith("- ")]
    assert [line.partition(":")[0] for line in named] == [
        "- Determination, round 2",
        "- Determination",
        "- Acknowledgement",
    ]
