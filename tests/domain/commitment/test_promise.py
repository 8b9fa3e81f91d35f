"""Promises: values that are the same after they were stored, made from the mapping and the region."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest
from pydantic import TypeAdapter

from desk_sync.domain.commitment.calendar import WeeklyHours
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.promise import CommitmentWindow, Promise, ReopenedRule
from desk_sync.domain.commitment.regions import RegionBasis, TicketOrigin
from desk_sync.domain.reason import Reason
from tests.support.clock_scenes import COMMITMENT, HOUR, MONDAY, PROMISE, REGIONS, TERMS, WEEK, events, under, window

FESTIVE = replace(
    WEEK,
    holidays=frozenset({date(2026, 12, 25), date(2026, 12, 26)}),
    overrides={date(2026, 12, 24): (WeeklyHours.of("09:00", "12:00"),), date(2026, 12, 31): ()},
)


@pytest.mark.parametrize("promise", [PROMISE, replace(PROMISE, calendar=FESTIVE)], ids=["plain", "festive"])
def test_a_stored_promise_is_read_back_as_the_same_promise(promise):
    as_json = TypeAdapter(Promise).dump_json(promise)
    read = TypeAdapter(Promise).validate_json(as_json)

    assert read == promise
    assert read.digest == promise.digest
    assert read.calendar.due(MONDAY, 30 * HOUR) == promise.calendar.due(MONDAY, 30 * HOUR)


def test_a_stored_history_is_read_back_as_the_same_history():
    history = History(
        created_at=MONDAY, events=events("0h s1, 1h reply, 2h paused, 3h move"), unknown=((MONDAY, MONDAY + HOUR),)
    )

    assert TypeAdapter(History).validate_json(TypeAdapter(History).dump_json(history)) == history


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(under(reopened=ReopenedRule.RESTART), id="a rule"),
        pytest.param(under(windows={**TERMS.windows, 1: TERMS.windows[2]}), id="a window"),
        pytest.param(under(update=None), id="a milestone"),
        pytest.param(replace(PROMISE, calendar=FESTIVE), id="the calendar"),
        pytest.param(replace(PROMISE, region="MEA"), id="the region"),
    ],
)
def test_another_promise_has_another_digest(other):
    assert other.digest != PROMISE.digest


def test_the_digest_does_not_depend_on_the_version_of_the_mapping():
    assert replace(PROMISE, mapping_version="m2", located=Reason("C17", "else")).digest == PROMISE.digest


def test_a_digest_is_the_same_in_every_process():
    code = "from tests.support.clock_scenes import PROMISE; print(PROMISE.digest)"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in "12"
    }

    assert found == {PROMISE.digest}


@pytest.mark.parametrize(("target", "commitment"), [(0, 1), (2, 1), (-1, 1)])
def test_a_target_comes_before_its_commitment(target, commitment):
    with pytest.raises(ValueError, match="target must come first"):
        window(target, commitment)


def test_target_and_commitment_may_be_equal():
    assert window(8, 8) == CommitmentWindow(target=8 * HOUR, commitment=8 * HOUR)


@pytest.mark.parametrize(
    ("origin", "by", "region", "zone", "reason", "by_default"),
    [
        pytest.param(
            TicketOrigin(partner_country="DE", customer_country="JP"),
            RegionBasis.PARTNER_COUNTRY,
            "EUROPE_UK",
            "Europe/Berlin",
            "partner country DE: EUROPE_UK",
            False,
            id="the partner's country",
        ),
        pytest.param(
            TicketOrigin(partner_country="DE", customer_country="JP"),
            RegionBasis.CUSTOMER_COUNTRY,
            "APAC_JAPAN",
            "Asia/Tokyo",
            "customer country JP: APAC_JAPAN",
            False,
            id="the customer's country, which has a zone of its own",
        ),
        pytest.param(
            TicketOrigin(partner_country="DE", data_centers=("jp",)),
            RegionBasis.DATA_CENTER,
            "APAC_JAPAN",
            "Asia/Singapore",
            "data center JP: APAC_JAPAN",
            False,
            id="the data centre",
        ),
        pytest.param(
            TicketOrigin(data_centers=("EU", "JP")),
            RegionBasis.DATA_CENTER,
            "EUROPE_UK",
            "Europe/Berlin",
            "data center EU, JP: in several regions, so EUROPE_UK",
            True,
            id="data centres of two regions",
        ),
        pytest.param(
            TicketOrigin(partner_country="KZ"),
            RegionBasis.PARTNER_COUNTRY,
            "EUROPE_UK",
            "Europe/Berlin",
            "partner country KZ: in no region, so EUROPE_UK",
            True,
            id="a country in no region",
        ),
        pytest.param(
            TicketOrigin(),
            RegionBasis.PARTNER_COUNTRY,
            "EUROPE_UK",
            "Europe/Berlin",
            "partner country unknown: in no region, so EUROPE_UK",
            True,
            id="an unknown partner",
        ),
    ],
)
def test_a_promise_has_the_calendar_of_the_region_that_the_mapping_gives(origin, by, region, zone, reason, by_default):
    regions = replace(REGIONS, calendar_by=by)
    promise = replace(COMMITMENT, regions=regions).promise(origin, "m7")

    assert (promise.region, promise.calendar.tz, promise.located) == (region, zone, Reason("C17", reason))
    assert (promise.mapping_version, promise.terms) == ("m7", TERMS)
    assert regions.locate(origin, by).by_default is by_default
