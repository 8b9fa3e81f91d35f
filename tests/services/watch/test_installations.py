"""A second installation on a portal writes nothing; the first, a restored and a lost database go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.adapters.store.installations import SqlInstallation
from desk_sync.domain.plan.policy import Mode
from desk_sync.ports.portal import InstallationMark
from desk_sync.services.watch.health import Health, check
from desk_sync.services.watch.installations import InstallationWatch
from tests.support.makers import NOW

OLDER, YOUNGER = "0000000a000001", "f000000a000001"
FIRST, SECOND, THIRD = "1", "2", "3"
LATER = NOW + timedelta(minutes=1)


class Portal:
    """A portal on whose tickets installations leave marks, as this one reads them."""

    def __init__(self, world) -> None:
        self.world = world
        self.store = SqlInstallation(world.engine, "default", world.now, lambda: "0f0f0f")

    def watch(self, **modes) -> InstallationWatch:
        tickets = replace(self.world.policy.tickets, mode=Mode.WRITE, department_modes={})
        return InstallationWatch(store=self.store, now=self.world.now, speaks_in=replace(tickets, **modes).speaks_in)

    def reads(self, ticket_id, *marks) -> None:
        """Read the comments of a ticket: each with its installation, and the minutes after `NOW` of its time."""
        at = [(each, NOW + timedelta(minutes=minutes)) for each, minutes in marks]
        seen = [InstallationMark(installation=each, made_at=made_at, edited_at=made_at) for each, made_at in at]
        self.store.see(ticket_id, seen)

    @property
    def own(self) -> str:
        return self.store.own()

    def shares(self, other, *ticket_ids) -> None:
        """Read tickets on which this installation wrote, and the other one afterwards."""
        for ticket_id in ticket_ids:
            self.reads(ticket_id, (self.own, 0), (other, 1))


@pytest.fixture
def portal(world):
    return Portal(world)


def alarms(portal, **facts):
    return list(portal.watch(**facts).alarms())


def test_the_younger_of_two_is_refused_once_the_older_wrote_after_it_on_two_tickets(portal):
    portal.shares(OLDER, FIRST)
    assert portal.watch().refusal() is None
    portal.shares(OLDER, SECOND)

    assert portal.watch().refusal() == (
        f"installation {OLDER}, which is older than this one ({portal.own}), writes here too: on 2 tickets, "
        f"last noticed at {NOW:%F %H:%M}Z"
    )
    assert alarms(portal) == [f"{portal.watch().refusal()}; this one writes nothing"]


def test_the_older_of_two_goes_on_and_warns_for_some_hours(portal, world):
    portal.shares(YOUNGER, FIRST, SECOND)

    assert portal.watch().refusal() is None
    assert len(alarms(portal)) == 1
    world.waits(hours=6)
    assert alarms(portal) == []


INNOCENT = [
    pytest.param([(FIRST, [(OLDER, 1)]), (SECOND, [(OLDER, 2)])], id="this one has not written yet"),
    pytest.param([(FIRST, [(OLDER, 0), ("own", 5)]), (SECOND, [(OLDER, 1), ("own", 6)])], id="a predecessor"),
    pytest.param(
        [(FIRST, [("own", 5)]), (SECOND, [("own", 90), (OLDER, 4)]), (THIRD, [("own", 95), (OLDER, 3)])],
        id="a predecessor, found after long",
    ),
    pytest.param([(FIRST, [("own", 1), ("own", 2)]), (SECOND, [("own", 3)])], id="no other at all"),
    pytest.param([(FIRST, [("own", 0), (OLDER, 1)])] * 5, id="one ticket, read again and again"),
    pytest.param([], id="no comments"),
    pytest.param([(FIRST, [])], id="comments without a mark"),
]


@pytest.mark.parametrize("readings", INNOCENT)
def test_no_alarm(portal, readings):
    for ticket_id, marks in readings:
        portal.reads(ticket_id, *((portal.own if each == "own" else each, at) for each, at in marks))

    assert alarms(portal) == []


def test_one_in_the_mode_shadow_may_stand_beside_the_other(portal):
    portal.shares(OLDER, FIRST, SECOND)

    assert portal.watch(mode=Mode.SHADOW).refusal() is None
    assert alarms(portal, mode=Mode.SHADOW) == []


def test_another_may_write_in_a_department_in_which_this_one_does_not(portal, world, desk):
    world.receives(state=None)
    world.look()
    (looked_at,) = desk.tickets.values()
    portal.shares(OLDER, looked_at.ticket_id, SECOND)
    there = looked_at.department_id

    assert alarms(portal, department_modes={there: Mode.SHADOW}) == []
    assert portal.watch(mode=Mode.SHADOW, department_modes={there: Mode.WRITE}).others()[0].tickets == 1
    assert len(alarms(portal)) == 1


def test_a_person_settles_it_until_the_other_writes_again(portal, world):
    portal.shares(OLDER, FIRST, SECOND)
    portal.store.clear(now=world.now(), by="Ada", why="the old host is switched off")
    assert alarms(portal) == []
    world.waits(minutes=5)
    portal.shares(OLDER, FIRST, SECOND)
    assert alarms(portal) == []

    for ticket_id in (FIRST, SECOND):
        portal.reads(ticket_id, (portal.own, 0), (OLDER, 30))

    assert len(alarms(portal)) == 1


def test_the_id_stays_with_the_database(portal, world):
    again = SqlInstallation(world.engine, "other", lambda: LATER, lambda: "abcdef")

    assert portal.own == f"{int(NOW.timestamp()):08x}0f0f0f"
    assert again.own() == portal.own


def test_the_health_says_so(portal, world, health):
    watched = with_installations(health, portal)
    assert watched.other_installations() == "none writes to a portal of ours"
    portal.shares(OLDER, FIRST, SECOND)

    found = check("installations", watched.other_installations)

    assert not found.ok
    assert found.what.startswith(f"default: installation {OLDER}")
    assert "installation clear" in (found.hint or "")


def with_installations(health: Health, portal) -> Health:
    return replace(health, installations=[portal.watch()])


def test_a_refused_installation_looks_and_writes_nothing(portal, world, desk):
    portal.shares(OLDER, FIRST, SECOND)
    reader = world.reader
    world.reader = lambda: refusing(reader(), portal.watch().refusal)
    world.receives(state=None)
    world.look()

    assert desk.count("read_ticket") == 1
    assert (desk.writes, dict(desk.comments)) == ([], {})

    portal.store.clear(now=world.now(), by=None, why="the other one is switched off")
    world.tickets.look_now(list(desk.tickets), now=world.now())
    world.look()
    assert desk.writes != []


def refusing(reader, refusal):
    return replace(reader, refusal=refusal)


@pytest.mark.parametrize(
    ("mode", "departments", "speaks"),
    [
        pytest.param(Mode.SHADOW, {}, False, id="shadow"),
        pytest.param(Mode.SHADOW, {"1": Mode.COMMENT}, True, id="comments in one department"),
        pytest.param(Mode.WRITE, {}, True, id="write"),
        pytest.param(Mode.WRITE, {"1": Mode.SHADOW}, False, id="write in the other departments"),
    ],
)
def test_one_speaks_in_the_departments_whose_mode_writes(world, mode, departments, speaks):
    policy = replace(world.policy.tickets, mode=mode, department_modes=departments)

    assert policy.speaks_in("1") is speaks


def test_in_shadow_nothing_is_written_in_any_department(world):
    assert not world.policy.in_shadow().tickets.speaks_in("1")
