"""One due date: the same questions for the product's calendar, the usual libraries, and a loop over days."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from bench import environment
from desk_sync.adapters.mapping.calendar_questions import CalendarQuestion
from desk_sync.domain.commitment.calendar import WEEKDAYS

CASES = json.loads((Path(__file__).parents[1] / "tests" / "cases" / "calendar" / "cases.json").read_text())["cases"]
PEER = Path(__file__).with_name("peers") / "due_dates.py"
PRODUCT, DAY_LOOP = "desk-sync", "a loop over days"
OFFICE: dict[str, Any] = {
    "tz": "Europe/Berlin",
    "weekly": {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]},
    # businesstimedelta fails after the last of its holidays.
    "holidays": ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25", "2027-01-01", "2027-12-25"],
}
DAY = timedelta(days=1)
SHORTEST = 0.3  # seconds of a measurement; the libraries take longer for one pass

Question = tuple[datetime, int]
Due = Callable[[datetime, timedelta], datetime | None]


@dataclass(frozen=True)
class DueRound:
    """The figures of one method in one round: seconds for a due date, and its answers."""

    seconds: float
    due: Sequence[datetime]
    cases: Mapping[str, str | None]


def run(full: bool) -> None:
    rounds, count = (9, 2000) if full else (5, 500)
    questions = _questions(count)
    print(f"Peers: {environment.versions()}")
    print(f"{rounds} rounds of {count} due dates, 1 to 48 business hours from any minute of 2026, Monday to Friday")
    print(f"09:00–17:00 in Berlin, with holidays; then the {len(CASES)} worked cases\n")
    found: dict[str, list[DueRound]] = {}
    for number in range(rounds):
        for answer in (_ours, _peers) if number % 2 == 0 else (_peers, _ours):
            for name, result in answer(questions).items():
                found.setdefault(name, []).append(result)
    _print_row(found)


def _questions(count: int) -> list[Question]:
    chance = random.Random(5)  # noqa: S311
    new_year = datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    return [
        ((new_year + timedelta(minutes=chance.randrange(360 * 24 * 60))).astimezone(UTC), 3600 * chance.randint(1, 48))
        for _ in range(count)
    ]


def _ours(questions: Sequence[Question]) -> dict[str, DueRound]:
    calendar = CalendarQuestion.model_validate(OFFICE)
    methods: dict[str, Callable[[CalendarQuestion], Due]] = {PRODUCT: lambda each: each.build().due, DAY_LOOP: day_loop}
    return {name: _timed(method(calendar), questions, _cases(method)) for name, method in methods.items()}


def _timed(due: Due, questions: Sequence[Question], cases: Mapping[str, str | None]) -> DueRound:
    """Time the questions. The earliest and the latest come before, because a calendar caches its days for good."""
    amounts = [(start, timedelta(seconds=seconds)) for start, seconds in questions]
    for question in (min(amounts), max(amounts)):
        due(*question)
    passes, began = 0, perf_counter()
    while perf_counter() < began + SHORTEST:
        answers = [due(*question) for question in amounts]
        passes += 1
    seconds = (perf_counter() - began) / (passes * len(amounts))
    return DueRound(seconds, [each for each in answers if each], cases)


def _cases(method: Callable[[CalendarQuestion], Due]) -> dict[str, str | None]:
    """Return the answers to the worked cases; the loop over days supports no pauses."""
    results: dict[str, str | None] = {}
    for case in CASES:
        start, amount = datetime.fromisoformat(case["start"]), timedelta(seconds=case["duration_s"])
        calendar = CalendarQuestion.model_validate(case["calendar"])
        pauses = [(_instant(begins), _instant(ends)) for begins, ends in case["pauses"]]
        due = calendar.build().due(start, amount, pauses) if method is not day_loop else None
        if method is day_loop and not pauses:
            due = day_loop(calendar)(start, amount)
        results[case["id"]] = due.isoformat().replace("+00:00", "Z") if due else None
    return results


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def day_loop(calendar: CalendarQuestion) -> Due:
    """Return a function that goes through the hours day by day until the amount is used up: without a library."""
    zone, tomorrow = ZoneInfo(calendar.tz), time(0)

    def edge(day: date, since: timedelta) -> datetime:
        local = datetime.combine(day, tomorrow) + since
        return local.replace(tzinfo=zone).astimezone(UTC)

    def due(start: datetime, amount: timedelta) -> datetime | None:
        start, day = start.astimezone(UTC), start.astimezone(zone).date()
        for _ in range(800):
            hours = calendar.overrides.get(day, calendar.weekly.get(WEEKDAYS[day.weekday()], ()))
            for each in () if day in calendar.holidays else sorted(hours, key=lambda shift: shift.opens):
                opens, closes = max(start, edge(day, each.opens)), edge(day, each.closes)
                if opens < closes:
                    if amount <= closes - opens:
                        return opens + amount
                    amount -= closes - opens
            day += DAY
        return None

    return due


def _peers(questions: Sequence[Question]) -> dict[str, DueRound]:
    amounts = [(start.isoformat(), seconds) for start, seconds in questions]
    request = {"calendar": OFFICE, "questions": amounts, "cases": CASES}
    done = subprocess.run(
        [environment.peers() / "python", PEER], input=json.dumps(request), stdout=subprocess.PIPE, text=True, check=True
    )
    return {
        name: DueRound(results["seconds"], [datetime.fromisoformat(each) for each in results["due"]], results["cases"])
        for name, results in json.loads(done.stdout).items()
    }


def _print_row(found: Mapping[str, list[DueRound]]) -> None:
    ours = found[PRODUCT]
    print("| | µs each | this : product | same answers | worked cases right | answered |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, rounds in found.items():
        micro = median(each.seconds for each in rounds) * 1e6
        slower = median(peer.seconds / product.seconds for product, peer in zip(ours, rounds, strict=True))
        last = rounds[-1]
        same = sum(one == other for one, other in zip(ours[-1].due, last.due, strict=True)) / len(last.due)
        right = sum(last.cases[case["id"]] == case["due"] for case in CASES)
        answered = sum(last.cases[case["id"]] is not None or case["due"] is None for case in CASES)
        print(
            f"| {name} | {micro:.1f} | {slower:,.1f} | {same:.0%} | {right} of {len(CASES)} | {answered} |", flush=True
        )
    print()
