"""The sweep, on a real store and a Desk in memory: changes without a delivery are looked at, and counted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from celery_config import beat_schedule
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.domain.ticket.ticket import Field, digest
from desk_sync.errors import NotPermitted, PermanentError, TemporaryError
from desk_sync.ports.sweeps import SweepCoverage, SweepKind, SweepRound
from desk_sync.services.reconcile.reconcile import LookOutcome
from desk_sync.services.sweep import MissedAlarm, Sweep, SweepPace, SweepResult
from desk_sync.settings import without_environment
from tests.support.fake_desk import Died
from tests.support.makers import NOW, make_account, make_event, make_ticket

TICKET = make_ticket().ticket_id
LATE = {"minutes": 3}


def numbered(count):
    return [f"{1 + number:018d}" for number in range(count)]


def raising(error):
    def act():
        raise error

    return act


@pytest.fixture
def sweeps(world):
    return SqlSweeps(world.engine, "default")


@pytest.fixture
def sweep(world, desk, sweeps):
    """The sweep of a portal that was last swept an hour ago; nothing has changed since."""
    world.waits(hours=-1)
    service = Sweep(desk=desk, budget=world.budget, sweeps=sweeps, now=world.now)
    service.run(SweepKind.RECENT)
    world.waits(hours=1)
    return service


@pytest.fixture
def known(world, sweep, desk):
    """A ticket that was delivered, looked at and written to, and read once more after that second, minutes ago."""
    desk.person_sets(TICKET, severity="S3-Minimal")
    world.receives(state=None, modified_at=world.now())
    world.waits(seconds=1)
    world.look()
    world.waits(seconds=2)
    world.tickets.look_now([TICKET], now=world.now())
    world.look()
    world.waits(**LATE)
    return TICKET


def end(world):
    """End the due ticket."""
    (lease,) = world.claim()
    world.tickets.begin_look(lease, now=world.now(), until=lease.until)
    world.tickets.end(lease, now=world.now())


class TestWhatIsMissed:
    def test_a_change_without_a_delivery_is_looked_at(self, world, desk, sweep, sweeps, known):
        desk.person_sets(known, severity="S2-Moderate")
        world.waits(**LATE)

        swept = sweep.run(SweepKind.RECENT)

        assert (swept.marked, swept.missed, world.metrics.deliveries().missed) == (1, 1, 1)
        assert world.look() == [LookOutcome.RECONCILED]
        assert world.tickets.history(known).memory.fields.overrides.keys() == {Field.SEVERITY}

    def test_a_ticket_without_any_event_is_looked_at(self, world, desk, sweep):
        desk.person_sets(TICKET)
        world.waits(**LATE)

        assert sweep.run(SweepKind.RECENT).missed == 1
        assert world.look() == [LookOutcome.RECONCILED]

    def test_a_change_that_is_found_several_times_is_counted_once(self, world, desk, sweep, sweeps, known):
        desk.person_sets(known, severity="S2-Moderate")
        world.waits(**LATE)
        sweep.run(SweepKind.RECENT)
        sweep.run(SweepKind.RECENT)
        world.look()

        assert sweep.run(SweepKind.FULL).marked == 0
        assert world.metrics.deliveries().missed == 1

    def test_a_deleted_ticket_that_is_still_in_the_index_is_counted_once(self, world, desk, sweep, sweeps, known):
        desk.person_sets(known)
        world.waits(**LATE)
        sweep.run(SweepKind.RECENT)
        end(world)

        assert sweep.run(SweepKind.RECENT).marked == 0
        assert world.metrics.deliveries().missed == 1

    def test_a_delivery_without_news_does_not_cancel_the_look(self, world, desk, sweep, known):
        left = world.tickets.history(known).memory.written_digest
        desk.person_sets(known, severity="S2-Moderate")
        world.waits(**LATE)
        sweep.run(SweepKind.RECENT)
        world.receives(key="old", state=left, before=left)

        assert world.look() == [LookOutcome.RECONCILED]

    def test_the_next_change_is_counted_too(self, world, desk, sweep, sweeps, known):
        for severity in ("S2-Moderate", "S3-Minimal"):
            desk.person_sets(known, severity=severity)
            world.waits(**LATE)
            sweep.run(SweepKind.RECENT)
            world.look()

        assert world.metrics.deliveries().missed == 2

    def test_a_change_between_our_reading_and_our_write_is_missed(self, world, desk, sweep):
        """Our write gives the ticket a later modification time than that change."""
        desk.person_sets(TICKET)
        world.receives(state=None, modified_at=world.now())
        world.waits(seconds=1)
        desk.before["write_ticket"] = lambda: desk.person_sets(TICKET, product="CRM")
        world.look()
        world.waits(**LATE)

        assert sweep.run(SweepKind.RECENT).missed == 1
        assert world.look() == [LookOutcome.RECONCILED]
        assert sweep.run(SweepKind.RECENT).marked == 0

    def test_a_closed_ticket_and_one_that_was_deleted(self, world, desk, sweep, known):
        world.receives(key="gone", state=None)
        end(world)
        desk.person_sets(known, status_type="Closed")
        world.waits(**LATE)

        assert sweep.run(SweepKind.RECENT).missed == 1
        assert world.tickets.history(known).ended_at is None


class TestWhatIsNotMissed:
    def test_our_own_echo(self, world, desk, sweep, known):
        assert desk.count("write_ticket") == 1

        swept = sweep.run(SweepKind.RECENT)

        assert (swept.seen, swept.marked) == (1, 0)

    def test_a_change_whose_delivery_had_no_news(self, world, desk, sweep, known):
        """It is looked at all the same: a second change of that second may have had some."""
        desk.person_sets(known)
        state = digest(desk.tickets[known])
        world.receives(key="subject", state=state, before=state, modified_at=world.now())
        assert world.look() == [LookOutcome.NOTHING_NEW]
        world.waits(**LATE)

        swept = sweep.run(SweepKind.RECENT)

        assert (swept.marked, swept.missed) == (1, 0)
        assert world.look() == [LookOutcome.RECONCILED]
        assert sweep.run(SweepKind.RECENT).marked == 0

    def test_an_earlier_delivery_does_not_hide_a_later_change(self, world, desk, sweep, known):
        state = digest(desk.tickets[known])
        world.receives(key="subject", state=state, before=state, modified_at=world.now())
        world.waits(seconds=30)
        desk.person_sets(known, severity="S2-Moderate")
        world.look()
        world.waits(**LATE)

        assert sweep.run(SweepKind.RECENT).missed == 1

    @pytest.mark.parametrize(
        "happens",
        [
            pytest.param(
                lambda world: world.receives(key="delivered", state=None), id="delivered and not yet looked at"
            ),
            pytest.param(lambda world: world.tickets.look_now([TICKET], now=world.now()), id="due for another reason"),
            pytest.param(
                lambda world: (world.receives(key="delivered", state=None), world.claim()), id="leased by a worker"
            ),
            pytest.param(
                lambda world: world.inbox.record(
                    [make_event(key="delivered")], now=world.now() + timedelta(milliseconds=200)
                ),
                id="delivered to a receiver whose clock is ahead",
            ),
            pytest.param(
                lambda world: (
                    world.tickets.look_now([TICKET], now=world.now()),
                    world.desk.before.update(read_ticket=raising(NotPermitted("no"))),
                    world.look(),
                ),
                id="to be tried again later",
            ),
            pytest.param(
                lambda world: (
                    world.receives(key="delivered", state=None),
                    world.desk.before.update(read_ticket=raising(PermanentError("never"))),
                    world.look(),
                ),
                id="parked for a person",
            ),
        ],
    )
    def test_a_ticket_that_is_looked_at_anyway(self, world, desk, sweep, sweeps, known, happens):
        desk.person_sets(known, severity="S2-Moderate")
        world.waits(**LATE)
        happens(world)
        before = world.tickets.history(known)

        assert sweep.run(SweepKind.RECENT).marked == 0
        assert world.tickets.history(known) == before

    @pytest.mark.parametrize(
        ("ago", "marked"),
        [
            pytest.param(timedelta(seconds=9.999), 0, id="its delivery may still arrive"),
            pytest.param(timedelta(seconds=10), 1, id="it should have arrived"),
            pytest.param(timedelta(seconds=-9), 0, id="Desk's clock is a little ahead"),
            pytest.param(timedelta(hours=-1), 1, id="one of the clocks is wrong"),
        ],
    )
    def test_a_very_recent_change_is_left_to_the_next_sweep(self, world, desk, sweep, known, ago, marked):
        desk.person_sets(known, severity="S2-Moderate", modified_at=world.now() - ago)

        assert sweep.run(SweepKind.RECENT).marked == marked


class TestTwoChangesInOneSecond:
    def test_the_second_one_is_found_although_its_delivery_was_lost(self, world, desk, sweep):
        desk.person_sets(TICKET)
        world.receives(state=None, modified_at=world.now())
        world.look()
        desk.person_sets(TICKET, severity="S3-Minimal", modified_at=desk.tickets[TICKET].modified_at)
        world.waits(**LATE)

        swept = sweep.run(SweepKind.RECENT)

        assert (swept.marked, swept.missed) == (1, 0)
        assert world.look() == [LookOutcome.RECONCILED]
        assert Field.SEVERITY in world.tickets.history(TICKET).memory.fields.overrides
        assert sweep.run(SweepKind.RECENT).marked == 0

    def test_our_own_write_is_read_once_more_and_not_missed(self, world, desk, sweep):
        desk.person_sets(TICKET)
        world.receives(state=None, modified_at=world.now())
        world.look()
        world.waits(**LATE)

        assert (sweep.run(SweepKind.RECENT).missed, world.look()) == (0, [LookOutcome.RECONCILED])
        assert (desk.count("write_ticket"), sweep.run(SweepKind.RECENT).marked) == (1, 0)


class TestReplies:
    """Desk is not known to move a ticket's modification time when the partner replies."""

    @pytest.fixture
    def replied(self, world, desk, sweep, known):
        sweep.run(SweepKind.REPLIES)
        world.waits(minutes=12)
        desk.tickets[known] = replace(desk.tickets[known], replied_at=world.now())
        world.waits(**LATE)
        return known

    def test_a_reply_without_a_delivery_is_looked_at_once(self, world, desk, sweep, replied):
        assert sweep.run(SweepKind.RECENT).marked == 0

        swept = sweep.run(SweepKind.REPLIES)

        assert (swept.marked, swept.missed) == (1, 1)
        assert world.look() == [LookOutcome.RECONCILED]
        assert sweep.run(SweepKind.REPLIES).marked == 0

    def test_a_reply_whose_delivery_was_looked_at_is_known(self, world, sweep, replied):
        world.receives(key="thread", type="Ticket_Thread_Add", state=None)
        world.look()
        world.waits(**LATE)

        assert sweep.run(SweepKind.REPLIES).marked == 0

    def test_the_sweep_continues_where_the_last_one_ended(self, world, desk, sweep, replied):
        world.waits(hours=12)

        assert sweep.run(SweepKind.REPLIES).missed == 1

    def test_what_it_finds_does_not_move_the_sweep_of_changes(self, world, sweep, sweeps, replied):
        before = sweeps.coverage()
        sweep.run(SweepKind.REPLIES)

        assert sweeps.coverage() == before


