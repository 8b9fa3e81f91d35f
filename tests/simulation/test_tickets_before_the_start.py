"""Tickets that were opened before the product's start: found then, and what was broken before is not escalated."""

from __future__ import annotations

import pytest

from desk_sync import simulation

OLDER = """
start: 2026-11-16T08:00:00Z
until: +7h
tickets:
  - {key: t1, at: 2026-11-16T02:00:00Z, partner: {country: DE}, issue_type: defect, severity: 1}
  - {key: t2, at: 2026-11-16T06:00:00Z, partner: {country: DE}, issue_type: defect, severity: 1}
steps:
  - {at: 2026-11-16T07:00:00Z, ticket: t2, agent_reply: "On it."}
"""


@pytest.fixture
def report(tmp_path):
    file = tmp_path / "older.yaml"
    file.write_text(OLDER)
    return simulation.check(file)


def test_what_was_broken_before_the_start_raises_nothing(report):
    raised = report["tickets"]["t1"]["escalations"]

    assert [(each["level"], each["because"], each["at"]) for each in raised][:1] == [
        (1, "determination", "2026-11-16T10:00:00Z")
    ]


def test_what_people_did_before_the_start_counts(report):
    acknowledgement = report["tickets"]["t2"]["clocks"][0]

    assert (acknowledgement["state"], acknowledgement["met_at"]) == ("met", "2026-11-16T07:00:00Z")


def test_no_delivery_is_made_before_the_start(report):
    by_us = report["tickets"]["t1"]["comments"][0]

    assert by_us["at"] >= "2026-11-16T08:00:00Z"
    assert report["broken"] == []
