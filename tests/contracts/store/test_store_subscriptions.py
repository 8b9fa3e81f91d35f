"""The port SubscriptionStore: one current snapshot per source, replaced all at once or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice

import pytest

from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.errors import PermanentError, Shrunk
from desk_sync.ports.subscriptions import SnapshotGrowth, SnapshotSize
from desk_sync.services.import_accounts import ShrinkLimit
from tests.contracts.store.steps import DECISION, begin, claim_due, finish, take
from tests.support.makers import FRESHNESS, LICENCES, NOW, make_account, make_event, make_freshness

LATER = NOW + timedelta(days=1)
WEEK = timedelta(days=7)
EMAIL = Identifier(IdentifierKind.EMAIL, "admin@large.example")


def replace_with(subscriptions, *accounts, now=NOW):
    return subscriptions.replace(accounts, source="file", as_of=date(2026, 11, 22), now=now, freshness=FRESHNESS)


def bring(subscriptions, source, *accounts, now=NOW, **facts):
    return subscriptions.replace(accounts, source=source, as_of=None, now=now, freshness=FRESHNESS, **facts)


def many(count: int) -> Iterator[Account]:
    for n in range(count):
        yield make_account(account_id=f"A{n}", super_admin_email=f"admin{n}@large.example")


class TestSubscriptions:
    def test_before_the_first_import_nothing_is_current(self, subscriptions):
        assert subscriptions.current() == []
        assert subscriptions.find([EMAIL]) == {}

    def test_an_import_is_current_when_it_is_complete(self, subscriptions):
        snapshot = replace_with(subscriptions, make_account()).snapshot

        assert subscriptions.current() == [snapshot]
        assert snapshot == Snapshot(
            snapshot_id=snapshot.snapshot_id, source="file", imported_at=NOW, as_of=date(2026, 11, 22)
        )

    def test_an_account_is_read_as_it_was_imported(self, subscriptions):
        account = make_account(zoids=("1", "2"), partner_domain=None, tagged=False, regions=("EUROPE_UK",))
        replace_with(subscriptions, account)

        assert subscriptions.find([EMAIL]) == {EMAIL: [account]}

    def test_the_first_snapshot_has_nothing_to_be_compared_with(self, subscriptions):
        assert subscriptions.growths() == {}

        replace_with(subscriptions, *many(3))

        assert subscriptions.growths() == {"file": SnapshotGrowth(size=SnapshotSize(accounts=3, licences=0))}
        assert str(subscriptions.growths()["file"]) == "3 accounts, 0 licences"

    def test_a_later_snapshot_is_compared_with_the_one_that_it_replaced(self, subscriptions):
        for count in (3, 1203):
            replace_with(subscriptions, *many(count))
        bring(subscriptions, "ignored", *many(1))

        assert [*subscriptions.growths()] == ["file"]
        assert str(subscriptions.growths()["file"]) == "1,203 accounts (+1,200), 0 licences (+0)"

    def test_licences_that_were_counted_by_other_rules_are_not_compared(self, subscriptions):
        guard = ShrinkLimit(policy=LICENCES)
        replace_with(subscriptions, make_account(88))
        bring(subscriptions, "file", make_account(88), guard=guard)

        assert str(subscriptions.growths()["file"]) == "1 accounts (+0), 88 licences"

    @pytest.mark.parametrize(
        ("identifier", "found"),
        [
            pytest.param(Identifier(IdentifierKind.EMAIL, "admin@large.example"), True, id="the super admin"),
            pytest.param(Identifier(IdentifierKind.DOMAIN, "large.example"), True, id="the domain"),
            pytest.param(Identifier(IdentifierKind.ZOID, "11"), True, id="ZOID"),
            pytest.param(Identifier(IdentifierKind.ZGID, "22"), True, id="ZGID"),
            pytest.param(Identifier(IdentifierKind.ZUID, "33"), True, id="ZUID"),
            pytest.param(Identifier(IdentifierKind.ZUID, "11"), False, id="the same digits as another kind"),
            pytest.param(
                Identifier(IdentifierKind.DOMAIN, "partner.example"),
                False,
                id="the partner's domain is not the customer's",
            ),
        ],
    )
    def test_an_account_is_found_by_each_of_its_identifiers(self, subscriptions, identifier, found):
        account = make_account(zoids=("11",), zgids=("22",), zuids=("33",), partner_domain="partner.example")
        replace_with(subscriptions, account)

        assert subscriptions.find([identifier]) == ({identifier: [account]} if found else {})

    def test_an_identifier_of_several_accounts_leads_to_all_of_them(self, subscriptions):
        replace_with(subscriptions, *many(3))
        domain = Identifier(IdentifierKind.DOMAIN, "large.example")

        assert [account.account_id for account in subscriptions.find([domain])[domain]] == ["A0", "A1", "A2"]

    def test_more_identifiers_than_fit_one_statement_are_all_found(self, subscriptions):
        replace_with(subscriptions, *many(600))
        wanted = [Identifier(IdentifierKind.EMAIL, f"admin{n}@large.example") for n in range(600)]

        assert subscriptions.find(wanted).keys() == set(wanted)

    def test_an_account_without_a_domain_is_not_found_by_none(self, subscriptions):
        replace_with(subscriptions, make_account(domain=None))

        assert subscriptions.find([Identifier(IdentifierKind.DOMAIN, "None")]) == {}

    @pytest.mark.parametrize(
        ("before", "after", "changed"),
        [
            pytest.param([], ["A1"], 1, id="new"),
            pytest.param(["A1"], ["A1"], 0, id="the same"),
            pytest.param(["A1"], [], 1, id="gone"),
            pytest.param(["A1", "A2"], ["A2", "A3"], 2, id="one gone, one new"),
        ],
    )
    def test_an_import_returns_how_many_accounts_differ(self, subscriptions, before, after, changed):
        for account_ids in (before, after):
            replaced = replace_with(subscriptions, *(make_account(account_id=each) for each in account_ids))

        assert replaced.changed == changed

    def test_an_import_takes_the_place_of_the_one_before(self, subscriptions, rows):
        replace_with(subscriptions, *many(250))
        replace_with(subscriptions, make_account(), now=LATER)

        assert [each.imported_at for each in subscriptions.current()] == [LATER]
        assert [row["account_id"] for row in rows("SELECT account_id FROM accounts")] == ["A1"]
        assert {row["account_id"] for row in rows("SELECT account_id FROM identifiers")} == {"A1"}

    def test_until_an_import_is_complete_readers_see_the_one_before(self, subscriptions):
        first = replace_with(subscriptions, make_account(60)).snapshot
        seen = []

        def slow() -> Iterator[Account]:
            for account in many(250):
                seen.append((*subscriptions.current(), len(subscriptions.find([EMAIL])[EMAIL])))
                yield account

        subscriptions.replace(slow(), source="file", as_of=None, now=LATER, freshness=FRESHNESS)

        assert set(seen) == {(first, 1)}
        assert EMAIL not in subscriptions.find([EMAIL])

    def test_a_source_that_fails_half_way_leaves_the_one_before(self, subscriptions, rows):
        first = replace_with(subscriptions, make_account()).snapshot

        def failing() -> Iterator[Account]:
            yield from many(250)
            raise ConnectionError("the source went away")

        with pytest.raises(ConnectionError):
            subscriptions.replace(failing(), source="file", as_of=None, now=LATER, freshness=FRESHNESS)

        assert subscriptions.current() == [first]
        assert subscriptions.find([EMAIL]).keys() == {EMAIL}
        assert len(rows("SELECT * FROM accounts")) == 1

    def test_an_account_that_is_twice_in_the_data_stops_the_import(self, subscriptions):
        first = replace_with(subscriptions, make_account()).snapshot
        with pytest.raises(PermanentError):
            replace_with(subscriptions, make_account(), make_account(), now=LATER)

        assert subscriptions.current() == [first]

    def test_a_later_import_stops_one_under_way(self, subscriptions, rows):
        def overtaken() -> Iterator[Account]:
            accounts = many(250)
            yield from islice(accounts, 150)
            replace_with(subscriptions, make_account(), now=LATER)
            yield from accounts

        with pytest.raises(PermanentError, match="a later import"):
            subscriptions.replace(overtaken(), source="file", as_of=None, now=NOW, freshness=FRESHNESS)

        assert [each.imported_at for each in subscriptions.current()] == [LATER]
        assert len(rows("SELECT * FROM accounts")) == 1

    def test_what_a_killed_import_left_is_cleared_by_the_next(self, subscriptions, engine, rows):
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO snapshots (id, source, imported_at, state) "
                "VALUES (99, 'file', '2026-01-01 00:00:00.000000', 'importing')"
            )
            connection.exec_driver_sql(
                "INSERT INTO accounts (snapshot_id, account_id, digest, account) VALUES (99, 'A9', 'd', '{}')"
            )
        replace_with(subscriptions, make_account())

        assert [row["account_id"] for row in rows("SELECT account_id FROM accounts")] == ["A1"]


class TestSeveralSources:
    """Each has its own snapshot; of accounts with one super admin the first source's counts."""

    @pytest.fixture
    def subscriptions(self, engine):
        return SqlSubscriptions(engine, ("billing", "store"))

    def test_the_first_source_that_has_an_account_wins_and_the_others_are_named(self, subscriptions):
        bring(subscriptions, "store", make_account(10, account_id="S1"))
        bring(subscriptions, "billing", make_account(88, account_id="B1"))

        [account] = subscriptions.find([EMAIL])[EMAIL]

        assert (account.account_id, account.origin.source, account.also_in) == ("B1", "billing", ("store",))

    def test_what_only_a_later_source_has_is_found_there(self, subscriptions):
        bring(subscriptions, "billing", make_account(super_admin_email="else@large.example", domain=None))
        bring(subscriptions, "store", make_account(account_id="S1"))

        assert [each.account_id for each in subscriptions.find([EMAIL])[EMAIL]] == ["S1"]

    def test_different_super_admins_of_two_sources_are_different_accounts(self, subscriptions):
        domain = Identifier(IdentifierKind.DOMAIN, "large.example")
        bring(subscriptions, "billing", make_account(account_id="B1"))
        bring(subscriptions, "store", make_account(account_id="S1", super_admin_email="else@large.example"))

        assert [each.account_id for each in subscriptions.find([domain])[domain]] == ["B1", "S1"]

    def test_the_snapshots_are_in_the_order_of_the_sources(self, subscriptions):
        for source in ("store", "file", "billing"):
            bring(subscriptions, source, make_account())

        assert [snapshot.source for snapshot in subscriptions.current()] == ["billing", "store"]

    def test_an_import_leaves_other_sources_alone(self, subscriptions):
        def meanwhile() -> Iterator[Account]:
            yield make_account(account_id="B1")
            bring(subscriptions, "store", make_account(account_id="S1"))

        subscriptions.replace(meanwhile(), source="billing", as_of=None, now=NOW, freshness=FRESHNESS)

        assert [snapshot.source for snapshot in subscriptions.current()] == ["billing", "store"]

    def test_a_source_that_is_not_used_is_ignored(self, engine):
        bring(SqlSubscriptions(engine), "store", make_account())

        assert SqlSubscriptions(engine).find([EMAIL]) == {}

    def test_an_account_that_a_source_takes_over_from_another_is_looked_at(self, subscriptions, tickets):
        bring(subscriptions, "store", make_account(88, account_id="S1"))
        decided(tickets, "t1", "S1")

        assert bring(subscriptions, "billing", make_account(10, account_id="B1"), now=LATER).tickets == 1