class TestOddAnswers:
    def test_a_ticket_without_an_instant_is_looked_at_and_not_counted(self, world, desk, sweep, known):
        desk.undated.add(known)
        world.waits(minutes=5)

        swept = sweep.run(SweepKind.RECENT)

        assert (swept.marked, swept.missed, swept.new) == (1, 0, 0)
        assert world.look() == [LookOutcome.RECONCILED]
        assert sweep.run(SweepKind.RECENT).marked == 0


class TestBudget:
    def test_the_budget_is_asked_for_every_page(self, world, desk, sweep, sweeps):
        desk.tickets = {each: make_ticket(ticket_id=each, modified_at=NOW) for each in numbered(250)}
        world.waits(**LATE)
        before = sweeps.coverage()
        desk.after["modified_between"] = lambda: setattr(world.budget, "paused", timedelta(minutes=2))

        with pytest.raises(TemporaryError):
            sweep.run(SweepKind.RECENT)

        assert (desk.count("modified_between"), sweeps.coverage()) == (1, before)

    def test_when_credits_run_low_only_what_is_new_is_swept(self, world, sweep):
        world.budget.worst_only = True

        assert sweep.run(SweepKind.RECENT).seen == 0
        assert sweep.run_if_due(SweepKind.FULL) is None
        with pytest.raises(TemporaryError):
            sweep.run_since(NOW)

    def test_a_paused_portal_is_not_swept(self, world, desk, sweep):
        before = desk.count("modified_between")
        world.budget.paused = timedelta(minutes=2)

        assert sweep.run_if_due(SweepKind.RECENT) is None
        assert desk.count("modified_between") == before


