"""Virtual time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from desk_sync.simulation.virtual_time import VirtualTime

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_what_falls_on_one_instant_happens_in_the_order_in_which_it_was_put_in():
    agenda, seen = VirtualTime(START), []
    for name in "abc":
        agenda.put(START + HOUR, lambda name=name: seen.append(name))
    agenda.put(START, lambda: seen.append("first"))

    agenda.move_to(START + HOUR)
    agenda.run_due()

    assert (seen, agenda.next_at) == (["first", "a", "b", "c"], None)


def test_nothing_happens_before_its_time():
    agenda, seen = VirtualTime(START), []
    agenda.put(START + HOUR, lambda: seen.append("later"))

    agenda.run_due()

    assert (seen, agenda.next_at) == ([], START + HOUR)


def test_sleeping_lets_time_pass_and_time_never_goes_back():
    agenda = VirtualTime(START)

    agenda.sleep(90)
    agenda.move_to(START)

    assert (agenda.now(), agenda.monotonic()) == (START + timedelta(seconds=90), 90.0)
