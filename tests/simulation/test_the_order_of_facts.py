"""L18: the same facts come to the same end, in whatever order they became known: fields, clocks, levels.

A person's severity stands where it is against ours and later than it (L7), so here it is set first or last.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from desk_sync import simulation
from tests.support.counts import count

FOLDER = Path(__file__).parents[1] / "cases" / "clocks"
MAPPING = (Path(__file__).parents[2] / "mappings" / "partner_support.yaml").read_text()
KINDS = ("issue type", "product", "customer", "export", "mapping")
SHIPPED, LOWER, HIGHER = 60, 20, 1000
"""Thresholds of Europe: that of the shipped mapping, and those of two others."""
FACTS = st.fixed_dictionaries(
    {
        "issue type": st.sampled_from(["defect", "feature_request", "outage"]),
        "product": st.sampled_from(["Zoho CRM", "Zoho Campaigns"]),
        "customer": st.sampled_from(["admin@big.example", "admin@grow.example", "admin@small.example"]),
        "export": st.sampled_from(["accounts.csv", "accounts-next.csv"]),
        "mapping": st.sampled_from([SHIPPED, LOWER, HIGHER]),
        "severity": st.sampled_from([2, 3]),
        "severity is last": st.booleans(),
    }
)
WORDS = {"issue type": "issue_type", "product": "product", "customer": "customer_primary_email"}


@pytest.fixture(scope="module")
def end_of(tmp_path_factory):
    """Return the end of a ticket of which these facts become known in an order, ten minutes apart."""
    folder = tmp_path_factory.mktemp("orders")
    for threshold in (SHIPPED, LOWER, HIGHER):
        text = MAPPING.replace('EUROPE_UK: ">= 60"', f'EUROPE_UK: ">= {threshold}"')
        (folder / f"{threshold}.yaml").write_text(text)

    @cache
    def end_of(facts, order):
        known = dict(facts)
        scenario = {
            "start": "2026-11-18T09:00:00Z",
            "until": "+7h",
            "accounts": str(FOLDER / "accounts.csv"),
            "tickets": [{"key": "t1", "partner": {"country": "DE"}, "severity": 3}],
            "steps": [
                {"at": f"+{minutes}m", **step(kind, known[kind])}
                for minutes, kind in zip(range(10, 70, 10), order, strict=True)
            ],
        }
        file = folder / "scenario.yaml"
        file.write_text(yaml.safe_dump(scenario))
        ticket = simulation.simulate(file)["tickets"]["t1"]
        return {
            "fields": ticket["fields"],
            "clocks": [{name: clock[name] for name in CLOCK} for clock in ticket["clocks"]],
            "levels": [(each["level"], each["because"], each["at"][:16]) for each in ticket["escalations"]],
        }

    return end_of


CLOCK = ("milestone", "round", "severity", "started_at", "target_at", "due_at", "met_at", "state", "used_s", "paused_s")


def step(kind, value):
    """Return the step by which a fact becomes known."""
    if kind == "export":
        return {"accounts": str(FOLDER / value)}
    if kind == "mapping":
        return {"mapping": f"{value}.yaml"}
    return {"ticket": "t1", "set": {WORDS.get(kind, kind): value}, "by": "agent"}


@pytest.mark.timeout(3600)
@given(FACTS, st.permutations(KINDS))
@settings(max_examples=count(4, 200), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_does_not_matter(end_of, facts, order):
    known = tuple(sorted(facts.items()))
    note(f"{facts}, in the order of {order}")
    ends = [
        end_of(known, (*each, "severity") if facts["severity is last"] else ("severity", *each))
        for each in (KINDS, tuple(order))
    ]

    assert ends[0] == ends[1]


def test_a_mapping_that_comes_last_decides_as_one_that_came_first(end_of):
    """A feature request has no clocks, so that nothing else lets it be looked at again."""
    facts = {"issue type": "feature_request", "product": "Zoho CRM", "customer": "admin@big.example"}
    known = tuple(sorted((facts | {"export": "accounts.csv", "mapping": HIGHER, "severity": 2}).items()))
    first, last = (
        end_of(known, order)
        for order in (
            ("severity", "mapping", "issue type", "product", "customer", "export"),
            ("severity", "issue type", "product", "customer", "export", "mapping"),
        )
    )

    assert first == last
    assert first["fields"]["large_user"] is False
