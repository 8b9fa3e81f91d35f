"""Due dates by businesstimedelta and by pandas: questions as JSON on standard input, answers and seconds on the output.

Instants are ISO 8601. The answer is None for a case that a library cannot express or does not answer.
"""

import json
import signal
import sys
from datetime import datetime, time, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import businesstimedelta
import pandas as pd
import pytz

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = 2  # seconds for a case


class Libraries:
    @staticmethod
    def businesstimedelta(calendar):
        """Hours may differ from day to day, and run over midnight; no dates of their own."""
        zone = pytz.timezone(calendar["tz"])
        rules = [
            businesstimedelta.WorkDayRule(_clock(opens), _clock(closes), [DAYS.index(day)], tz=zone)
            for day, hours in calendar["weekly"].items()
            for opens, closes in hours
        ]
        holidays = {datetime.fromisoformat(day).date(): "holiday" for day in calendar.get("holidays", ())}
        if calendar.get("overrides"):
            raise NotImplementedError
        rules += [businesstimedelta.HolidayRule(holidays, tz=zone)] if holidays else []
        hours = businesstimedelta.Rules(rules)
        amount = businesstimedelta.BusinessTimeDelta
        return lambda start, seconds: start + amount(hours, timedelta=timedelta(seconds=seconds))

    @staticmethod
    def pandas(calendar):
        """The same hours on every open day, over midnight too; whole hours; no dates of their own."""
        weekly = {day: tuple(map(tuple, hours)) for day, hours in calendar["weekly"].items() if hours}
        if calendar.get("overrides") or len(set(weekly.values())) != 1:
            raise NotImplementedError
        opens, closes = zip(*next(iter(weekly.values())), strict=True)
        hour = pd.offsets.CustomBusinessHour(
            weekmask=" ".join(day.capitalize() for day in weekly),
            holidays=list(calendar.get("holidays", ())),
            start=list(opens),
            end=["00:00" if edge == "24:00" else edge for edge in closes],
        )

        def due(start, seconds):
            hours, rest = divmod(seconds, 3600)
            if rest:
                raise NotImplementedError
            return pd.Timestamp(start) + hour * int(hours)

        return due


def _clock(text):
    return time.max if text == "24:00" else time.fromisoformat(text)


def _answer(library, case):
    """Return the library's answer in UTC; None without one."""

    def give_up(*_):
        raise TimeoutError

    if case["pauses"]:
        return None
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LONGEST)
    try:
        start = datetime.fromisoformat(case["start"]).astimezone(ZoneInfo(case["calendar"]["tz"]))
        found = library(case["calendar"])(start, case["duration_s"])
        return found.astimezone(ZoneInfo("UTC")).isoformat().replace("+00:00", "Z")
    except Exception:  # noqa: BLE001
        # Any error of a library counts as no answer.
        return None
    finally:
        signal.alarm(0)


def main():
    request = json.load(sys.stdin)
    zone = ZoneInfo(request["calendar"]["tz"])
    starts = [(datetime.fromisoformat(start).astimezone(zone), seconds) for start, seconds in request["questions"]]
    results = {}
    for name in ("businesstimedelta", "pandas"):
        library = getattr(Libraries, name)
        due = library(request["calendar"])
        for question in (min(starts), max(starts)):
            due(*question)
        began = perf_counter()
        answers = [due(*question) for question in starts]
        results[name] = {
            "seconds": (perf_counter() - began) / len(starts),
            "due": [each.astimezone(ZoneInfo("UTC")).isoformat() for each in answers],
            "cases": {case["id"]: _answer(library, case) for case in request["cases"]},
        }
    json.dump(results, sys.stdout)


main()
