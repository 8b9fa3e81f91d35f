"""A portal whose edition has no webhooks: sweeps alone lead to the state that deliveries lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.counts import count

TICKETS = count(50, 500)
BIG = "fields: {customer_primary_email: admin@big.example}"
OPENED = (
    f"severity: 2, {BIG}",
    f"severity: 1, partner: {{country: DE}}, {BIG}",
    f"severity: 3, issue_type: defect, partner: {{country: IN}}, {BIG}",
    "severity: 2, fields: {customer_primary_email: who@unknown.example}",
    "severity: 2",
)
LIVES = (
    (),
    ("+30m|agent_reply: Hello", "+90m|customer_reply: Still broken"),
    ("+1h|set: {status: On Hold}, by: agent",),
    ("+1h|set: {severity: S3-Minimal}, by: agent",),
    ("+2h|set: {customer_primary_email: boss@other-big.example}, by: agent",),
    ("+40m|agent_reply: Solved", "+1h|close: true"),
    ("+1h|close: true", "+2h|reopen: true"),
)


def scenario(faults: str) -> str:
    """Return a scenario of many tickets, opened over an hour, whose lives differ from one to the next."""
    return "\n".join(["until: +5h", "accounts: accounts.csv", "tickets:", *tickets(), "steps:", faults, *steps()])


def tickets() -> Iterator[str]:
    for number in range(TICKETS):
        yield f"  - {{key: t{number}, at: +{1 + number % 25}m, {OPENED[number % len(OPENED)]}}}"


def steps() -> Iterator[str]:
    for number in range(TICKETS):
        for step in LIVES[number % len(LIVES)]:
            at, what = step.split("|")
            yield f"  - {{at: {at}, ticket: t{number}, {what}}}"


def end_state(report: dict[str, Any]) -> dict[str, Any]:
    """Return the state of each ticket at the end, without the instants at which we learned of it."""
    return {key: state(ticket) for key, ticket in report["tickets"].items()}


def state(ticket: dict[str, Any]) -> dict[str, Any]:
    clocks = [{name: each[name] for name in ("milestone", "state", "due_at")} for each in ticket["clocks"]]
    levels = [(each["level"], each["because"]) for each in ticket["escalations"]]
    return {
        "fields": ticket["fields"],
        "status": ticket["status"],
        "decision": ticket["decision"] and ticket["decision"]["decision"],
        "clocks": clocks,
        "levels": levels,
    }


@pytest.mark.crowd
@pytest.mark.timeout(1800)
def test_the_end_state_is_that_of_a_portal_with_webhooks(run):
    swept = run(scenario("  - {at: +0m, faults: {drop: 1}, for: 5h}"))
    delivered = run(scenario("  - {at: +0m, faults: {drop: 0}, for: 5h}"))

    assert swept["deliveries"]["accepted"] == 0
    assert delivered["deliveries"]["dropped"] == 0
    assert end_state(swept) == end_state(delivered)
