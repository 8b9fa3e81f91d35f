"""What must hold in every scenario holds in those of the cases; and each check can fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from desk_sync import simulation
from desk_sync.cli import simulate as command
from desk_sync.domain.commitment.clock import ClockState
from desk_sync.domain.commitment.history import History
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.ladder import LadderCause, RaisedLevel
from desk_sync.simulation.invariants import clocks, texts
from tests.support.clock_scenes import HOUR, MONDAY, events, read
from tests.support.ladders import START, ladder, raised

CASES = Path(__file__).parents[1] / "cases"
SCENARIOS = sorted(
    path
    for folder in ("clocks", "scenarios")
    for path in (CASES / folder).glob("*.yaml")
    if not path.name.startswith("mapping-") and not path.name.endswith(".outcome.yaml")
)
FIRST, CLOCK = raised(1, START), ladder(about="acknowledgement:a")
LEVEL = RaisedLevel(ladder="acknowledgement:1", because=LadderCause.ACKNOWLEDGEMENT, level=1, at=MONDAY + 3 * HOUR)


@pytest.mark.parametrize("file", [pytest.param(path, id=path.stem) for path in SCENARIOS])
def test_they_hold_in_the_scenario(file):
    assert simulation.check(file)["broken"] == []


@pytest.mark.parametrize("faults", ["", "  - {at: +30m, faults: {drop: 1}, for: 2h}\n"], ids=["told", "never told"])
def test_a_ticket_in_the_bin_is_found_there_by_its_delivery_or_its_next_look(faults, tmp_path):
    """No list of Desk shows a ticket in the bin, so that no sweep finds it after a lost delivery."""
    file = tmp_path / "binned.yaml"
    steps = f"steps:\n  - {{at: +1h, ticket: t1, trash: true}}\n{faults}"
    file.write_text(f"start: 2026-10-02T12:00:00Z\nuntil: +3h\ntickets: [{{key: t1, severity: 3}}]\n{steps}")

    assert simulation.check(file)["broken"] == []


def test_the_command_ends_with_the_first_that_is_broken(monkeypatch, capsys):
    report = {"tickets": {}, "broken": ["the first", "the second"]}
    monkeypatch.setattr(simulation, "check", lambda file, host_clock: report)

    with pytest.raises(SystemExit) as ended:
        command.simulate([Path("one.yaml")], as_json=True, check=True)

    assert str(ended.value).startswith("error: one.yaml: the first\nhint: ")
    assert '"the second"' in capsys.readouterr().out


class TestEachIsSeen:
    """A check that cannot fail is none."""

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"used": HOUR}, id="time is lost"),
            pytest.param({"paused": 2 * HOUR}, id="time is counted twice"),
            pytest.param({"pauses": ()}, id="a pause is forgotten"),
        ],
    )
    def test_time_that_does_not_add_up(self, change):
        (first, *_) = read("0h s1, 1h paused, 2h open", "3h")

        assert list(clocks.wrong_sums([first])) == []
        assert len(list(clocks.wrong_sums([replace(first, **change)]))) == 1

    @pytest.mark.parametrize(
        ("now", "because", "wrong"),
        [
            pytest.param("2h", LadderCause.ACKNOWLEDGEMENT, True, id="not yet"),
            pytest.param("3h", LadderCause.ACKNOWLEDGEMENT, False, id="breached"),
            pytest.param("3h", LadderCause.DETERMINATION, True, id="another is"),
            pytest.param("3h", LadderCause.RESOLUTION, True, id="no such clock"),
            pytest.param("2h", LadderCause.SECURITY, False, id="names no clock"),
        ],
    )
    def test_a_level_without_a_breach(self, now, because, wrong):
        assert bool(clocks.groundless(replace(LEVEL, because=because), read("0h s1", now))) is wrong

    @pytest.mark.parametrize(
        ("happened", "levels", "count"),
        [
            pytest.param("0h s1", [], 1, id="none was raised"),
            pytest.param("0h s1", [LEVEL], 0, id="a level since"),
            pytest.param("0h s1", [replace(LEVEL, at=MONDAY + 2 * HOUR)], 1, id="an earlier one is of another"),
            pytest.param("0h s1, 4h reply", [], 0, id="answered late"),
            pytest.param("0h s1, 2h reply", [], 0, id="met"),
        ],
    )
    def test_a_breach_without_a_level(self, happened, levels, count):
        history = History(created_at=MONDAY, events=events(happened))

        seen = clocks.unraised(read(happened, "5h"), history, levels, MONDAY + 5 * HOUR)

        assert len(list(seen)) == count

    @pytest.mark.parametrize(
        ("state", "climbs"),
        [
            pytest.param({}, False, id="there is none"),
            pytest.param({"ladder": ladder(), "raised": (FIRST,)}, True, id="a level is to come"),
            pytest.param({"ladder": ladder(), "raised": (FIRST,), "lapsed": {ladder().key}}, False, id="no reason"),
            pytest.param({"ladder": ladder(), "raised": (raised(4, START),)}, False, id="it has told its last level"),
            pytest.param({"ladder": ladder()}, False, id="a level is overdue"),
        ],
    )
    def test_a_ladder_that_tells_of_the_breach_later(self, state, climbs):
        history = History(created_at=START)

        assert clocks.is_climbing(EscalationState(**state), history, START + HOUR) is climbs

    @pytest.mark.parametrize(
        ("state", "exhausted"),
        [
            pytest.param({}, "", id="no ladder"),
            pytest.param({"ladder": CLOCK, "raised": (raised(3, START),)}, "", id="a level is to come"),
            pytest.param({"ladder": CLOCK, "raised": (raised(4, START),)}, "acknowledgement:a", id="all levels"),
            pytest.param({"ladder": CLOCK, "raised": (raised(4, START),), "lapsed": {CLOCK.key}}, "", id="no reason"),
        ],
    )
    def test_a_clock_of_which_all_levels_are_raised(self, state, exhausted):
        assert clocks.exhausted_clock(EscalationState(**state)) == exhausted

    def test_a_met_milestone_that_became_late(self):
        met = [each for each in read("0h s3, 4h reply", "5h") if each.state is ClockState.MET]

        assert list(clocks.became_late(met, read("0h s3, 4h reply, 5h s1", "6h"))) == []
        assert len(list(clocks.became_late(met, read("0h s1, 4h reply", "6h")))) == 1

    def test_a_text_that_is_written_twice(self):
        assert list(texts.repeated(["one", "two", "one"])) == ["one"]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            pytest.param("Your request is at level 1.", False, id="nothing of it"),
            pytest.param("Your request is at level 1. [ds-0123456789ab]", True, id="a reference at the end"),
            pytest.param("ds-0123456789ab", True, id="a bare one"),
        ],
    )
    def test_a_mark_in_public(self, text, found):
        assert list(texts.marked([text])) == ([text] if found else [])

    def test_a_second_note(self):
        kept, other = "Severity 1: … [ds-0123456789ab]", "Escalation level 1 [ds-ba9876543210]"

        assert texts.carrying([kept, other, kept], "ds-0123456789ab") == [kept, kept]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            pytest.param("Your ticket is at level 1.", False, id="nothing of it"),
            pytest.param("You have enough licences.", True, id="the word"),
            pytest.param("Sie haben Lizenzen.", True, id="in German"),
            pytest.param("There are 88.", True, id="the figure"),
            pytest.param("Ticket #88 at 11:88, 2026-88-88", False, id="other figures"),
        ],
    )
    def test_licences_in_public(self, text, found):
        assert list(texts.about_licences([text], [88, 3])) == ([text] if found else [])
