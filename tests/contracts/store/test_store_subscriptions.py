"""The port Subscriptions: one current snapshot, replaced all at once or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice

import pytest

from desk_sync.domain.identity import Identifier, Kind
from desk_sync.domain.subscription import Account, Snapshot
from desk_sync.errors import PermanentError
from tests.contracts.store.steps import DECISION, at_work, begin, finish, take
from tests.support.makers import NOW, make_account, make_event

LATER = NOW + timedelta(days=1)
WEEK = timedelta(days=7)
EMAIL = Identifier(Kind.EMAIL, "admin@large.example")


def replace_with(subscriptions, *accounts, now=NOW):
    return subscriptions.replace(accounts, source="file", as_of=date(2026, 11, 22), now=now, max_age=WEEK)


def many(count: int) -> Iterator[Account]:
    for n in range(count):
        yield make_account(account_id=f"A{n}", super_admin_email=f"admin{n}@large.example")


class TestSubscriptions:
    def test_before_the_first_import_nothing_is_current(self, subscriptions):
        assert subscriptions.current() is None
        assert subscriptions.find([EMAIL]) == {}

    def test_an_import_is_current_when_it_is_complete(self, subscriptions):
        snapshot = replace_with(subscriptions, make_account()).snapshot

        assert subscriptions.current() == snapshot
        assert snapshot == Snapshot(
            snapshot_id=snapshot.snapshot_id, source="file", imported_at=NOW, as_of=date(2026, 11, 22)
        )

    def test_an_account_is_read_as_it_was_imported(self, subscriptions):
        account = make_account(zoids=("1", "2"), partner_domain=None, tagged=False, regions=("EUROPE_UK",))
        replace_with(subscriptions, account)

        assert subscriptions.find([EMAIL]) == {EMAIL: [account]}

    @pytest.mark.parametrize(
        ("identifier", "found"),
        [
            pytest.param(Identifier(Kind.EMAIL, "admin@large.example"), True, id="the super admin"),
            pytest.param(Identifier(Kind.DOMAIN, "large.example"), True, id="the domain"),
            pytest.param(Identifier(Kind.ZOID, "11"), True, id="ZOID"),
            pytest.param(Identifier(Kind.ZGID, "22"), True, id="ZGID"),
            pytest.param(Identifier(Kind.ZUID, "33"), True, id="ZUID"),
            pytest.param(Identifier(Kind.ZUID, "11"), False, id="the same digits as another kind"),
            pytest.param(
                Identifier(Kind.DOMAIN, "partner.example"), False, id="the partner's domain is not the customer's"
            ),
        ],
    )
    def test_an_account_is_found_by_each_of_its_identifiers(self, subscriptions, identifier, found):
        account = make_account(zoids=("11",), zgids=("22",), zuids=("33",), partner_domain="partner.example")
        replace_with(subscriptions, account)

        assert subscriptions.find([identifier]) == ({identifier: [account]} if found else {})

    def test_an_identifier_of_several_accounts_leads_to_all_of_them(self, subscriptions):
        replace_with(subscriptions, *many(3))
        domain = Identifier(Kind.DOMAIN, "large.example")

        assert [account.account_id for account in subscriptions.find([domain])[domain]] == ["A0", "A1", "A2"]

    def test_more_identifiers_than_fit_one_statement_are_all_found(self, subscriptions):
        replace_with(subscriptions, *many(600))
        wanted = [Identifier(Kind.EMAIL, f"admin{n}@large.example") for n in range(600)]

        assert subscriptions.find(wanted).keys() == set(wanted)

    def test_an_account_without_a_domain_is_not_found_by_none(self, subscriptions):
        replace_with(subscriptions, make_account(domain=None))

        assert subscriptions.find([Identifier(Kind.DOMAIN, "None")]) == {}

    @pytest.mark.parametrize(
        ("before", "after", "changed"),
        [
            pytest.param([], ["A1"], 1, id="new"),
            pytest.param(["A1"], ["A1"], 0, id="the same"),
            pytest.param(["A1"], [], 1, id="gone"),
            pytest.param(["A1", "A2"], ["A2", "A3"], 2, id="one gone, one new"),
        ],
    )
    def test_an_import_tells_how_many_accounts_differ(self, subscriptions, before, after, changed):
        for account_ids in (before, after):
            told = replace_with(subscriptions, *(make_account(account_id=each) for each in account_ids))

        assert told.changed == changed

    def test_an_import_takes_the_place_of_the_one_before(self, subscriptions, rows):
        replace_with(subscriptions, *many(250))
        replace_with(subscriptions, make_account(), now=LATER)

        assert subscriptions.current().imported_at == LATER
        assert [row["account_id"] for row in rows("SELECT account_id FROM accounts")] == ["A1"]
        assert {row["account_id"] for row in rows("SELECT account_id FROM identifiers")} == {"A1"}

    def test_until_an_import_is_complete_everybody_sees_the_one_before(self, subscriptions):
        first = replace_with(subscriptions, make_account(60)).snapshot
        seen = []

        def slow() -> Iterator[Account]:
            for account in many(250):
                seen.append((subscriptions.current(), len(subscriptions.find([EMAIL])[EMAIL])))
                yield account

        subscriptions.replace(slow(), source="file", as_of=None, now=LATER, max_age=WEEK)

        assert set(seen) == {(first, 1)}
        assert EMAIL not in subscriptions.find([EMAIL])

    def test_a_source_that_fails_half_way_leaves_the_one_before(self, subscriptions, rows):
        first = replace_with(subscriptions, make_account()).snapshot

        def failing() -> Iterator[Account]:
            yield from many(250)
            raise ConnectionError("the source went away")

        with pytest.raises(ConnectionError):
            subscriptions.replace(failing(), source="file", as_of=None, now=LATER, max_age=WEEK)

        assert subscriptions.current() == first
        assert subscriptions.find([EMAIL]).keys() == {EMAIL}
        assert len(rows("SELECT * FROM accounts")) == 1

    def test_an_account_that_stands_twice_in_the_data_stops_the_import(self, subscriptions):
        first = replace_with(subscriptions, make_account()).snapshot
        with pytest.raises(PermanentError):
            replace_with(subscriptions, make_account(), make_account(), now=LATER)

        assert subscriptions.current() == first

    def test_a_later_import_stops_one_under_way(self, subscriptions, rows):
        def overtaken() -> Iterator[Account]:
            accounts = many(250)
            yield from islice(accounts, 150)
            replace_with(subscriptions, make_account(), now=LATER)
            yield from accounts

        with pytest.raises(PermanentError, match="a later import"):
            subscriptions.replace(overtaken(), source="file", as_of=None, now=NOW, max_age=WEEK)

        assert subscriptions.current().imported_at == LATER
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

        told = replace_with(subscriptions, make_account(61), stays, now=LATER)

        assert told.tickets == marked
        assert len(at_work(tickets, now=LATER)) == marked

    @pytest.mark.parametrize(("age", "marked"), [(WEEK, 0), (WEEK + timedelta(seconds=1), 1)])
    def test_the_same_data_help_the_unknown_where_they_were_too_old(self, subscriptions, tickets, age, marked):
        replace_with(subscriptions, make_account())
        decided(tickets, "t1", None)

        assert replace_with(subscriptions, make_account(), now=NOW + age).tickets == marked

    def test_the_look_is_owed_whatever_the_events_say(self, subscriptions, tickets, inbox):
        decided(tickets, "t1", "A1")
        replace_with(subscriptions, make_account())
        inbox.record([make_event(ticket_id="t1")], now=NOW)

        assert begin(tickets, take(tickets)).wake_due

    def test_a_ticket_that_is_gone_is_left_alone(self, subscriptions, tickets):
        decided(tickets, "t1", "A1")
        tickets.look_now(["t1"], now=NOW)
        lease = take(tickets)
        begin(tickets, lease)
        tickets.end(lease, now=NOW)

        assert replace_with(subscriptions, make_account()).tickets == 0

    def test_more_accounts_than_fit_one_statement_are_all_found(self, subscriptions, tickets):
        for number in (1, 1200):
            decided(tickets, f"t{number}", f"A{number}")

        assert replace_with(subscriptions, *many(1500)).tickets == 2

    def test_an_import_that_fails_marks_nothing(self, subscriptions, tickets):
        decided(tickets, "t1", "A1")
        with pytest.raises(PermanentError):
            replace_with(subscriptions, make_account(), make_account())

        assert not at_work(tickets, now=LATER)


def decided(tickets, ticket_id, account_id, *, closed=False):
    tickets.look_now([ticket_id], now=NOW)
    finish(tickets, decision=replace(DECISION, account_id=account_id), closed=closed)