class TestHowFarItReaches:
    def test_a_new_portal_is_not_flooded(self, world, desk, sweeps):
        desk.person_sets(TICKET, modified_at=NOW - timedelta(minutes=11))
        new = Sweep(desk=desk, budget=world.budget, sweeps=sweeps, now=world.now)

        assert [new.run(which).seen for which in (SweepKind.RECENT, SweepKind.FULL)] == [0, 0]

    @pytest.mark.parametrize("which", [SweepKind.RECENT, SweepKind.FULL])
    def test_a_change_before_the_first_sweep_is_marked_and_not_missed(self, world, desk, sweeps, which):
        desk.person_sets(TICKET, modified_at=NOW - timedelta(minutes=9))

        swept = Sweep(desk=desk, budget=world.budget, sweeps=sweeps, now=world.now).run(which)

        assert (swept.marked, swept.missed) == (1, 0)

    def test_a_person_can_sweep_from_an_earlier_instant(self, world, desk, sweep, sweeps):
        desk.person_sets(TICKET, modified_at=NOW - timedelta(days=30))

        swept = sweep.run_since(NOW - timedelta(days=31))

        assert (swept.seen, swept.new, swept.marked, swept.missed) == (1, 1, 1, 0)
        assert sweeps.coverage().since == NOW - timedelta(days=31)

    def test_a_sweep_continues_from_the_end_of_the_last_one_even_after_days(self, world, desk, sweep):
        world.waits(days=7)
        desk.person_sets(TICKET, modified_at=NOW + timedelta(hours=1))

        assert sweep.run(SweepKind.RECENT).missed == 1

    @pytest.mark.parametrize("since", [None, timedelta(days=1)], ids=["in full", "since yesterday"])
    def test_no_sweep_leaves_a_gap_before_it(self, world, desk, sweep, since):
        world.waits(days=7)
        desk.person_sets(TICKET, modified_at=NOW + timedelta(hours=1))

        swept = sweep.run_since(world.now() - since) if since else sweep.run(SweepKind.FULL)

        assert swept.missed == 1

    def test_a_full_sweep_finds_a_change_that_the_index_showed_too_late(self, world, desk, sweep):
        for _ in range(10):
            world.waits(minutes=3)
            sweep.run(SweepKind.RECENT)
        desk.person_sets(TICKET, modified_at=NOW + timedelta(minutes=1))

        assert sweep.run(SweepKind.RECENT).seen == 0
        assert sweep.run(SweepKind.FULL).missed == 1

    @pytest.mark.parametrize("jump", [1, -1], ids=["ahead", "back"])
    def test_a_clock_that_jumps_an_hour_and_back_hides_nothing(self, world, desk, sweep, known, jump):
        world.waits(hours=jump)
        sweep.run(SweepKind.RECENT)
        world.waits(hours=-jump)
        desk.person_sets(known, severity="S2-Moderate")
        world.waits(**LATE)

        assert sweep.run(SweepKind.RECENT).missed == 1

    def test_a_slow_clock_hides_nothing(self, world, desk, sweep, known):
        desk.person_sets(known, severity="S2-Moderate", modified_at=world.now() + timedelta(hours=1))

        assert sweep.run(SweepKind.RECENT).missed == 1