class Refusing:
    """A guard that counts quantities, and refuses every snapshot."""

    ruler = "quantities"

    def __init__(self):
        self.checked = []

    def licences(self, account):
        return sum(item.quantity for item in account.items)

    def check(self, before, after):
        self.checked.append((before, after))
        raise Shrunk("too little")


class TestAGuard:
    def test_what_it_refuses_changes_nothing(self, subscriptions, tickets, rows):
        guard = Refusing()
        first = bring(subscriptions, "file", make_account(88), guard=guard).snapshot
        decided(tickets, "t1", "A1")

        with pytest.raises(Shrunk):
            bring(subscriptions, "file", make_account(5), now=LATER, guard=guard)

        assert guard.checked == [(SnapshotSize(accounts=1, licences=88), SnapshotSize(accounts=1, licences=5))]
        assert subscriptions.current() == [first]
        assert not claim_due(tickets, now=LATER)
        assert len(rows("SELECT * FROM accounts")) == 1

    def test_a_dry_run_returns_what_would_change_and_changes_nothing(self, subscriptions, tickets, rows):
        first = bring(subscriptions, "file", *(make_account(account_id=each) for each in ("A1", "A2"))).snapshot
        decided(tickets, "t1", "A1")
        news = (make_account(5, account_id="A1"), *(make_account(account_id=each) for each in ("A3", "A4", "A5")))

        replaced = bring(subscriptions, "file", *news, now=LATER, dry_run=True)

        assert (replaced.added, replaced.differing, replaced.removed, replaced.tickets) == (3, 1, 1, 0)
        assert subscriptions.current() == [first]
        assert not claim_due(tickets, now=LATER)
        assert len(rows("SELECT * FROM accounts")) == 2


