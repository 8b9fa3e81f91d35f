"""Steps in which the product's database comes back old, or is lost, and Redis with it (L2, L6, L7)."""

from __future__ import annotations

import pytest

TEXT = """
until: +80h
accounts: accounts.csv
tickets: [{key: t1, issue_type: defect, partner: {country: DE}, fields: {customer_primary_email: admin@big.example}}]
steps:
  - {at: +2h, ticket: t1, set: {large_user: false}, by: agent}
"""
BROKEN = {
    "restored": ["{at: +8h, database: restored, as_of: +1h}"],
    "restored twice": ["{at: +8h, database: restored, as_of: +1h}", "{at: +70h, database: restored, as_of: +8h30m}"],
    "lost": ["{at: +8h, database: lost}"],
    "restored, Redis lost": ["{at: +8h, database: restored, as_of: +1h}", "{at: +8h, redis: lost}"],
}


def what_people_see(document):
    ticket = document["tickets"]["t1"]
    seen = {name: ticket[name] for name in ("fields", "status", "escalations", "clocks")}
    return seen | {"comments": [(each["at"], each["public"], each["kind"]) for each in ticket["comments"]]}


@pytest.mark.parametrize("steps", [pytest.param(steps, id=name) for name, steps in BROKEN.items()])
def test_people_see_what_they_would_have_seen(run, steps):
    undisturbed = run(TEXT)
    broken = run(TEXT + "".join(f"  - {step}\n" for step in steps))

    assert what_people_see(broken) == what_people_see(undisturbed)
    assert undisturbed["tickets"]["t1"]["fields"]["large_user"] is False
    assert [each["level"] for each in undisturbed["tickets"]["t1"]["escalations"]] == [1, 2, 3, 4]


LOWERED = """
until: +167h
tickets: [{key: t1, at: +71h, issue_type: defect, severity: 1, partner: {country: DE}}]
steps:
  - {at: +102h, ticket: t1, agent_reply: We look into it.}
  - {at: +120h, ticket: t1, set: {severity: 2}, by: agent}
"""


@pytest.mark.parametrize("step", ["{at: +129h, database: lost}", "{at: +129h, database: restored, as_of: +72h}"])
def test_the_ladders_before_and_after_a_lowered_severity_go_on_as_if_nothing_had_been_forgotten(run, step):
    broken = run(f"{LOWERED}  - {step}\n")

    assert what_people_see(broken)["escalations"] == what_people_see(run(LOWERED))["escalations"]
    raised = [(each["because"], each["level"]) for each in broken["tickets"]["t1"]["escalations"]]
    assert raised == [(because, level) for because in ("acknowledgement", "determination") for level in (1, 2, 3, 4)]


def test_sweeps_are_counted(run):
    document = run("""
        until: +3h
        tickets: [{key: t1, at: +1h}]
        steps:
          - {at: +30m, faults: {drop: 1}, for: 2h}
          - {at: +59m, faults: {status: 500, calls: ["GET /tickets/search"]}, for: 10m}
    """)

    assert document["sweeps"]["failed"] > 0
    assert (document["sweeps"]["ok"] > 0, document["sweeps"]["missed"]) == (True, 1)
    assert document["credits_per_ticket"] == document["desk"]["credits"]