class TestTurns:
    def test_two_beats_make_one_sweep(self, world, desk, sweep, known):
        assert sweep.run_if_due(SweepKind.RECENT) is not None
        assert sweep.run_if_due(SweepKind.RECENT) is None
        assert sweep.run_if_due(SweepKind.FULL) is not None

    @pytest.mark.parametrize(
        ("which", "ring", "minutes"),
        [
            pytest.param(SweepKind.RECENT, "sweep", 3, id="recent changes"),
            pytest.param(SweepKind.REPLIES, "sweep replies", 15, id="replies"),
        ],
    )
    def test_the_rings_of_beat_make_a_sweep_every_few_minutes(self, world, sweep, which, ring, minutes):
        made = []
        for number in range(31):
            if sweep.run_if_due(which):
                made.append(number * beat_schedule[ring]["schedule"])
            world.waits(seconds=beat_schedule[ring]["schedule"].total_seconds())

        assert made == [timedelta(minutes=each) for each in range(0, 31, minutes)]

    @pytest.mark.parametrize("seconds", [3, 180, 300])
    def test_the_pace_follows_from_the_time_between_two_sweeps(self, seconds):
        pace = SweepPace.every(timedelta(seconds=seconds))

        turns = (pace.turns[SweepKind.RECENT], pace.turns[SweepKind.REPLIES])
        assert turns == (timedelta(seconds=seconds * 5 / 6), timedelta(seconds=seconds * 29 / 6))
        assert pace.turns[SweepKind.FULL] == SweepPace().turns[SweepKind.FULL]

    def test_the_default_pace_is_that_of_the_setting(self):
        assert SweepPace.every(timedelta(seconds=without_environment().sweep_every)) == SweepPace()

    def test_a_ring_that_comes_a_little_early_makes_a_sweep(self, world, sweep):
        sweep.run_if_due(SweepKind.RECENT)
        world.waits(minutes=2, seconds=59)

        assert sweep.run_if_due(SweepKind.RECENT) is not None

    @pytest.mark.parametrize("which", [SweepKind.RECENT, SweepKind.REPLIES])
    def test_a_sweep_that_failed_is_tried_again_at_the_next_ring(self, world, desk, sweep, which):
        desk.person_sets(TICKET)
        desk.before["modified_between"] = desk.before["replied_between"] = raising(TemporaryError("down"))
        assert sweep.run_if_due(which) is None
        world.waits(minutes=1)

        assert sweep.run_if_due(which) is not None

    def test_a_turn_taken_with_a_wrong_clock_blocks_no_sweep(self, world, sweep):
        world.waits(hours=1)
        sweep.run_if_due(SweepKind.RECENT)
        world.waits(hours=-1)

        assert sweep.run_if_due(SweepKind.RECENT) is not None

    @pytest.mark.parametrize("error", [TemporaryError("down"), NotPermitted("no scope")], ids=["later", "never"])
    def test_a_desk_that_does_not_answer_costs_a_sweep_and_no_ticket(self, world, desk, sweep, sweeps, known, error):
        desk.person_sets(known, severity="S2-Moderate")
        world.waits(**LATE)
        before = sweeps.coverage()
        desk.before["modified_between"] = raising(error)

        with capture_logs() as logs:
            assert sweep.run_if_due(SweepKind.RECENT) is None

        assert [line["event"] for line in logs] == ["portal.not_swept"]
        assert sweeps.coverage() == before
        world.waits(hours=1)
        assert sweep.run_if_due(SweepKind.RECENT).missed == 1

    def test_a_sweep_that_died_half_way_is_repeated(self, world, desk, sweep, sweeps):
        desk.tickets = {each: make_ticket(ticket_id=each, modified_at=NOW) for each in numbered(250)}
        world.waits(**LATE)
        desk.after["modified_between"] = lambda: desk.dies(after="modified_between")
        before = sweeps.coverage()

        with pytest.raises(Died):
            sweep.run(SweepKind.RECENT)

        assert (sweeps.coverage(), world.metrics.deliveries().missed) == (before, 100)
        assert sweep.run(SweepKind.RECENT).missed == 150
        assert sweeps.coverage() == SweepCoverage(since=before.since, until=world.now() - SweepPace().grace)