class TestTheTicketsThatNewDataConcern:
    @pytest.mark.parametrize(
        ("account_id", "closed", "marked"),
        [
            pytest.param("A1", False, 1, id="an open ticket of an account with one licence more"),
            pytest.param("A1", True, 0, id="a closed one"),
            pytest.param("A2", False, 0, id="of an account that stays as it is"),
            pytest.param("A9", False, 1, id="of an account that is gone"),
            pytest.param(None, False, 1, id="an open ticket whose account is unknown"),
            pytest.param(None, True, 0, id="a closed one whose account is unknown"),
        ],
    )
    def test_they_are_marked(self, subscriptions, tickets, account_id, closed, marked):
        stays = make_account(60, account_id="A2")
        replace_with(subscriptions, make_account(60), stays, make_account(account_id="A9"))
        decided(tickets, "t1", account_id, closed=closed)

        replaced = replace_with(subscriptions, make_account(61), stays, now=LATER)

        assert replaced.tickets == marked
        assert len(claim_due(tickets, now=LATER)) == marked

    @pytest.mark.parametrize(("age", "marked"), [(WEEK, 0), (WEEK + timedelta(seconds=1), 1)])
    def test_the_same_data_mark_unknown_tickets_if_the_previous_were_too_old(self, subscriptions, tickets, age, marked):
        replace_with(subscriptions, make_account())
        decided(tickets, "t1", None)

        assert replace_with(subscriptions, make_account(), now=NOW + age).tickets == marked

    def test_they_do_if_the_previous_data_were_of_an_old_day(self, subscriptions, tickets):
        dated = make_freshness(WEEK, data=timedelta(days=1))
        replace_with(subscriptions, make_account())
        decided(tickets, "t1", None)

        again = subscriptions.replace([make_account()], source="file", as_of=NOW.date(), now=LATER, freshness=dated)

        assert again.tickets == 1

    def test_the_look_is_due_whatever_the_events_contain(self, subscriptions, tickets, inbox):
        decided(tickets, "t1", "A1")
        replace_with(subscriptions, make_account())
        inbox.record([make_event(ticket_id="t1")], now=NOW)

        assert begin(tickets, take(tickets)).wake_due

    @pytest.mark.parametrize(("known", "woken"), [(True, 1), (False, 0)])
    def test_a_ticket_that_is_gone_comes_back_if_desk_had_it_once(self, subscriptions, tickets, known, woken):
        if known:
            decided(tickets, "t1", "A1")
        tickets.look_now(["t1"], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.end(lease, now=NOW)

        assert replace_with(subscriptions, make_account()).tickets == woken

    def test_more_accounts_than_fit_one_statement_are_all_found(self, subscriptions, tickets):
        for number in (1, 1200):
            decided(tickets, f"t{number}", f"A{number}")

        assert replace_with(subscriptions, *many(1500)).tickets == 2

    def test_an_import_that_fails_marks_nothing(self, subscriptions, tickets):
        decided(tickets, "t1", "A1")
        with pytest.raises(PermanentError):
            replace_with(subscriptions, make_account(), make_account())

        assert not claim_due(tickets, now=LATER)


def decided(tickets, ticket_id, account_id, *, closed=False):
    tickets.look_now([ticket_id], now=NOW)
    finish(tickets, decision=replace(DECISION, account_id=account_id), closed=closed)
