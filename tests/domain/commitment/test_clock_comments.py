"""The comments about clocks: one for each alarm, and the standing comment."""

from __future__ import annotations

import pytest

from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.commitment.clock_comments import LONGEST_NOTE, alarms, standing_comment
from desk_sync.domain.commitment.clock_reading import take_reading
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.read_clocks import ClockBasis
from tests.support.clock_scenes import MONDAY, PROMISE, after, events

ACKNOWLEDGEMENT = "acknowledgement:20261115T230000Z"
AT_RISK, BREACHED = f"{ACKNOWLEDGEMENT}:20261116T000000Z:at_risk", f"{ACKNOWLEDGEMENT}:20261116T020000Z:breached"
DETERMINATION = "determination:20261115T230000Z:20261116T010000Z:at_risk"


def reading(happened: str, now: str, basis: ClockBasis | None = None):
    history = History(created_at=MONDAY, events=events(happened))
    return take_reading(history, PROMISE, basis or ClockBasis(), MONDAY + after(now))


@pytest.mark.parametrize(
    ("now", "suppressed", "escalated", "keys"),
    [
        pytest.param("59m", (), (), [], id="no alarm"),
        pytest.param("3h", (), (), [BREACHED, DETERMINATION], id="each alarm"),
        pytest.param("3h", (BREACHED,), (), [DETERMINATION], id="active before the first look"),
        pytest.param("3h", (AT_RISK,), (), [BREACHED, DETERMINATION], id="a later alarm of the same clock is another"),
        pytest.param(
            "3h",
            (),
            (f"{ACKNOWLEDGEMENT}:20261116T020000Z",),
            [DETERMINATION],
            id="a breach that an escalation reports",
        ),
        pytest.param("3h", (), ("acknowledgement:1",), [DETERMINATION], id="one that an older version reported"),
        pytest.param("2h", (), ("acknowledgement:1",), [AT_RISK, DETERMINATION], id="but a risk is not escalated"),
    ],
)
def test_each_alarm_has_one_comment_unless_it_is_reported_elsewhere(now, suppressed, escalated, keys):
    found = alarms(reading("0h s1", now), suppressed=suppressed, escalated=escalated)

    assert [effect.key for effect in found] == [f"clock:{key}" for key in keys]


def test_an_alarm_keeps_its_key_and_its_text_at_the_next_look():
    one, later = (list(alarms(reading("0h s1", now), suppressed=(), escalated=())) for now in ("2h", "2h59m"))

    assert one == later
    assert all(not effect.public for effect in one)


def test_a_breach_that_rests_on_unknown_time_is_written_as_such():
    history = History(
        created_at=MONDAY, events=events("0h s1"), unknown=((MONDAY + after("1h"), MONDAY + after("2h")),)
    )
    found = take_reading(history, PROMISE, ClockBasis(), MONDAY + after("3h"))

    doubt, _ = alarms(found, suppressed=(), escalated=())

    assert doubt.key == f"clock:{found.clocks[0].breach_key}:doubtful"
    assert doubt.text.startswith("Acknowledgement may be breached: it was due at 2026-11-16 02:00Z")
    assert "nothing is known of what happened from 2026-11-16 00:00Z to 2026-11-16 01:00Z" in doubt.text
    assert "- Acknowledgement: perhaps breached" in standing_comment(found, None, found.clocks[0].read_at).comment.text


def test_an_alarm_names_the_milestone_the_cycle_and_the_instants():
    happened = "0h s1, 30m reply, 1h reply, 5h message"
    (risk,) = alarms(reading(happened, "7h"), suppressed=(), escalated=())
    (breach,) = alarms(reading(happened, "13h"), suppressed=(), escalated=())

    assert risk.text == (
        "Determination, round 2 is at risk: its target passed at 2026-11-16 06:00Z, it is due at 2026-11-16 12:00Z."
    )
    assert breach.text == "Determination, round 2 is breached: it was due at 2026-11-16 12:00Z."


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
                "  used 30 min, paused 0 min, left 2 h 30 min, met at 2026-11-15 23:30Z",
                "- Determination: at risk",
                "  used 2 h, paused 0 min, left 6 h, due at 2026-11-16 07:00Z",
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

    _, *shown, last = [line for line in text.splitlines() if not line.startswith("  ")]
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