class TestFailures:
    @pytest.mark.parametrize(
        ("error", "text"),
        [
            pytest.param(TemporaryError("down"), "down", id="Desk does not answer"),
            pytest.param(NotPermitted("no scope"), "no scope", id="Desk refuses"),
            pytest.param(ValueError("canary"), "ValueError in test_sweep.py:", id="a fault of ours"),
        ],
    )
    def test_failures_in_a_row_are_counted_and_the_second_is_an_alarm(self, world, desk, sweep, sweeps, error, text):
        desk.person_sets(TICKET)
        levels = []
        for _ in range(2):
            desk.before["modified_between"] = raising(error)
            world.waits(**LATE)
            with capture_logs() as logs:
                assert sweep.run_if_due(SweepKind.RECENT) is None
            levels.append([(line["event"], line["log_level"]) for line in logs])

        failed = sweeps.rounds()[SweepKind.RECENT]
        assert (failed.failures, failed.error.startswith(text)) == (2, True)
        warned = ("portal.not_swept", "warning")
        assert levels == [[warned], [warned, ("sweep.failing", "error")]]

    def test_a_success_ends_the_row(self, world, desk, sweep, sweeps):
        desk.person_sets(TICKET)
        desk.before["modified_between"] = raising(TemporaryError("down"))
        sweep.run_if_due(SweepKind.RECENT)
        world.waits(**LATE)
        sweep.run_if_due(SweepKind.RECENT)

        reached = world.now() - SweepPace().grace
        assert sweeps.rounds()[SweepKind.RECENT] == SweepRound(reached=reached, ended_at=world.now())


