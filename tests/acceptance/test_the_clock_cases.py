"""The scenarios of tests/cases/clocks through the whole product: what is right for each stands in `expected.json`.

Only what stands there is checked. Instants of clocks are compared to the second, those of escalations to a minute after
(or `within_s`). `notes` are private comments: so many of a kind whose text says something, from an instant on.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from desk_sync.simulation import simulate

CASES = Path(__file__).parents[1] / "cases" / "clocks"
EXPECTED = json.loads((CASES / "expected.json").read_text())["cases"]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_case_comes_to_its_right_end(name):
    report = simulate(CASES / f"{name}.yaml")

    wrong = {key: list(wrongs(wanted, report["tickets"][key])) for key, wanted in EXPECTED[name]["tickets"].items()}
    assert wrong == {key: [] for key in wrong}


def wrongs(wanted, found):
    """Yield what is not as wanted on one ticket."""
    for part, value in wanted.items():
        yield from CHECKS.get(part, equal)(part, value, found)


def equal(part, wanted, found):
    if found.get(part) != wanted:
        yield f"{part}: {found.get(part)!r} instead of {wanted!r}"


def fields(_, wanted, found):
    for name, value in wanted.items():
        yield from equal(name, value, found["fields"])


def clocks(_, wanted, found):
    for one in wanted:
        same = [each for each in found["clocks"] if each["milestone"] == one["milestone"]]
        nth, count = one.get("nth", 1), one.get("count", len(same))
        if len(same) < nth or len(same) != count:
            yield f"{one['milestone']}: {len(same)} clocks instead of {count}"
            continue
        for name in one.keys() - {"milestone", "nth", "count"}:
            yield from (f"{one['milestone']} {each}" for each in equal(name, one[name], same[nth - 1]))


def escalations(_, wanted, found):
    raised = [f"level {each['level']} at {each['at']} because of {each['because']}" for each in found["escalations"]]
    if len(raised) != len(wanted) or not all(map(is_it, wanted, found["escalations"])):
        yield f"escalations: {raised} instead of {wanted}"


def is_it(wanted, found):
    late = instant(found["at"]) - instant(wanted["at"])
    same = all(found[name] == wanted[name] for name in wanted.keys() - {"at", "within_s"})
    return same and timedelta() <= late <= timedelta(seconds=wanted.get("within_s", 60))


def public_comments(_, wanted, found):
    texts = [each["text"] for each in found["comments"] if each["public"]]
    if len(texts) != wanted:
        yield f"public comments: {len(texts)} instead of {wanted}"


def notes(_, wanted, found):
    for one in wanted:
        matching = [each for each in found["comments"] if not each["public"] and is_note(one, each)]
        if len(matching) != one.get("count", 1):
            yield f"notes {one}: {len(matching)} of {[(each['at'], each['kind']) for each in found['comments']]}"


def is_note(wanted, found):
    begin = instant(wanted["from"]) if "from" in wanted else None
    late = instant(found["at"]) - begin if begin else timedelta()
    timely = timedelta() <= late <= timedelta(seconds=wanted.get("within_s", 60))
    return timely and found["kind"] == wanted["kind"] and re.search(wanted["says"], found["text"], re.I) is not None


def instant(text):
    return datetime.fromisoformat(text)


CHECKS = {
    "fields": fields,
    "clocks": clocks,
    "escalations": escalations,
    "public_comments": public_comments,
    "notes": notes,
}
