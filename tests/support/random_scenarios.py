"""Random scenarios for the invariants: odd calendars, people's edits, programs, exports, and deliveries that misbehave.

The same seed gives the same scenario. Instants are whole seconds, many of them shared.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import yaml

MAPPING = Path(__file__).parents[1] / "cases" / "clocks" / "mapping-vancouver.yaml"
ADDRESSES = ("admin@big.example", "admin@grow.example", "admin@small.example")
ACCOUNTS = Path(__file__).parents[1] / "cases" / "clocks"
ZONES = (
    "Europe/Berlin",
    "America/Vancouver",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/St_Johns",
    "Pacific/Chatham",
    "Asia/Dubai",
)
OFFICE = "09:00-17:00"
WEEKS = (
    dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE),
    dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "00:00-24:00"),
    dict.fromkeys(("sun", "mon", "tue", "wed", "thu"), "08:30-17:30"),
    dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "22:00-06:00"),
    dict.fromkeys(("mon", "wed", "fri"), "08:00-12:00, 13:00-17:00"),
)
STARTS = (
    "2026-11-16T08:00:00Z",
    "2026-10-23T20:00:00Z",  # before clocks go back in Europe
    "2026-03-27T20:00:00Z",  # and forward
    "2026-10-02T12:00:00Z",  # and forward on Lord Howe, by half an hour
    "2026-12-31T12:00:00Z",
)


def write(folder: Path, seed: int) -> Path:
    """Write the scenario of a seed with the files that it names; return its path."""
    chance = random.Random(seed)
    mapping = yaml.safe_load(MAPPING.read_text())
    mapping["calendars"] = {
        "hours": chance.choice(WEEKS),
        "regions": {"EUROPE_UK": {"zone": chance.choice(ZONES)}},
    }
    mapping["clocks"] |= {
        "severity_changed": chance.choice(("creation", "creation", "change")),
        "found_large_late": chance.choice(("creation", "creation", "change")),
        "reopened": chance.choice(("resume", "resume", "restart", "new_round")),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mapping.yaml").write_text(yaml.safe_dump(mapping, allow_unicode=True))
    for name in ("accounts.csv", "accounts-next.csv"):
        (folder / name).write_text((ACCOUNTS / name).read_text())
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(_scenario(chance), allow_unicode=True, sort_keys=False))
    return path


def _scenario(chance: random.Random) -> dict[str, object]:
    hours = chance.choice((6, 20, 80))
    return {
        "start": chance.choice(STARTS),
        "until": f"+{hours}h",
        "mapping": "./mapping.yaml",
        "accounts": "accounts.csv",
        "tickets": [_ticket(chance, key) for key in ("t1", "t2")[: chance.choice((1, 1, 2))]],
        "steps": list(_steps(chance, hours)),
    }


def _ticket(chance: random.Random, key: str) -> dict[str, object]:
    ticket: dict[str, object] = {"key": key, "partner": {"country": "DE"}}
    if chance.random() < 0.8:
        ticket["severity"] = chance.choice((1, 1, 2, 3))
    if chance.random() < 0.7:
        ticket["issue_type"] = chance.choice(("defect", "outage", "login", "howto", "feature_request"))
    if chance.random() < 0.4:
        ticket["fields"] = {"customer_primary_email": chance.choice(ADDRESSES)}
    return ticket


def _steps(chance: random.Random, hours: int) -> Iterator[dict[str, object]]:
    """Yield steps of people and programs on the first ticket; some are in one second."""
    at, last, in_bin = 60, hours * 3600 - 3600, False
    for _ in range(chance.randrange(1, 9)):
        at += chance.choice((0, 0, 60, 1800, 7200, 36_000))
        if at >= last:
            return
        step = {"restore": True, "ticket": "t1"} if in_bin else _act(chance)
        in_bin = "trash" in step
        yield {"at": f"+{at}s", **step}
    if chance.random() < 0.2:
        yield {
            "at": f"+{min(at, last - 1800)}s",
            "faults": {"drop": 0.3, "duplicate": 0.3, "reorder": True, "seed": chance.randrange(99)},
            "for": "20m",
        }


def _act(chance: random.Random) -> dict[str, object]:
    """Return what one step does."""
    values: dict[str, object] = {
        "status": chance.choice(("On Hold", "Open", "Escalated", "Closed")),
        "severity": chance.choice((1, 2, 3)),
        "issue_type": chance.choice(("defect", "outage", "feature_request", "howto")),
        "customer_primary_email": chance.choice(ADDRESSES),
    }
    name = chance.choice(("status", "status", "severity", "issue_type", "customer_primary_email"))
    agent = chance.choice(("agent", "colleague"))
    acts: tuple[dict[str, object], ...] = (
        {"ticket": "t1", "set": {name: values[name]}, "by": chance.choice(("agent", "colleague", "program"))},
        {"ticket": "t1", "set": {name: values[name]}, "by": agent},
        {"ticket": "t1", "agent_reply": "We are on it.", "by": chance.choice(("agent", "colleague", "program"))},
        {"ticket": "t1", "customer_reply": "Any news?"},
        {"ticket": "t1", "comment": "Seen.", "public": True, "by": chance.choice(("agent", "partner"))},
        {"ticket": "t1", "close": True},
        {"ticket": "t1", "reopen": True},
        {"ticket": "t1", "trash": True},
        {"accounts": chance.choice(("accounts.csv", "accounts-next.csv"))},
    )
    return chance.choice(acts)