class TestReport:
    def test_our_own_write_is_no_change(self, world, desk, sweep, known):
        sweep.run(SweepKind.RECENT)
        written = desk.count("write_ticket")
        world.imports(make_account(licences=3))
        assert world.look() == [LookOutcome.RECONCILED]
        world.waits(**LATE)

        swept = sweep.run(SweepKind.RECENT)

        assert desk.count("write_ticket") > written
        assert (swept.seen, swept.new, swept.missed) == (1, 0, 0)

    def test_one_line_reports_what_was_found(self, world, desk, sweep, known):
        with capture_logs() as logs:
            swept = sweep.run(SweepKind.RECENT)

        assert logs == [
            {
                "event": "portal.swept",
                "log_level": "info",
                "since": swept.since,
                "seen": 1,
                "new": 1,
                "marked": 0,
                "missed": 0,
            }
        ]

    def test_many_misses_are_an_error(self, world, desk, sweep):
        desk.tickets = {each: make_ticket(ticket_id=each, modified_at=NOW) for each in numbered(3)}
        world.waits(**LATE)

        with capture_logs() as logs:
            sweep.run(SweepKind.RECENT)

        assert [(line["event"], line["log_level"]) for line in logs][1:] == [("deliveries.missed", "error")]

    @pytest.mark.parametrize(
        ("missed", "new", "raised"),
        [
            pytest.param(2, 2, False, id="too few for an alarm"),
            pytest.param(3, 3, True, id="all of a few"),
            pytest.param(3, 60, False, id="the share itself"),
            pytest.param(3, 59, True, id="above it"),
            pytest.param(3, 0, True, id="all of them shown late by the index"),
            pytest.param(0, 0, False, id="a quiet portal"),
        ],
    )
    def test_the_alarm_is_raised_above_a_share(self, missed, new, raised):
        assert MissedAlarm().raised(SweepResult(since=NOW, seen=new, new=new, marked=missed, missed=missed)) is raised

    @pytest.mark.parametrize(
        ("share", "alarmed"),
        [pytest.param(1.0, False, id="all of them may be"), pytest.param(0.0, True, id="none may be")],
    )
    def test_changes_are_counted_and_an_alarm_is_stored(self, world, desk, sweep, share, alarmed):
        desk.person_sets(TICKET)
        world.waits(**LATE)

        replace(sweep, alarm=MissedAlarm(share=share, least=1)).run(SweepKind.RECENT)

        totals = world.metrics.deliveries()
        assert (totals.changes, totals.missed, totals.alarmed_at) == (1, 1, world.now() if alarmed else None)

    def test_a_quiet_sweep_does_not_clear_an_alarm(self, world, desk, sweep):
        sweep = replace(sweep, alarm=MissedAlarm(share=0, least=1))
        desk.person_sets(TICKET)
        world.waits(**LATE)
        sweep.run(SweepKind.RECENT)
        before = world.metrics.deliveries()
        world.waits(**LATE)
        sweep.run(SweepKind.RECENT)

        assert world.metrics.deliveries() == before

    def test_a_ticket_is_new_to_one_sweep_only(self, world, desk, sweep):
        desk.person_sets(TICKET)
        world.waits(seconds=30)
        first = sweep.run(SweepKind.RECENT)
        world.waits(**LATE)

        assert (first.new, sweep.run(SweepKind.RECENT).new) == (1, 0)


