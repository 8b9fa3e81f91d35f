"""The table "Where do I change …?" in CONTRIBUTING.md is true: its files exist, at most four for each change."""

from __future__ import annotations

import re

import pytest

from tests.laws.shape import ROOT

MOST = 4
PLACE = re.compile(r"`([\w./-]+)`")


def changes() -> dict[str, list[str]]:
    """Return the files and folders of each change."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where do I change")[2]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| a ")]
    return {change.strip(): PLACE.findall(files) for change, files in rows}


CHANGES = changes()


def test_the_ten_most_likely_changes_are_there():
    assert len(CHANGES) >= 10


@pytest.mark.parametrize("change", CHANGES)
def test_it_needs_at_most_four_files(change):
    assert 0 < len(CHANGES[change]) <= MOST


@pytest.mark.parametrize(
    "place", [pytest.param(place, id=f"{change}: {place}") for change, places in CHANGES.items() for place in places]
)
def test_its_places_exist(place):
    assert (ROOT / place).exists()


@pytest.mark.parametrize("change", CHANGES)
def test_it_names_its_test(change):
    assert any(place.startswith("tests/") for place in CHANGES[change])
