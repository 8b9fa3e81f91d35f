"""The comments about clocks: a question for each breach that rests on unknown time."""

from __future__ import annotations

from desk_sync.domain.commitment.clock_comments import doubts
from desk_sync.domain.commitment.clock_reading import take_reading
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.read_clocks import ClockBasis
from tests.support.clock_scenes import MONDAY, PROMISE, after, events


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

    def test_a_proven_alarm_is_none(self):
        assert [*doubts(reading("0h s1", "3h"), suppressed=())] == []
