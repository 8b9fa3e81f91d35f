"""The ladders of all regions over a holiday, compared with the weekend that was worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk_sync.adapters.yaml.tree import read_tree
from desk_sync.simulation import simulate

SCENARIO = Path(__file__).parents[1] / "cases" / "scenarios" / "ladders-of-all-regions.yaml"
SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"
REGIONS = ("anz", "apac", "india", "mea", "europe", "usa", "latam", "brazil")
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
FORM = "%Y-%m-%dT%H:%M:%SZ"


@pytest.fixture(scope="module")
def with_a_holiday(tmp_path_factory):
    """The scenario's escalations where Monday is a holiday too, and a day longer; by region, levels and instants."""
    folder = tmp_path_factory.mktemp("holiday")
    mapping = SHIPPED.read_text().replace("  holidays: []\n", "  holidays: [2026-11-23]\n")
    (folder / "mapping.yaml").write_text(mapping)
    (folder / "accounts.csv").write_text(SCENARIO.with_name("accounts.csv").read_text())
    text = SCENARIO.read_text().replace("until: 2026-11-23", "until: 2026-11-24")
    (folder / "scenario.yaml").write_text(f"mapping: mapping.yaml\n{text}")
    return _steps(simulate(folder / "scenario.yaml"))


@pytest.fixture(scope="module")
def by_hand():
    return _steps(read_tree(SCENARIO.with_name("ladders-of-all-regions.outcome.yaml").read_text()).value)


def _steps(report):
    return {
        region: [
            (each["level"], datetime.strptime(each["at"], FORM).replace(tzinfo=UTC)) for each in ticket["escalations"]
        ]
        for region, ticket in report["tickets"].items()
    }


@pytest.mark.parametrize("region", REGIONS)
def test_what_comes_after_the_weekend_comes_a_day_later(region, with_a_holiday, by_hand):
    later = [(level, at + timedelta(days=at > SATURDAY)) for level, at in by_hand[region]]

    assert with_a_holiday[region] == later


def test_the_holiday_matters_in_every_region_but_where_friday_was_long_enough(with_a_holiday, by_hand):
    assert {region for region in REGIONS if with_a_holiday[region] == by_hand[region]} == {"usa", "latam"}
