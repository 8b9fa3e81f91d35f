"""The health of the product, judged from the data in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from desk_sync.adapters.store.desk_clock import SqlDeskClock
from desk_sync.adapters.store.engine import writing
from desk_sync.adapters.store.heartbeats import SqlHeartbeats
from desk_sync.adapters.store.inflow import SqlInflow
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.notices import SqlNotices, save
from desk_sync.adapters.store.retention import SqlRetention
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.domain.desk_clock import ClockOffset
from desk_sync.domain.escalation.notice import gather
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import ConfigurationError, DeliveryFault, DeskSyncError, TemporaryError
from desk_sync.ports.desk_clock import MeasuredOffset
from desk_sync.ports.pulling.pulls import PullOutcome
from desk_sync.ports.sweeps import SweepCoverage, SweepKind
from desk_sync.services.sweep import MissedAlarm
from desk_sync.services.watch.health import HealthCheck, age_of_oldest, check, check_all, describe_edition
from desk_sync.services.watch.inflow import InflowWatch
from tests.support.field_troubles import FieldTrouble
from tests.support.makers import NOW, make_account, make_event, make_message, make_ticket

CANARY = "canary@customer.example"
TURN = timedelta(minutes=15)


def beat(world):
    SqlHeartbeats(world.engine).beat(now=world.now())


class TestHeartbeat:
    def test_a_worker_without_any_heartbeat_is_wrong(self, health):
        assert not check("heartbeat", health.heartbeat).ok

    @pytest.mark.parametrize(
        ("age", "ok"),
        [
            pytest.param(0, True, id="just now"),
            pytest.param(100, True, id="three rings and a drain ago"),
            pytest.param(101, False, id="too long ago"),
            pytest.param(-100, True, id="clocks differ a little"),
            pytest.param(-3600, False, id="from the future: a clock is wrong"),
        ],
    )
    def test_a_heartbeat_counts_for_a_while(self, world, health, age, ok):
        beat(world)
        world.waits(seconds=age)

        assert check("heartbeat", health.heartbeat).ok is ok


class TestWork:
    def test_nothing_due_is_well(self, health):
        assert health.work() == "nothing is due"

    @pytest.mark.parametrize(
        ("age", "ok"), [pytest.param(300, True, id="five minutes"), pytest.param(301, False, id="longer")]
    )
    def test_the_oldest_work_may_be_five_minutes_old(self, world, health, age, ok):
        world.receives()
        world.waits(seconds=age)

        found = check("work", health.work)

        assert (found.ok, found.what) == (
            ok,
            f"1 tickets to look at, the oldest due for {timedelta(seconds=age)}",
        )

    @pytest.mark.parametrize(
        "begins",
        [
            pytest.param(lambda world: world.receives(), id="an event came"),
            pytest.param(lambda world: world.tickets.look_now(["100000000000000001"], now=world.now()), id="none did"),
        ],
    )
    def test_a_desk_that_is_down_for_long_does_not_make_old_work_look_young(self, world, health, desk, begins):
        """A look that is put off again and again is never due for long, but its work stays pending."""
        begins(world)
        for _ in range(12):
            desk.before["read_ticket"] = _down
            world.look()
            world.waits(seconds=30)

        assert not check("work", health.work).ok

    def test_an_event_whose_look_will_not_come_is_a_fault(self, world, health):
        world.receives()
        with world.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE tickets SET look_at = NULL")

        assert check("work", health.work).what == "1 events wait for a look that is not due"


def _down():
    raise TemporaryError("Desk is down")


class TestSteps:
    def test_none_due_is_well(self, health):
        assert health.steps() == "no step is due"

    @pytest.mark.parametrize(
        ("age", "ok"), [pytest.param(300, True, id="five minutes"), pytest.param(301, False, id="longer")]
    )
    def test_what_is_due_on_a_parked_ticket_may_be_five_minutes_old(self, world, health, age, ok):
        world.receives()
        [lease] = world.claim()
        world.tickets.begin_look(lease, now=world.now(), until=lease.until)
        world.tickets.park(lease, now=world.now(), error="no such field")
        world.waits(seconds=age)

        found = check("steps", health.steps)

        assert (found.ok, found.what) == (ok, f"the oldest step is due for {timedelta(seconds=age)}")


class TestDeliveries:
    def test_a_portal_that_was_never_swept_is_well(self, health):
        assert health.deliveries() == "0 of 0 changes came without a delivery"

    @pytest.mark.parametrize(
        ("hours", "ok"), [pytest.param(23, False, id="today"), pytest.param(24, True, id="a day ago")]
    )
    def test_an_alarm_lasts_for_a_day(self, world, health, hours, ok):
        sweeps = SqlSweeps(world.engine, "other")
        sweeps.cover(SweepCoverage(since=NOW, until=NOW))
        sweeps.tally([world.now()] * 40, missed=0, now=world.now(), alarmed=True)
        world.waits(hours=hours)

        assert check("deliveries", health.deliveries).ok is ok

    def test_refused_deliveries_are_listed(self, world, health):
        SqlInflow(world.engine, "default").refuse({DeliveryFault.FORGED: 2, DeliveryFault.TOO_SLOW: 1}, now=NOW)

        found = watching(world, health).deliveries()

        assert found == "0 of 0 changes came without a delivery; refused in a day: 2 bad token, 1 too slow"

    def test_deliveries_that_stop_are_wrong(self, world, health):
        SqlInflow(world.engine, "default").refuse({DeliveryFault.WRONG_ORGANISATION: 5}, now=NOW)

        found = check("deliveries", watching(world, health).deliveries)

        assert not found.ok
        assert found.what.startswith("default: every delivery of the last hour was refused: 5 wrong organisation; ")
        assert "Deliveries stop" in (found.hint or "")


def watching(world, health):
    """The health of a portal whose deliveries are watched."""
    inflow = SqlInflow(world.engine, "default")
    return replace(health, inflow=[InflowWatch(inflow=inflow, now=world.now, alarm=MissedAlarm())])


class TestSweeps:
    def test_a_portal_that_was_never_swept_is_well(self, health):
        assert health.sweeps() == "no portal was swept yet"

    def test_it_says_how_far_each_came(self, world, health):
        sweeps = SqlSweeps(world.engine, "other")
        sweeps.end_round(SweepKind.RECENT, reached=NOW, now=NOW)
        sweeps.fail_round(SweepKind.REPLIES, "down")
        world.waits(minutes=3)

        found = health.sweeps()

        assert found == "other: recent reached 0:03:00 ago; other: replies never ended well, failed 1 times since: down"

    @pytest.mark.parametrize(("failures", "ok"), [pytest.param(1, True, id="once"), pytest.param(2, False, id="twice")])
    def test_two_failures_in_a_row_are_wrong(self, world, health, failures, ok):
        sweeps = SqlSweeps(world.engine, "other")
        sweeps.end_round(SweepKind.RECENT, reached=NOW, now=NOW)
        for _ in range(failures):
            sweeps.fail_round(SweepKind.RECENT, "Desk answered 500")

        found = check("sweeps", health.sweeps)

        assert (found.ok, "Desk answered 500" in found.what) == (ok, True)

    @pytest.mark.parametrize(
        ("which", "ago", "ok"),
        [
            pytest.param(SweepKind.RECENT, timedelta(minutes=15), True, id="five turns"),
            pytest.param(SweepKind.RECENT, timedelta(minutes=16), False, id="longer"),
            pytest.param(SweepKind.REPLIES, timedelta(minutes=59), True, id="replies have an hour"),
            pytest.param(SweepKind.FULL, timedelta(days=2, minutes=1), False, id="two nights"),
        ],
    )
    def test_a_sweep_that_ends_without_a_word_is_late(self, world, health, which, ago, ok):
        SqlSweeps(world.engine, "default").end_round(which, reached=NOW, now=NOW)
        world.waits(seconds=ago.total_seconds())

        assert check("sweeps", health.sweeps).ok is ok


@pytest.mark.parametrize(
    ("edition", "alone"), [("ENTERPRISE", False), ("Professional", False), ("FREE", True), ("Standard", True)]
)
def test_an_edition_without_webhooks_is_said_to_live_on_sweeps(edition, alone):
    assert ("sweeps alone" in describe_edition(edition)) is alone


class TestRetention:
    def test_before_its_first_run_it_is_well(self, health):
        assert health.retention().startswith("ended last: default never, other never; the database has ")

    @pytest.mark.parametrize(
        ("days", "ok"), [pytest.param(2, True, id="two nights ago"), pytest.param(2.1, False, id="longer ago")]
    )
    def test_it_ends_every_night(self, world, health, days, ok):
        SqlRetention(world.engine, "default").end_run(now=world.now())
        world.waits(days=days)

        found = check("retention", health.retention)

        assert (found.ok, found.what.startswith("ended last: default 2 days")) == (ok, True)

    def test_the_pages_that_it_freed_are_said(self, world, health):
        with writing(world.engine) as connection:
            connection.exec_driver_sql("CREATE TABLE filled (text TEXT)")
            connection.exec_driver_sql("INSERT INTO filled VALUES (zeroblob(3000000))")
        with writing(world.engine) as connection:
            connection.exec_driver_sql("DROP TABLE filled")

        assert health.retention().endswith("MB, 3 of them free")

    def test_without_a_portal_there_is_nothing_to_say(self, health):
        assert replace(health, metrics=[]).retention() == "ended last: "


class TestParked:
    def test_no_parked_ticket_is_well(self, health):
        assert check("parked", health.parked).ok

    def test_a_parked_ticket_waits_for_a_person_and_is_not_late_work(self, world, health):
        world.receives()
        [lease] = world.claim()
        world.tickets.begin_look(lease, now=world.now(), until=lease.until)
        world.tickets.park(lease, now=world.now(), error="no such field")
        world.waits(days=1)

        assert check("parked", health.parked).what == "1 tickets are parked"
        assert check("work", health.work).ok


class TestHeldBackFields:
    def test_no_field_that_is_held_back_is_well(self, health):
        assert check("held back", health.held_back).what == "none"

    def test_a_field_that_is_held_back_is_named_with_its_reason_and_its_ticket(self, world, desk, health):
        desk.troubles[Field.SEVERITY] = FieldTrouble.INVALID
        world.receives()
        world.look()

        found = check("held back", health.held_back)
        assert not found.ok
        assert found.what == (
            "severity on ticket 100000000000000001 since 2026-11-23 09:00Z: Desk refuses the value as invalid"
        )

    def test_one_that_several_tickets_cannot_have_is_one_entry(self, world, desk, health):
        desk.troubles[Field.SEVERITY] = FieldTrouble.INVALID
        for number in range(1, 5):
            ticket_id = f"10000000000000000{number}"
            desk.tickets[ticket_id] = make_ticket(ticket_id=ticket_id, severity="S2-Moderate")
            world.receives(key=ticket_id, ticket_id=ticket_id)
            world.look()

        assert check("held back", health.held_back).what == (
            "severity on all tickets of department 200000000000000001 (4 so far) since 2026-11-23 09:00Z: "
            "Desk refuses the value as invalid"
        )


class TestSubscriptionData:
    @pytest.mark.parametrize(
        ("age", "ok"), [pytest.param(7, True, id="a week old"), pytest.param(8, False, id="too old to use")]
    )
    def test_data_are_valid_for_a_while(self, world, health, age, ok):
        world.waits(days=age)

        assert check("data", health.subscription_data).ok is ok

    def test_the_size_and_both_ages_of_each_source_are_shown(self, world, health):
        world.imports(make_account(88), as_of=date(2026, 11, 20))

        assert health.subscription_data() == (
            "file: 1 accounts (+0), 88 licences (+0), read just now, data of 2026-11-20 (3 days old), "
            "valid until 2026-11-30 09:00Z"
        )

    def test_sources_without_any_account_are_not_well(self, world, health):
        world.imports()

        found = check("data", health.subscription_data)

        assert (found.ok, found.what.startswith("file: empty, read just now")) == (False, True)

    def test_no_data_are_not_well(self, world, health):
        with world.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE snapshots SET state = 'retired'")

        assert check("data", health.subscription_data).what == "there are no subscription data"


class TestClock:
    @pytest.mark.parametrize(
        ("theirs", "ok"),
        [
            pytest.param(None, True, id="SQLite has no clock of its own"),
            pytest.param(NOW + timedelta(seconds=2), True, id="two seconds"),
            pytest.param(NOW + timedelta(seconds=2.1), False, id="ahead of us"),
            pytest.param(NOW - timedelta(hours=1), False, id="behind us"),
        ],
    )
    def test_the_database_may_be_two_seconds_off(self, health, theirs, ok):
        assert check("clock", lambda: health.clock(lambda: theirs)).ok is ok


def raising(error):
    def probe():
        raise error

    return probe


OUTCOMES = [
    pytest.param(lambda: "fine", HealthCheck(name="a", ok=True, what="fine"), id="right"),
    pytest.param(
        raising(ConfigurationError("wrong", hint="mend it")),
        HealthCheck(name="a", ok=False, what="wrong", hint="mend it"),
        id="wrong, with a hint",
    ),
    pytest.param(
        raising(TemporaryError("no answer")),
        HealthCheck(name="a", ok=False, what="no answer", reached=False),
        id="no answer",
    ),
]


@pytest.mark.parametrize(("probe", "expected"), OUTCOMES)
def test_a_check_holds_the_outcome_of_its_probe(probe, expected):
    assert check("a", probe) == expected


def test_a_probe_with_an_unexpected_error_quotes_nothing_and_stops_no_other():
    first, second = check_all({"a": raising(RuntimeError(CANARY)), "b": lambda: "fine"})

    assert (first.ok, CANARY in first.what, second.ok) == (False, False, True)


def test_work_that_will_be_due_has_no_age(world):
    world.receives()

    backlog = SqlMetrics(world.engine, "default").backlog(world.now())

    assert age_of_oldest([backlog.oldest_at], NOW - timedelta(hours=1)) == timedelta(0)


def test_a_probe_itself_raises_its_error(health):
    with pytest.raises(DeskSyncError):
        health.heartbeat()


class TestSources:
    def turn(self, health):
        return health.sources.pulls.acquire("store", now=NOW, until=NOW + TURN, every=None, holder="process 7")

    def succeed(self, health, due_at=NOW, **facts):
        health.sources.pulls.succeeded(self.turn(health), PullOutcome(**facts), now=NOW, due_at=due_at)

    def fail(self, health):
        health.sources.pulls.failed(self.turn(health), "503 to /x", now=NOW, due_at=NOW, goes_on=True)

    def test_nothing_was_refused(self, world, health):
        self.succeed(health)

        assert health.pulls(["store"]) == "1 of 1 have been pulled"

    def test_each_source_is_named_with_what_a_person_should_know(self, world, health):
        self.succeed(health, remarks=["grown"])

        found = health.pulls(["store", "billing"])

        assert found == "1 of 2 have been pulled; store: grown; billing: never pulled"

    @pytest.mark.parametrize(("ago", "ok"), [(timedelta(minutes=60), True), (timedelta(minutes=61), False)])
    def test_one_that_is_overdue_for_an_hour_is_wrong(self, world, health, ago, ok):
        self.succeed(health, due_at=NOW - ago)

        found = check("sources", lambda: health.pulls(["store"]))

        assert (found.ok, "store: overdue since" in found.what) == (ok, True)

    def test_a_refused_source_is_named_with_its_error_and_its_begin_and_so_are_the_others(self, world, health):
        self.fail(health)

        found = check("sources", lambda: health.pulls(["store", "billing"]))

        assert not found.ok
        assert "refused since 2026-11-23 09:00:00Z: 503 to /x" in found.what
        assert found.what.endswith("billing: never pulled")

    def test_a_source_that_is_no_longer_in_the_mapping_is_ignored(self, world, health):
        self.fail(health)

        assert health.pulls([]) == "0 of 0 have been pulled"


class TestNotices:
    def save_message(self, world):
        """Save one message for a notice about a ticket; return the store of notices."""
        world.receives()
        with writing(world.engine) as connection:
            save(connection, "default", [make_message(ticket_id=make_event().ticket_id, at=world.now())])
        return SqlNotices(world.engine, "default")

    def test_no_waiting_notice_is_well(self, health):
        assert health.notices() == "nothing waits"

    def test_waiting_notices_are_counted(self, health, world):
        self.save_message(world)

        assert health.notices() == "1 waiting"

    def test_a_message_without_any_recipient_left_is_wrong_for_a_day(self, health, world):
        notices = self.save_message(world)
        notices.make(gather(notices.waiting(), timedelta(0), now=world.now()).notices, now=world.now())
        claimed = notices.claim(now=world.now(), until=world.now())
        notices.refuse(claimed.notice, at=world.now(), error="no such mailbox")

        with pytest.raises(DeskSyncError, match="1 messages reached no recipient"):
            health.notices()
        world.waits(days=2)
        assert check("notices", health.notices).ok


@pytest.mark.parametrize(
    ("behind", "ok", "found"),
    [
        pytest.param(None, True, "default: Desk has not answered yet; other: Desk has not answered yet", id="unknown"),
        pytest.param(
            1,
            True,
            "default: 1.0 s behind Desk's clock, measured 0:00:05 ago; other: Desk has not answered yet",
            id="1 s",
        ),
        pytest.param(
            -3,
            True,
            "default: 3.0 s ahead of Desk's clock, measured 0:00:05 ago; other: Desk has not answered yet; "
            "synchronise this host's clock by NTP",
            id="more than two seconds are said",
        ),
        pytest.param(
            61,
            False,
            "default: 61.0 s behind Desk's clock, measured 0:00:05 ago; other: Desk has not answered yet",
            id="more than a minute is an alarm",
        ),
    ],
)
def test_the_difference_from_desks_clock_is_shown_for_each_portal(world, health, behind, ok, found):
    if behind is not None:
        offset = ClockOffset(timedelta(seconds=behind))
        SqlDeskClock(world.engine, "default").save(MeasuredOffset(offset=offset, measured_at=world.now()))
        world.waits(seconds=5)

    judged = check("Desk's clock", health.desk_clock)

    assert (judged.ok, judged.what) == (ok, found)
    assert ok or judged.hint == "synchronise this host's clock by NTP"
