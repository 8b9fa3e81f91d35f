"""A new copy of the subscription data."""

from __future__ import annotations

import pytest

from desk_sync.services.reconcile import Outcome
from tests.support.makers import make_account, make_ticket

TICKET = make_ticket().ticket_id


@pytest.fixture
def settled(world):
    world.hears(state=None)
    world.look()
    return world


def test_tickets_of_changed_accounts_are_looked_at_again(settled, desk):
    imported = settled.imports(make_account(12))

    assert (imported.changed, imported.tickets) == (1, 1)
    assert settled.look() == [Outcome.RECONCILED]
    assert not desk.tickets[TICKET].large_user


def test_the_same_data_again_concern_nobody(settled):
    imported = settled.imports(make_account(88))

    assert (imported.changed, imported.tickets) == (0, 0)
    assert settled.look() == []


def test_an_account_that_is_gone_is_unknown_and_changes_nothing(settled, desk):
    """L8."""
    settled.imports(make_account(account_id="A9", super_admin_email="else@other.example"))
    settled.look()

    assert desk.tickets[TICKET].large_user


def test_data_that_were_too_old_help_when_they_come_again(world, desk):
    world.waits(days=8)
    world.hears(state=None)
    world.look()
    assert not desk.tickets[TICKET].large_user

    imported = world.imports(make_account(88))
    world.look()

    assert (imported.changed, imported.tickets) == (0, 1)
    assert desk.tickets[TICKET].large_user


def test_an_account_that_comes_new_helps_the_tickets_that_nobody_knew(world, desk):
    world.imports(make_account(account_id="A9", super_admin_email="else@other.example"))
    world.hears(state=None)
    world.look()

    world.imports(make_account(88))
    world.look()

    assert desk.tickets[TICKET].large_user
