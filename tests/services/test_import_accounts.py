"""Importing a new copy of the subscription data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from desk_sync.errors import Shrunk
from desk_sync.ports.subscriptions import FILE, AccountFile
from desk_sync.services.import_accounts import ShrinkLimit
from desk_sync.services.reconcile.reconcile import LookOutcome
from tests.support.makers import LICENCES, make_account, make_evidence, make_item, make_ticket

TICKET = make_ticket().ticket_id
BY_SEVERITY = {
    "S3-Minor": "100000000000000011",
    "S1-Critical": "100000000000000012",
    "S2-Moderate": "100000000000000013",
}


@pytest.fixture
def settled(world):
    world.receives(state=None)
    world.look()
    return world


def test_tickets_of_changed_accounts_are_looked_at_again(settled, desk):
    imported = settled.imports(make_account(12))

    assert (imported.changed, imported.tickets) == (1, 1)
    assert settled.look() == [LookOutcome.RECONCILED]
    assert not desk.tickets[TICKET].large_user


def test_account_exports_replace_the_current_data_of_the_file_source(settled):
    exported = AccountFile(accounts=(make_account(89),), as_of=date(2026, 11, 20), warnings=())

    assert settled.importing().run_file(exported).changed == 1
    [current] = settled.subscriptions.current()
    assert (current.source, current.as_of) == (FILE, date(2026, 11, 20))


def test_the_same_data_again_concern_no_ticket(settled):
    imported = settled.imports(make_account(88))

    assert (imported.changed, imported.tickets) == (0, 0)
    assert settled.look() == []


def test_an_account_that_is_gone_is_unknown_and_changes_nothing(settled, desk):
    """L8."""
    settled.imports(make_account(account_id="A9", super_admin_email="else@other.example"))
    settled.look()

    assert desk.tickets[TICKET].large_user


def test_expired_data_are_valid_again_after_the_next_import(world, desk):
    world.waits(days=8)
    world.receives(state=None)
    world.look()
    assert not desk.tickets[TICKET].large_user

    imported = world.imports(make_account(88))
    world.look()

    assert (imported.changed, imported.tickets) == (0, 1)
    assert desk.tickets[TICKET].large_user


def test_a_new_account_is_found_for_the_tickets_that_were_unknown(world, desk):
    world.imports(make_account(account_id="A9", super_admin_email="else@other.example"))
    world.receives(state=None)
    world.look()

    world.imports(make_account(88))
    world.look()

    assert desk.tickets[TICKET].large_user


def test_an_import_that_died_before_all_tickets_were_marked_is_finished(settled, desk):
    settled.imports(make_account(12))
    settled.look()
    settled.imports(make_account(88))
    unfinished = "UPDATE snapshots SET marking_until = imported_at WHERE state = 'current'"
    unmarked = "UPDATE tickets SET look_at = NULL, wake_at = NULL, marked = FALSE, woken = FALSE"
    with settled.engine.begin() as connection:
        for statement in (unmarked, unfinished):
            connection.exec_driver_sql(statement)
    assert settled.look() == []

    for minutes in (0, 15, 15):
        settled.waits(minutes=minutes)
        settled.importing().go_on()

    assert settled.look() == [LookOutcome.RECONCILED]
    assert desk.tickets[TICKET].large_user
    assert settled.look() == []


class TestAnExportThatLostTooMuch:
    """An incomplete export must not take anything from any ticket (L8)."""

    @pytest.mark.parametrize(
        ("accounts", "licences", "refused"),
        [
            pytest.param(10, 100, False, id="the same"),
            pytest.param(8, 80, False, id="a fifth less, to the account"),
            pytest.param(7, 100, True, id="too few accounts"),
            pytest.param(10, 79, True, id="too few licences"),
            pytest.param(20, 500, False, id="more"),
        ],
    )
    def test_a_fifth_may_be_missing(self, world, accounts, licences, refused):
        world.imports(*export(10, 100))

        if refused:
            with pytest.raises(Shrunk):
                world.imports(*export(accounts, licences), max_shrink=0.2)
        else:
            assert world.imports(*export(accounts, licences), max_shrink=0.2)

    def test_half_an_export_changes_nothing(self, world, desk):
        world.imports(*export(10, 1000), make_account(88))
        world.receives(state=None)
        world.look()
        before = world.subscriptions.current()

        with pytest.raises(Shrunk, match="5 accounts where there were 11"):
            world.imports(*export(5, 500), max_shrink=0.2)

        assert world.subscriptions.current() == before
        assert world.look() == []
        assert desk.tickets[TICKET].large_user

    def test_only_licences_that_count_are_compared(self):
        metered = make_account(items=(make_item(60), make_item(5000, unit="contacts", name="Contacts")))

        assert ShrinkLimit(policy=LICENCES).licences(metered) == 60

    def test_a_dry_run_changes_nothing(self, settled, desk):
        assert settled.imports(make_account(12), dry_run=True).differing == 1
        assert settled.look() == []
        assert desk.tickets[TICKET].large_user


def export(accounts, licences):
    """Return `accounts` accounts with one licence each; the first one has the rest of `licences`."""
    rest = licences - (accounts - 1)
    return [
        make_account(rest if n == 0 else 1, account_id=f"E{n}", super_admin_email=f"e{n}@e.example", domain="e.example")
        for n in range(accounts)
    ]


def test_the_tickets_of_changed_accounts_are_looked_at_worst_first(world, desk):
    """R49 has made one of them severity 1; the others come after it."""
    mild = [make_ticket(ticket_id=f"10000000000000000{n}", severity="S3-Minimal", request_type=None) for n in (2, 3)]
    accounts = [make_account(1, account_id=f"M{n}", super_admin_email=f"m{n}@m.example", domain=None) for n in (2, 3)]
    for ticket, account in zip(mild, accounts, strict=True):
        address = account.super_admin_email
        desk.tickets[ticket.ticket_id] = replace(
            ticket, customer_primary_email=address, evidence=(make_evidence(address),)
        )
    world.imports(make_account(88), *accounts)
    for ticket_id in desk.tickets:
        world.receives(key=ticket_id, ticket_id=ticket_id, state=None)
    world.look()

    assert world.imports(make_account(89), *(replace(each, items=()) for each in accounts)).tickets == 3

    assert [lease.urgency for lease in world.claim()] == [1, 3, 3]


class TestManyTicketsOfAnAccountThatChanged:
    """They are looked at worst first, as far as the day's credits go."""

    @pytest.fixture
    def changed(self, world, desk):
        world.imports(make_account(12))
        for severity, ticket_id in BY_SEVERITY.items():
            desk.tickets[ticket_id] = make_ticket(ticket_id=ticket_id, severity=severity)
            world.receives(ticket_id=ticket_id, key=ticket_id, state=None)
        world.look()
        assert world.imports(make_account(13)).tickets == 3
        return world

    def seen(self, world):
        """Look at the claimed tickets; return severity and outcome of each, in order."""
        by_id = {ticket_id: severity[:2] for severity, ticket_id in BY_SEVERITY.items()}
        reconcile = world.reconcile()
        return [(by_id[lease.ticket_id], reconcile.look(lease)) for lease in world.claim()]

    def test_the_worst_come_first(self, changed):
        assert [severity for severity, _ in self.seen(changed)] == ["S1", "S2", "S3"]

    def test_when_credits_are_kept_for_the_worst_the_others_wait_with_the_reason_and_are_not_forgotten(self, changed):
        changed.budget.worst_only = True
        ends = [LookOutcome.RECONCILED, LookOutcome.POSTPONED, LookOutcome.POSTPONED]
        assert self.seen(changed) == list(zip(["S1", "S2", "S3"], ends, strict=True))
        waiting = changed.tickets.history(BY_SEVERITY["S3-Minor"])
        assert "kept for the most urgent tickets" in waiting.error

        changed.budget.worst_only = False
        changed.waits(minutes=15)
        assert self.seen(changed) == [("S2", LookOutcome.RECONCILED), ("S3", LookOutcome.RECONCILED)]


