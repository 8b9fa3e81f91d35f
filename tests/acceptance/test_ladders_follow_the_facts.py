"""What happens to a ladder when the facts change: each level to the second, the notes on stops, and what is public.

Each scenario begins on Monday 2026-11-16 at 08:00Z with a defect of severity 1, which no person answers: the
acknowledgement is due after 3 hours, the determination after 8. Instants are hours after the beginning.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from desk_sync.simulation import simulate

CASES = Path(__file__).parents[1] / "cases" / "clocks"
START = datetime(2026, 11, 16, 8, tzinfo=UTC)
A, D, R, O = "acknowledgement", "determination", "resolution", "overrun"  # noqa: E741


def close(at, until):
    return [{"at": at, "close": True}, {"at": until, "reopen": True}]


def bin_(at, until):
    return [{"at": at, "trash": True}, {"at": until, "restore": True}]


def put(at, **values):
    return [{"at": at, "set": values}]


def reply(*instants):
    return [{"at": at, "agent_reply": "We are looking into it."} for at in instants]


LEVEL_1 = [(A, 1, 3)]
FOUR = [(A, 1, 3), (A, 2, 5), (A, 3, 9), (A, 4, 17)]
CASES_OF = {
    # closed, and reopened
    "closed twice": (20, [*close(4, 4.25), *close(4.5, 5)], [(A, 1, 3), (A, 2, 5.75), (A, 3, 9.75), (A, 4, 17.75)], []),
    "closed before level 1": (8, close(2, 4), [(A, 1, 5), (A, 2, 7)], []),
    "on hold, then closed": (
        8,
        [*put(3.5, status="On Hold"), *close(4.5, 5)],
        [(A, 1, 3), (A, 2, 6.5)],
        [],
    ),
    "closed, then into the bin, and back": (
        8,
        [{"at": 4, "close": True}, *bin_(4.5, 5), {"at": 5.5, "reopen": True}],
        [(A, 1, 3), (A, 2, 6.5)],
        [],
    ),
    "reopened just within a day": (30, close(4, 27.9), [(A, 1, 3), (A, 2, 28.9)], []),
    "reopened after a day": (34, close(4, 28), LEVEL_1, []),
    "binned for a day": (36, bin_(4, 29), [*LEVEL_1, (D, 1, 33), (D, 2, 35)], []),
    "answered while it was closed": (
        14,
        [*close(4, 5), *reply(4.5)],
        LEVEL_1,
        [],
    ),
    "spam": (20, [{"at": 4, "spam": True}], LEVEL_1, []),
    # the reason goes
    "severity 1, 3, 1 before the next level": (
        10,
        [*put(3.5, severity=3), *put(4, severity=1)],
        FOUR[:3],
        [3.5],
    ),
    "severity 1, 3, 1 after it": (
        11,
        [*put(3.5, severity=3), *put(6, severity=1)],
        [(A, 1, 3), (A, 2, 6), (A, 3, 10)],
        [3.5],
    ),
    "severity 1, 3, 1, 3": (
        20,
        [*put(3.5, severity=3), *put(4, severity=1), *put(5.5, severity=3)],
        FOUR[:2],
        [3.5, 5.5],
    ),
    "defect, feature request, defect": (
        10,
        [*put(3.5, issue_type="Feature request"), *put(4, issue_type="Defect")],
        FOUR[:3],
        [3.5],
    ),
    "severity lowered on hold, and broken again later": (
        28,
        [*put(3.5, status="On Hold"), *put(4, severity=3), *put(4.5, status="Open")],
        [(A, 1, 3), (A, 1, 25), (A, 2, 27)],
        [4],
    ),
    "severity lowered while closed": (8, [*close(4, 6), *put(5, severity=3)], LEVEL_1, [5]),
    "a determination that is not broken any more": (
        20,
        [*reply(1), *put(9, severity=3)],
        [(D, 1, 8)],
        [9],
    ),
    "severity lowered after a reply had stopped it": (10, [*reply(4), *put(5, severity=3)], LEVEL_1, []),
    "what the next level tells of": (20, [], FOUR, []),
}
NOT_SEVERE = {"severity": 2}
AFRESH, LONG = {"mapping": "mapping-restart.yaml"}, {"mapping": "mapping-overrun.yaml", "issue_type": "outage"}
LARGE = {"accounts": "accounts.csv", "severity": None, "fields": {"customer_primary_email": "admin@big.example"}}
OTHERS = {
    "broken by an edit on hold": (
        9,
        [*put(4, status="On Hold"), *put(5, severity=1), *put(6, status="Open")],
        [(A, 1, 6), (A, 2, 8)],
        [],
        NOT_SEVERE,
    ),
    "broken by an edit in closed time, and mended": (
        9,
        [*close(4, 6), *put(5, severity=1), *put(5.5, severity=2)],
        [],
        [],
        NOT_SEVERE,
    ),
    "counted afresh twice": (
        20,
        [*close(4, 5), *close(9, 10)],
        [(A, 1, 3), (A, 1, 8), (A, 1, 13), (A, 2, 15), (A, 3, 19)],
        [5, 10],
        AFRESH,
    ),
    "an overrun after a reopening": (26, [*reply(1, 1.5), *close(5, 20)], [(O, 1, 23), (O, 2, 25)], [], LONG),
    "an overrun on hold at its end": (
        20,
        [*reply(1, 1.5), *put(7.5, status="On Hold"), *put(10, status="Open")],
        [(O, 1, 10.5), (O, 2, 12.5), (O, 3, 16.5)],
        [],
        LONG,
    ),
    "an overrun that is none any more": (12, [*reply(1, 1.5), *put(9, issue_type="Defect")], [(O, 1, 8)], [9], LONG),
    "an overrun closed after level 1": (20, [*reply(1, 1.5), *close(9, 9.5)], [(O, 1, 8)], [], LONG),
    "a resolution that was solved and reopened": (60, [*reply(0.5, 0.6), *close(50, 52)], [(R, 1, 48)], [], LARGE),
    "a resolution that another ladder told of with a further level": (
        56,
        [*reply(0.5, 0.6), {"at": 37, "customer_reply": "When?"}, *reply(53)],
        [(D, 1, 45), (D, 2, 47), (D, 3, 51), (R, 1, 53)],
        [],
        LARGE,
    ),
    "a resolution solved while another ladder runs": (
        56,
        [*reply(0.5, 0.6), {"at": 37, "customer_reply": "When?"}, {"at": 49, "close": True}],
        [(D, 1, 45), (D, 2, 47)],
        [],
        LARGE,
    ),
}


def run(tmp_path, until, steps, **ticket):
    files = {name: str(CASES / ticket.pop(name)) for name in ("mapping", "accounts") if name in ticket}
    ticket = {
        name: value
        for name, value in (
            {"key": "t1", "partner": {"country": "DE"}, "issue_type": "defect", "severity": 1} | ticket
        ).items()
        if value
    }
    scenario = {
        "start": "2026-11-16T08:00:00Z",
        "until": f"+{round(until * 60)}m",
        "tickets": [ticket],
        "steps": [
            {**step, "at": f"+{round(step['at'] * 60)}m", "ticket": "t1"}
            for step in sorted(steps, key=lambda step: step["at"])
        ],
        **files,
    }
    file = tmp_path / "scenario.yaml"
    file.write_text(yaml.safe_dump(scenario))
    return simulate(file)["tickets"]["t1"]


def hours(text):
    return round((datetime.fromisoformat(text) - START) / timedelta(hours=1), 4)


def levels(found):
    return [(str(each["because"]), each["level"], hours(each["at"])) for each in found["escalations"]]


def stops(found):
    return [hours(each["at"]) for each in found["comments"] if not each["public"] and " stopped at " in each["text"]]


@pytest.mark.parametrize("name", [*CASES_OF, *OTHERS])
def test_a_ladder_follows_the_facts(name, tmp_path):
    until, steps, raised, stopped, *ticket = (CASES_OF | OTHERS)[name]

    found = run(tmp_path, until, steps, **(ticket[0] if ticket else {}))

    assert levels(found) == raised
    assert stops(found) == stopped
    public = [each for each in found["comments"] if each["public"]]
    assert [hours(each["at"]) for each in public] == [at for _, _, at in raised]
    assert [f"level {level}" in each["text"] for each, (_, level, _) in zip(public, raised, strict=True)] == [
        True for _ in raised
    ]
