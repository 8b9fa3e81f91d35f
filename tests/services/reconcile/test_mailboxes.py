"""The mailbox that received a mail gives the data centre, if the threshold depends on it (R61, C2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.licence_policy import RegionBy
from desk_sync.domain.commitment.regions import RegionBasis
from desk_sync.errors import TemporaryError
from desk_sync.services.reconcile.reconcile import LookOutcome
from tests.support.clock_scenes import REGIONS
from tests.support.makers import NOW, PARTNERS, POLICY, make_account, make_ticket

TICKET = make_ticket().ticket_id
EUROPE, WORLD = "help@eu.zoho.example", "help@zoho.example"
MAILBOXES = {EUROPE: frozenset({"EU", "UK"}), WORLD: frozenset({"IN", "US"})}
BY_CENTER = replace(
    POLICY,
    licences=replace(POLICY.licences, region_by=RegionBy.DATA_CENTER),
    partners=replace(PARTNERS, mailboxes=MAILBOXES),
)


@pytest.fixture
def mailed(desk, world):
    """A ticket by mail to these addresses; its account's 88 licences are many in Europe and few in India."""
    world.policy = BY_CENTER

    def mail(*addresses, **facts):
        desk.mailboxes[TICKET] = list(addresses)
        desk.tickets[TICKET] = make_ticket(**facts)
        world.receives(state=None)
        return world.look()

    return mail


def decision(world):
    return world.tickets.history(TICKET).decisions[-1].decision


@pytest.mark.parametrize(
    ("addresses", "verdict"),
    [
        pytest.param(["x@partner.example", EUROPE], Verdict.PRIORITY, id="Europe's"),
        pytest.param([WORLD], Verdict.NOT_PRIORITY, id="that of two centres, of which one has a threshold"),
        pytest.param([EUROPE, WORLD], Verdict.REVIEW, id="both"),
        pytest.param(["x@partner.example"], Verdict.REVIEW, id="none that the mapping names"),
        pytest.param([], Verdict.REVIEW, id="no mail at all"),
    ],
)
def test_the_threshold_is_that_of_the_mailbox(world, mailed, addresses, verdict):
    mailed(*addresses)

    assert decision(world).verdict is verdict


def test_the_reason_names_the_data_centres_and_no_address(world, mailed):
    mailed(EUROPE)
    said = [str(reason) for reason in decision(world).reasons]

    assert "R61: the mail came to the mailbox of EU, UK" in said
    assert not any("@" in reason for reason in said)


@pytest.mark.parametrize("addresses", [[EUROPE], []])
def test_desk_is_asked_once_for_each_ticket(desk, world, mailed, addresses):
    mailed(*addresses)
    mailed(*addresses, product="Zoho Desk")

    assert desk.count("read_mailboxes") == 1
    assert decision(world).verdict is (Verdict.PRIORITY if addresses else Verdict.REVIEW)


def test_a_desk_that_is_away_is_asked_at_the_next_look(desk, world, mailed):
    def away():
        raise TemporaryError("away")

    desk.before["read_mailboxes"] = away
    assert mailed(EUROPE) == [LookOutcome.POSTPONED]
    world.waits(minutes=1)
    assert world.look() == [LookOutcome.RECONCILED]

    assert decision(world).verdict is Verdict.PRIORITY


@pytest.mark.parametrize(
    ("policy", "account", "facts"),
    [
        pytest.param(BY_CENTER, make_account(data_centers=("EU",)), {}, id="the account names its data centre"),
        pytest.param(BY_CENTER, make_account(regions=("INDIA",)), {}, id="the account names its region"),
        pytest.param(BY_CENTER, make_account(), {"customer_primary_email": None}, id="the account is unknown"),
        pytest.param(
            replace(BY_CENTER, licences=POLICY.licences), make_account(), {}, id="the threshold goes by country"
        ),
        pytest.param(replace(BY_CENTER, partners=PARTNERS), make_account(), {}, id="the mapping has no mailboxes"),
    ],
)
def test_mailboxes_are_read_only_if_something_depends_on_them(desk, world, mailed, policy, account, facts):
    world.policy = policy
    world.imports(account)
    mailed(EUROPE, **facts)

    assert desk.count("read_mailboxes") == 0


@pytest.mark.parametrize(
    ("account", "region"),
    [
        pytest.param(make_account(), "EUROPE_UK", id="the mailbox's"),
        pytest.param(make_account(data_centers=("JP",)), "APAC_JAPAN", id="the account's"),
    ],
)
def test_clocks_that_go_by_data_centre_follow_it_too(world, mailed, account, region):
    regions = replace(
        REGIONS, calendar_by=RegionBasis.DATA_CENTER, of_data_center={"EU": "EUROPE_UK", "JP": "APAC_JAPAN"}
    )
    world.policy = replace(BY_CENTER, commitment=replace(POLICY.commitment, regions=regions))
    world.imports(account)
    mailed(EUROPE, created_at=NOW)

    assert world.tickets.history(TICKET).promise.located.text.endswith(region)
    assert world.tickets.history(TICKET).promise.region == region
    assert world.reader().rejudge(world.tickets.history(TICKET)).promise == world.tickets.history(TICKET).promise