class TestTheHostsClock:
    """What a sweep covers is in Desk's time; turns are in the host's."""

    @pytest.fixture(params=[timedelta(days=-1), timedelta(seconds=-60), timedelta(seconds=60)], ids=str)
    def behind(self, request, world, desk, sweeps):
        """A host whose clock is apart from Desk's, which the first answer shows; the portal was never swept."""
        search = desk.modified_between

        def answer(start, end):
            world.clock.behind = request.param
            yield from search(start, end)

        desk.modified_between = answer
        return request.param

    @pytest.fixture
    def apart(self, world, desk, sweeps, behind):
        return Sweep(desk=desk, budget=world.budget, sweeps=sweeps, now=world.now, clock=world.clock)

    def test_nothing_is_covered_that_lies_in_desks_future(self, world, sweeps, apart):
        apart.run(SweepKind.RECENT)
        covered = sweeps.coverage()

        assert covered.since <= covered.until
        assert covered.until == world.desk_now() - apart.pace.grace
        assert sweeps.rounds()[SweepKind.RECENT].reached == covered.until

    def test_a_change_after_a_sweep_is_found_by_the_next(self, world, desk, sweeps, apart):
        apart.run(SweepKind.RECENT)
        world.waits(minutes=1)
        desk.person_sets(TICKET)
        world.waits(minutes=5)

        assert apart.run(SweepKind.RECENT).marked == 1
        assert world.look() == [LookOutcome.RECONCILED]

    def test_a_change_that_a_delivery_may_still_report_is_left_to_the_next(self, world, desk, apart):
        apart.run(SweepKind.RECENT)
        world.waits(minutes=5)
        desk.person_sets(TICKET)
        world.waits(seconds=5)

        assert apart.run(SweepKind.RECENT).marked == 0

    def test_replies_too(self, world, sweeps, apart):
        apart.run(SweepKind.RECENT)
        apart.run(SweepKind.REPLIES)

        assert sweeps.rounds()[SweepKind.REPLIES].reached == world.desk_now() - apart.pace.grace

    def test_coverage_that_a_wrong_clock_recorded_is_swept_again(self, world, desk, sweeps, apart):
        sweeps.cover(SweepCoverage(since=NOW - timedelta(days=9), until=NOW + timedelta(days=2)))
        desk.person_sets(TICKET)
        world.waits(minutes=5)

        assert apart.run(SweepKind.RECENT).marked == 1