class TestTheSizeOfSomeDaysAgo:
    """Loss in small steps and sudden growth are said, whatever the guard allows at each step."""

    def import_in_steps(self, world, *sizes):
        remarks = []
        for size in sizes:
            accounts = [make_account(10, account_id=f"E{n}", super_admin_email=f"e{n}@e.example") for n in range(size)]
            remarks = world.imports(*accounts, max_shrink=0.2).remarks
            world.waits(hours=36)
        return remarks

    @pytest.mark.parametrize(
        ("sizes", "words"),
        [
            pytest.param((100, 85, 72, 62), "62 accounts where there were 85, a loss in small steps", id="small steps"),
            pytest.param((20, 20, 20, 50), "50 accounts where there were 20, a sudden growth", id="sudden growth"),
        ],
    )
    def test_is_compared(self, world, sizes, words):
        assert words in " ".join(self.import_in_steps(world, *sizes))

    def test_that_is_like_today_s_is_not_said(self, world):
        assert self.import_in_steps(world, 20, 20, 20, 21) == ()


def counting_no(policy):
    """Return a policy that counts no licence at all."""
    return replace(policy, licences=replace(policy.licences, counted_units=frozenset(), user_endings=()))


def test_a_mapping_that_counts_less_does_not_block_a_source(world):
    """The licences of before are counted by today's rules, too."""
    world.imports(make_account(88))
    world.policy = counting_no(world.policy)

    assert world.imports(make_account(88), max_shrink=0.2).size.licences == 0


def test_a_mapping_that_counts_more_does_not_hide_that_half_is_missing(world):
    small = [make_account(10, account_id=f"E{n}", super_admin_email=f"e{n}@e.example") for n in range(4)]
    before, world.policy = world.policy, counting_no(world.policy)
    world.imports(*small)
    world.policy = before

    with pytest.raises(Shrunk, match="20 licences where there were 40"):
        world.imports(*(replace(each, items=(make_item(5),)) for each in small), max_shrink=0.2)


def test_the_size_of_some_days_ago_by_other_rules_is_compared_by_accounts_only(world):
    world.imports(make_account(88))
    world.waits(hours=80)
    world.policy = counting_no(world.policy)

    assert world.imports(make_account(88), max_shrink=0.2).remarks == ()
