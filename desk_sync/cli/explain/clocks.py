"""A ticket's clocks and escalations for a person, in the zone of the reader."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from operator import itemgetter

from desk_sync import time_zones
from desk_sync.cli.explain.facts import ExplainedTicket
from desk_sync.cli.explain.zone import ReadingZone
from desk_sync.cli.output import print_line, table
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.escalation.ladder import Ladder
from desk_sync.domain.format import format_duration


def print_clocks(ticket: ExplainedTicket) -> None:
    """Print each clock with its reasons and its history span by span."""
    for clock in (clocks := ticket.history.clocks(ticket.now)):
        print_line()
        _print_clock(clock, ticket.zone)
    if clocks:
        print_line(f"\nlocal times by the time zone database IANA {time_zones.version()}")


def print_escalation(ticket: ExplainedTicket) -> None:
    """Print the levels that were raised, and the ladder that started last."""
    state, zone = ticket.history.memory.escalation.state, ticket.zone
    for step in state.raised:
        roles = ", ".join(step.roles) or "no role"
        print_line(f"\n{zone.format(step.at)}  level {step.level} was raised because of {step.because}; roles: {roles}")
    if state.ladder:
        _print_ladder(state.ladder, zone)


def print_comparison(then: Iterable[Clock], today: Iterable[Clock], zone: ReadingZone) -> None:
    """Print the clocks as judged then beside the clocks as judged now."""
    before, after = ({clock.key: clock for clock in clocks} for clocks in (then, today))
    keys = dict.fromkeys((*before, *after))
    rows = [[key, *_cells(before.get(key), zone), *_cells(after.get(key), zone)] for key in keys]
    print_line()
    table(["clock", "as judged then", "due", "as judged now", "due"], rows)


def _cells(clock: Clock | None, zone: ReadingZone) -> tuple[str, str]:
    return (clock.state, zone.format(clock.due_at)) if clock else ("no such clock", "")


def _print_ladder(ladder: Ladder, zone: ReadingZone) -> None:
    """Print the levels of the ladder that started last, which were frozen with it (decision 41)."""
    levels = ", ".join(f"{rung.level} {_wait(rung.wait)}" for rung in ladder.rungs)
    print_line(f"\nthe ladder of {ladder.because} since {zone.format(ladder.started_at)}: levels {levels}")
    print_line(f"  frozen when it started, by the mapping {ladder.policy_version or 'of then'}; not with its clock")


def _wait(wait: timedelta) -> str:
    return f"after {format_duration(wait)}" if wait else "at once"


def _print_clock(clock: Clock, zone: ReadingZone) -> None:
    """Print a clock's state, its reasons, and its history span by span."""
    round_ = f", round {clock.round}" if clock.round > 1 else ""
    met = f", met at {zone.format(clock.met_at)}" if clock.met_at else ""
    used, paused = format_duration(clock.used), format_duration(clock.paused)
    print_line(f"{clock.milestone}{round_}: {clock.state}{met}; used {used}, paused {paused}")
    if clock.target_at or clock.due_at:
        print_line(f"  target {zone.format(clock.target_at)}, due {zone.format(clock.due_at)}")
    for reason in clock.reasons:
        print_line(f"  {zone.localize(str(reason))}")
    spans = [("counted", *span) for span in clock.counted] + [("paused", *pause) for pause in clock.pauses]
    for what, start, end in sorted(spans, key=itemgetter(1)):
        print_line(f"  {what:8}{zone.format(start)} – {zone.format(end)}")
