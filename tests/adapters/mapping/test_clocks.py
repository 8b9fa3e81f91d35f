"""The sections of the mapping for the clocks: the promises of the shipped one, and the mistakes that are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from desk_sync.adapters.mapping.file import check, load
from desk_sync.domain.commitment.calendar import HolidayMode, WeeklyHours
from desk_sync.domain.commitment.promise import (
    CommitmentWindow,
    CountFrom,
    DeterminationRule,
    FirstRound,
    Milestone,
    Promise,
    PromiseScope,
    ReopenedRule,
)
from desk_sync.domain.commitment.regions import DeskCalendar, RegionBasis, TicketOrigin

SHIPPED = Path(__file__).parents[3] / "mappings" / "partner_support.yaml"
TEXT = SHIPPED.read_text(encoding="utf-8")
HOUR = timedelta(hours=1)
ACK, DET, RES, UPD = Milestone
GERMANY = TicketOrigin(partner_country="DE")


@pytest.fixture
def changed(tmp_path):
    """The shipped file with passages replaced, each the first of its kind after `since`."""

    def write_changed(*passages: tuple[str, str], since: str = "\nregions:\n") -> Path:
        head, heading, text = TEXT.partition(since)
        for old, new in passages:
            assert old in text
            text = text.replace(old, new, 1)
        file = tmp_path / "mapping.yaml"
        file.write_text(head + heading + text, encoding="utf-8")
        return file

    return write_changed


def window(target: float, commitment: float) -> CommitmentWindow:
    return CommitmentWindow(target=target * HOUR, commitment=commitment * HOUR)


def promised(file: Path | str = "partner_support", origin: TicketOrigin = GERMANY) -> Promise:
    return load(file).policy.commitment.promise(origin, "m1")


def test_the_shipped_mapping_promises_what_the_programme_promises():
    terms = promised().terms

    assert terms.windows == {
        1: {ACK: window(1, 3), DET: window(2, 8)},
        2: {ACK: window(6, 12), DET: window(24, 48)},
        3: {ACK: window(16, 24), DET: window(48, 72)},
    }
    assert (terms.resolution, terms.resolution_for, terms.update) == (
        window(24, 48),
        PromiseScope.LARGE_ACCOUNTS,
        window(8, 8),
    )
    assert (terms.determination, terms.first_round) == (DeterminationRule.ROUNDS, FirstRound.SECOND_REPLY)
    assert (terms.without_severity, terms.reopened) == (3, ReopenedRule.RESUME)
    assert (terms.severity_changed, terms.found_large_late) == (CountFrom.CREATION, CountFrom.CREATION)
    assert terms.paused == frozenset(Milestone)
    assert (terms.exempt.issue_types, terms.exempt.request_types) == ({"feature_request", "limitation"}, frozenset())
    assert (terms.weekend.issue_types, terms.weekend.levels) == ({"outage", "login"}, {1, 2, 3})


def test_the_shipped_mapping_counts_comments_as_replies_and_no_receipts():
    policy = load("partner_support").policy.commitment

    assert (policy.replies.comments, policy.replies.receipt_within) == (True, timedelta(seconds=60))
    assert policy.statuses.waiting == frozenset()


@pytest.mark.parametrize(
    ("country", "region", "zone"),
    [
        pytest.param("AU", "ANZ", "Australia/Sydney", id="ANZ"),
        pytest.param("JP", "APAC_JAPAN", "Asia/Singapore", id="APAC and Japan"),
        pytest.param("IN", "INDIA", "Asia/Kolkata", id="India"),
        pytest.param("SA", "MEA", "Asia/Dubai", id="MEA"),
        pytest.param("TR", "EUROPE_UK", "Europe/Berlin", id="Europe, Turkey with it"),
        pytest.param("US", "USA_CANADA", "America/New_York", id="the USA"),
        pytest.param("CA", "USA_CANADA", "America/New_York", id="Canada goes with the USA"),
        pytest.param("MX", "LATAM", "America/Bogota", id="LATAM"),
        pytest.param("BR", "BRAZIL", "America/Sao_Paulo", id="Brazil is a region of its own"),
        pytest.param("KZ", "EUROPE_UK", "Europe/Berlin", id="a country that no page lists"),
        pytest.param(None, "EUROPE_UK", "Europe/Berlin", id="an unknown partner"),
    ],
)
def test_the_shipped_regions_work_from_monday_to_friday_in_their_zone(country, region, zone):
    promise = promised(origin=TicketOrigin(partner_country=country))
    friday, monday = datetime(2026, 11, 27, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)

    assert (promise.region, promise.calendar.tz) == (region, zone)
    assert promise.calendar.elapsed(friday - timedelta(days=7), friday) == 120 * HOUR
    assert promise.calendar.elapsed(monday - timedelta(hours=36), monday - timedelta(hours=14)) == timedelta(0)


def test_every_country_with_a_threshold_region_has_an_escalation_region():
    policy = load("partner_support").policy

    assert policy.commitment.regions.of_country.keys() == policy.licences.region_of_country.keys()


@pytest.mark.parametrize(
    ("old", "new", "setting", "value"),
    [
        pytest.param("without_severity: 3", "without_severity: none", "without_severity", None, id="no clocks"),
        pytest.param("without_severity: 3", "without_severity: 2", "without_severity", 2, id="another severity"),
        pytest.param("resolution: 24h-48h", "resolution: 8h–2d", "resolution", window(8, 48), id="another dash"),
        pytest.param(
            "resolution_for: large_accounts",
            "resolution_for: everybody",
            "resolution_for",
            PromiseScope.EVERYBODY,
            id="scope",
        ),
        pytest.param("update: 8h", "update: null", "update", None, id="no updates"),
        pytest.param("update: 8h", "update: {target: 90m, commitment: 8h}", "update", window(1.5, 8), id="by names"),
        pytest.param("determination: rounds", "determination: once", "determination", DeterminationRule.ONCE, id="C7"),
        pytest.param(
            "first_round: second_reply", "first_round: first_reply", "first_round", FirstRound.FIRST_REPLY, id="round 1"
        ),
        pytest.param("paused: [acknowledgement, ", "paused: [", "paused", {DET, RES, UPD}, id="what is paused"),
        pytest.param(
            "severity_changed: creation",
            "severity_changed: change",
            "severity_changed",
            CountFrom.CHANGE,
            id="severity",
        ),
        pytest.param(
            "found_large_late: creation", "found_large_late: change", "found_large_late", CountFrom.CHANGE, id="late"
        ),
        pytest.param("reopened: resume", "reopened: new_round", "reopened", ReopenedRule.NEW_ROUND, id="reopened"),
    ],
)
def test_every_rule_can_be_changed(changed, old, new, setting, value):
    assert getattr(promised(changed((old, new), since="\nclocks:\n")).terms, setting) == value


def test_a_milestone_that_is_not_promised_has_no_window(changed):
    terms = promised(changed(("acknowledgement: 16h-24h", "acknowledgement: null"))).terms

    assert terms.windows[3] == {DET: window(48, 72)}


def test_the_rules_for_replies_and_waiting_statuses_can_be_changed(changed):
    file = changed(
        ("comments: true", "comments: false"),
        ("receipt_within: 60s", "receipt_within: 0s"),
        ("waiting_statuses: []", "waiting_statuses: [Waiting for Partner]"),
    )
    policy = load(file).policy.commitment

    assert (policy.replies.comments, policy.replies.receipt_within) == (False, timedelta(0))
    assert policy.statuses.waiting == {"waiting for partner"}


def test_automation_agents_are_those_of_the_tickets(tmp_path):
    file = tmp_path / "mapping.yaml"
    file.write_text(TEXT.replace("automation_agents: []", "automation_agents: [12]"), encoding="utf-8")

    assert load(file).policy.commitment.replies.automation_agents == {"12"}


def test_a_region_and_a_country_may_keep_their_own_time(changed):
    file = changed(
        (
            "MEA: {zone: Asia/Dubai}",
            'MEA: {zone: Asia/Dubai, hours: {sun: "09:00-12:00, 13:00-17:00", mon: 22:00-06:00}}',
        ),
        ("countries: {}", "countries: {SA: {zone: Asia/Riyadh}, QA: {hours: {sun: 09:00–10:00}}}"),
        since="\ncalendars:\n",
    )
    regions = load(file).policy.commitment.regions
    week = (datetime(2026, 11, 14, 20, tzinfo=UTC), datetime(2026, 11, 21, 20, tzinfo=UTC))
    open_time = {
        country: promised(file, TicketOrigin(partner_country=country)).calendar.elapsed(*week)
        for country in ("AE", "SA", "QA")
    }

    assert open_time == {"AE": 15 * HOUR, "SA": 15 * HOUR, "QA": HOUR}
    assert {country: calendar.tz for country, calendar in regions.country_calendars.items()} == {
        "SA": "Asia/Riyadh",
        "QA": "Asia/Dubai",
    }


def test_holidays_and_half_days_are_common_or_a_regions_own(changed):
    file = changed(
        ("dates: {}", "dates: {2026-12-24: 00:00-12:00, 2026-12-31: closed}"),
        ("holidays: []", "holidays: [2026-12-25]"),
        (
            "INDIA: {zone: Asia/Kolkata}",
            "INDIA: {zone: Asia/Kolkata, holidays: [], dates: {}, holiday_mode: shift_start}",
        ),
        since="\ncalendars:\n",
    )
    europe, india = (promised(file, TicketOrigin(partner_country=country)).calendar for country in ("DE", "IN"))

    assert europe.holidays == {date(2026, 12, 25)}
    assert europe.elapsed(datetime(2026, 12, 23, 23, tzinfo=UTC), datetime(2026, 12, 24, 23, tzinfo=UTC)) == 12 * HOUR
    assert europe.elapsed(datetime(2026, 12, 30, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)) == 0 * HOUR
    assert (india.holidays, india.overrides, india.holiday_mode) == (frozenset(), {}, HolidayMode.SHIFT_START)


def test_the_basis_of_the_region_can_be_changed(changed):
    file = changed(
        ("calendar_by: partner_country", "calendar_by: data_center"),
        ("ladder_by: partner_country", "ladder_by: customer_country"),
        ("fallback: EUROPE_UK", "fallback: INDIA"),
    )
    regions = load(file).policy.commitment.regions

    assert (regions.calendar_by, regions.ladder_by) == (RegionBasis.DATA_CENTER, RegionBasis.CUSTOMER_COUNTRY)
    assert promised(file, TicketOrigin(data_centers=("au",))).region == "ANZ"
    assert promised(file, TicketOrigin(partner_country="DE")).region == "INDIA"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("acknowledgement: 1h-3h", "acknowledgement: 1h-4h", id="a window"),
        pytest.param("MEA: {zone: Asia/Dubai}", "MEA: {zone: Asia/Riyadh}", id="a zone"),
        pytest.param("holidays: []", "holidays: [2026-12-25]", id="a holiday"),
        pytest.param("waiting_statuses: []", "waiting_statuses: [Waiting]", id="a status"),
    ],
)
def test_another_promise_is_another_version_of_the_mapping(changed, old, new):
    assert load(changed((old, new))).policy.version != load("partner_support").policy.version


def test_another_way_to_write_a_window_is_the_same_version(changed):
    file = changed(("determination: 2d-3d", "determination: {target: 48h, commitment: 72h}"))

    assert load(file).policy.version == load("partner_support").policy.version


@pytest.mark.parametrize(
    ("old", "new", "where", "message", "hint"),
    [
        pytest.param(
            "acknowledgement: 1h-3h",
            "acknowledgement: 3h-1h",
            "clocks.s1.acknowledgement",
            "3h-1h: the target must not come after the commitment",
            None,
            id="a target after its commitment",
        ),
        pytest.param(
            "acknowledgement: 1h-3h",
            "acknowledgement: soon",
            "clocks.s1.acknowledgement",
            '"soon" is not a duration such as 7d, 36h or 90m',
            None,
            id="a window in words",
        ),
        pytest.param(
            "acknowledgement: 1h-3h",
            "acknowledgement: [1h, 3h]",
            "clocks.s1.acknowledgement",
            "a list is not a window such as 1h-3h: a target, then a commitment",
            None,
            id="a list",
        ),
        pytest.param(
            "acknowledgement: 1h-3h",
            "acknowledgement: {target: 1h, commitmnt: 3h}",
            "clocks.s1.acknowledgement",
            "keys with values is not a window such as 1h-3h: a target, then a commitment",
            None,
            id="a misspelt figure",
        ),
        pytest.param(
            "resolution_for: large_accounts",
            "resolution_fr: large_accounts",
            "clocks.resolution_fr",
            "is not a setting",
            "did you mean resolution_for?",
            id="a misspelt setting",
        ),
        pytest.param(
            "update: 8h", "update: 0h", "clocks.update", '"0h" is not a duration such as 7d, 36h or 90m', None, id="0 h"
        ),
        pytest.param(
            "resolution: 24h-48h",
            "resolution: null",
            "clocks.update",
            "needs clocks.resolution: updates are due from its target on",
            "set clocks.resolution, or remove clocks.update",
            id="updates of no resolution",
        ),
        pytest.param(
            "receipt_within: 60s",
            "receipt_within: 1m",
            "clocks.replies.receipt_within",
            '"1m" is not a number of seconds such as 60s',
            None,
            id="no seconds",
        ),
        pytest.param(
            "zone: Europe/Berlin",
            "zone: Europe/Berln",
            "calendars.regions.EUROPE_UK.zone",
            '"Europe/Berln" is not an IANA time zone',
            "did you mean Europe/Berlin?",
            id="a misspelt zone",
        ),
        pytest.param(
            "mon: 00:00-24:00",
            "mon: 00:00-25:00",
            "calendars.hours.mon",
            '"25:00" is not a time from 00:00 to 24:00',
            None,
            id="no time of day",
        ),
        pytest.param(
            "mon: 00:00-24:00",
            "mon: 00:00-00:00",
            "calendars.hours.mon",
            "00:00-00:00 contains no time",
            "did you mean 00:00-24:00?",
            id="a day without an hour",
        ),
        pytest.param(
            "mon: 00:00-24:00",
            "mon: all day",
            "calendars.hours.mon",
            '"all day" is not a list of hours such as 09:00-12:00, 13:00-17:00',
            None,
            id="hours in words",
        ),
        pytest.param(
            "mon: 00:00-24:00",
            "mon: 24",
            "calendars.hours.mon",
            "24 is not a list of hours such as 09:00-12:00, 13:00-17:00",
            None,
            id="a number",
        ),
        pytest.param(
            "holidays: []",
            "holidays: [12-25]",
            "calendars.holidays[0]",
            '"12-25" is not a date such as 2026-12-24',
            None,
            id="a date without a year",
        ),
        pytest.param(
            "holidays: []",
            "holidays: [2026-W52-5]",
            "calendars.holidays[0]",
            '"2026-W52-5" is not a date such as 2026-12-24',
            None,
            id="a date as a week",
        ),
        pytest.param(
            "INDIA: {zone: Asia/Kolkata}",
            "INDIA: {zone: Asia/Kolkata, hours: {}}",
            "calendars.regions.INDIA",
            "never opens, so no clock would ever run out",
            "add hours, or remove holidays",
            id="a region that never works",
        ),
        pytest.param(
            "  countries: {}",
            "  countries: {JP: {hours: {mon: closed}}}",
            "calendars.countries.JP",
            "never opens, so no clock would ever run out",
            "add hours, or remove holidays",
            id="a country that never works",
        ),
        pytest.param(
            "  countries: {}",
            "  countries: {KZ: {zone: Asia/Almaty}}",
            "calendars.countries.KZ",
            "KZ is in no region",
            "add it to regions.countries",
            id="the calendar of a country in no region",
        ),
        pytest.param(
            "BRAZIL: {zone: America/Sao_Paulo}",
            "",
            "calendars.regions.BRAZIL",
            "is missing",
            None,
            id="a region without a calendar",
        ),
        pytest.param(
            "fallback: EUROPE_UK",
            "fallback: EUROPE",
            "regions.fallback",
            "EUROPE has no countries in regions.countries",
            "did you mean EUROPE_UK?",
            id="a fallback that is no region",
        ),
        pytest.param(
            "INDIA: [IN]",
            "INDIA: [IN, DE]",
            "regions.countries.EUROPE_UK[46]",
            '"DE" is already used for INDIA',
            None,
            id="a country in two regions",
        ),
        pytest.param(
            "ANZ: [AU]",
            "ANZ: [AU, us]",
            "regions.data_centers.USA_CANADA[0]",
            '"US" is already used for ANZ',
            None,
            id="a data centre in two regions",
        ),
    ],
)
def test_a_mistake_is_reported_with_its_place(changed, old, new, where, message, hint):
    found = [(each.where, each.message, each.hint) for each in check(changed((old, new)))]

    assert found == [(where, message, hint)]


def test_a_mistake_in_the_clocks_is_reported_at_its_line_and_column(changed):
    (problem,) = check(changed(("acknowledgement: 1h-3h", "acknowledgement: 3h-1h")))
    line = TEXT[: TEXT.index("acknowledgement: 1h-3h")].count("\n") + 1

    assert (problem.line, problem.column) == (line, 5)


def test_fields_that_show_the_clocks_are_left_out_until_the_portal_has_them(tmp_path):
    file = tmp_path / "mapping.yaml"
    file.write_text(TEXT.replace("# acknowledgement_due:", "acknowledgement_due:"), encoding="utf-8")

    assert "acknowledgement_due" not in load("partner_support").vocabulary.fields
    assert load(file).vocabulary.fields["acknowledgement_due"] == "cf_acknowledgement_due"
    assert load(file).vocabulary.clock_states["at_risk"] == "At risk"


class TestCalendarsFromDesk:
    def test_a_region_and_a_country_may_take_theirs_from_desk(self, changed):
        file = changed(
            ("dates: {}", "dates:\n    2026-12-24: 00:00-12:00"),
            ("EUROPE_UK: {zone: Europe/Berlin}", "EUROPE_UK: {desk: Office, holiday_mode: shift_start}"),
            ("  countries: {}", '  countries: {GB: {desk: "7001", dates: {}}}'),
            since="\ncalendars:\n",
        )

        regions = load(file).policy.commitment.regions

        noon = {date(2026, 12, 24): (WeeklyHours.of("00:00", "12:00"),)}
        assert regions.calendars["EUROPE_UK"] == DeskCalendar(
            hours="Office", overrides=noon, holiday_mode=HolidayMode.SHIFT_START
        )
        assert regions.country_calendars["GB"] == DeskCalendar(
            hours="7001", overrides={}, holiday_mode=HolidayMode.SHIFT_START
        )
        assert regions.desk_hours == {"Office", "7001"}

    def test_the_shipped_mapping_takes_none(self):
        assert load("partner_support").policy.commitment.regions.desk_hours == frozenset()

    @pytest.mark.parametrize(
        ("region", "countries", "mistake"),
        [
            pytest.param(
                "{desk: Office, zone: Europe/Berlin}",
                "{}",
                "calendars.regions.EUROPE_UK.zone: comes from Desk here (remove it, or remove `desk`)",
                id="a zone beside it",
            ),
            pytest.param(
                "{desk: Office, hours: {mon: 09:00-17:00}}",
                "{}",
                "calendars.regions.EUROPE_UK.hours: comes from Desk here (remove it, or remove `desk`)",
                id="hours beside it",
            ),
            pytest.param("{}", "{}", "calendars.regions.EUROPE_UK.zone: is missing", id="neither"),
            pytest.param(
                "{desk: Office}",
                "{GB: {zone: Europe/London}}",
                "calendars.countries.GB: EUROPE_UK takes its hours from Desk (use `desk` here too)",
                id="a country that would differ from hours that are not read yet",
            ),
            pytest.param(
                "{zone: Europe/Berlin}",
                "{GB: {desk: Office, holidays: [2026-12-25]}}",
                "calendars.countries.GB.holidays: comes from Desk here (remove it, or remove `desk`)",
                id="holidays beside a country's",
            ),
        ],
    )
    def test_a_calendar_has_one_source(self, changed, region, countries, mistake):
        file = changed(
            ("EUROPE_UK: {zone: Europe/Berlin}", f"EUROPE_UK: {region}"),
            ("  countries: {}", f"  countries: {countries}"),
            since="\ncalendars:\n",
        )

        assert [str(problem).split(": ", 1)[1] for problem in check(file)] == [mistake]
