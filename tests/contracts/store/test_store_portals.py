"""The ports TokenStore, AllowanceStore and PortalFacts: one of many processes is elected, no write undoes another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from desk_sync.adapters.store.portals import SqlAllowances, SqlPortalFacts, SqlTokens
from desk_sync.domain.desk_clock import SAME_CLOCK, ClockOffset
from desk_sync.ports.portal import AccessToken, CreditAllowance, CreditLevel, DeskPause
from tests.support.makers import NOW, ROBOT, make_event

AN_HOUR = timedelta(hours=1)
A_MOMENT = timedelta(seconds=20)


class TestTokens:
    def test_there_is_no_token_before_the_first(self, tokens):
        assert tokens.read() is None

    def test_the_last_token_is_read_as_it_was_saved(self, tokens):
        for word in ("first", "second"):
            tokens.save(AccessToken(access_token=word, expires_at=NOW))

        assert tokens.read() == AccessToken(access_token="second", expires_at=NOW)

    def test_a_portal_has_its_own_token(self, tokens, engine):
        tokens.save(AccessToken(access_token="first", expires_at=NOW))

        assert SqlTokens(engine, "other").read() is None

    def test_one_of_many_is_elected(self, tokens):
        with ThreadPoolExecutor(8) as pool:
            elected = list(pool.map(lambda _: tokens.elect(now=NOW, until=NOW + A_MOMENT), range(8)))

        assert sum(elected) == 1

    @pytest.mark.parametrize(
        ("wait", "elected"),
        [
            pytest.param(A_MOMENT - timedelta(microseconds=1), False, id="the election still holds"),
            pytest.param(A_MOMENT, True, id="it has just run out: the elected one died"),
        ],
    )
    def test_an_election_ends_with_its_time(self, tokens, wait, elected):
        tokens.elect(now=NOW, until=NOW + A_MOMENT)

        assert tokens.elect(now=NOW + wait, until=NOW + A_MOMENT * 2) is elected

    def test_an_election_that_lasts_longer_than_one_can_was_won_before_the_clock_was_put_back(self, tokens):
        tokens.elect(now=NOW, until=NOW + A_MOMENT)

        assert tokens.elect(now=NOW - AN_HOUR, until=NOW - AN_HOUR + A_MOMENT)

    def test_a_new_token_ends_the_election(self, tokens):
        tokens.elect(now=NOW, until=NOW + A_MOMENT)
        tokens.save(AccessToken(access_token="first", expires_at=NOW))

        assert tokens.elect(now=NOW, until=NOW + A_MOMENT)

    def test_a_refusal_is_known_to_all_until_a_token_is_saved(self, tokens, engine):
        assert tokens.refusal() is None

        tokens.elect(now=NOW, until=NOW + A_MOMENT)
        tokens.refuse("invalid_code")

        assert (tokens.refusal(), SqlTokens(engine, "other").refusal()) == ("invalid_code", None)
        assert not tokens.elect(now=NOW, until=NOW + A_MOMENT), "the election goes on"

        tokens.save(AccessToken(access_token="first", expires_at=NOW))
        assert tokens.refusal() is None


class TestAllowances:
    CREDITS = CreditLevel(left=4_711, at=NOW)
    PAUSE = DeskPause(begun_at=NOW, until=NOW + A_MOMENT, number=1)

    def test_nothing_is_known_at_first(self, allowances):
        assert allowances.read() == CreditAllowance()

    def test_credits_and_pause_are_kept_for_the_portal(self, allowances, engine):
        allowances.exchange_credits(None, self.CREDITS)
        allowances.exchange(None, self.PAUSE)

        assert allowances.read() == CreditAllowance(credits=self.CREDITS, pause=self.PAUSE)
        assert SqlAllowances(engine, "other").read() == CreditAllowance()

    def test_one_of_many_pauses_the_portal(self, allowances):
        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda _: allowances.exchange(None, self.PAUSE), range(8)))

        assert sum(done) == 1

    def test_a_pause_that_was_replaced_is_not_ended_by_a_process_that_saw_the_former_one(self, allowances):
        longer = DeskPause(begun_at=NOW, until=NOW + A_MOMENT * 2, number=2)
        allowances.exchange(None, self.PAUSE)
        allowances.exchange(self.PAUSE, longer)

        assert not allowances.exchange(self.PAUSE, None)
        assert allowances.read().pause == longer

    def test_a_pause_ends_without_a_trace(self, allowances):
        allowances.exchange(None, self.PAUSE)

        assert allowances.exchange(self.PAUSE, None)
        assert allowances.read() == CreditAllowance()

    def test_one_of_many_replaces_the_credit_level_that_all_have_seen(self, allowances):
        lower = [CreditLevel(left=left, at=NOW + A_MOMENT) for left in range(8)]
        allowances.exchange_credits(None, self.CREDITS)

        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda level: allowances.exchange_credits(self.CREDITS, level), lower))

        assert sum(done) == 1
        assert allowances.read().credits == lower[done.index(True)]

    def test_one_of_many_is_elected_to_request_the_credits(self, allowances):
        allowances.exchange_credits(None, self.CREDITS)

        with ThreadPoolExecutor(8) as pool:
            elected = list(pool.map(lambda _: allowances.elect(self.CREDITS, now=NOW + A_MOMENT), range(8)))

        assert sum(elected) == 1
        assert allowances.read().credits == CreditLevel(left=4_711, at=NOW + A_MOMENT)

    def test_credits_a_pause_and_a_token_do_not_overwrite_each_other(self, allowances, tokens):
        allowances.exchange(None, self.PAUSE)
        allowances.exchange_credits(None, self.CREDITS)
        tokens.save(AccessToken(access_token="first", expires_at=NOW))

        assert allowances.read() == CreditAllowance(credits=self.CREDITS, pause=self.PAUSE)


class TestPortalFacts:
    def test_our_agent_is_unknown_at_first(self, facts):
        assert facts.own_agent() is None

    def test_our_agent_is_recorded_for_the_portal(self, facts, engine):
        facts.learn_own_agent(ROBOT)

        assert facts.own_agent() == ROBOT
        assert SqlPortalFacts(engine, "other").own_agent() is None

    def test_a_token_and_our_agent_do_not_overwrite_each_other(self, facts, tokens):
        tokens.save(AccessToken(access_token="first", expires_at=NOW))
        facts.learn_own_agent(ROBOT)
        tokens.save(AccessToken(access_token="second", expires_at=NOW))

        assert (facts.own_agent(), tokens.read().access_token) == (ROBOT, "second")

    def test_escalations_count_from_our_first_ticket_on(self, facts, inbox):
        assert facts.active_since(SAME_CLOCK) is None

        inbox.record([make_event(key="1", ticket_id="1")], now=NOW)
        inbox.record([make_event(key="2", ticket_id="2")], now=NOW + timedelta(days=1))

        assert facts.active_since(SAME_CLOCK) == NOW
        assert facts.active_since(ClockOffset(AN_HOUR)) == NOW

    def test_or_from_an_instant_that_a_person_sets(self, facts, inbox):
        inbox.record([make_event(key="1", ticket_id="1")], now=NOW)
        facts.activate(NOW - timedelta(days=30))

        assert facts.active_since(ClockOffset(AN_HOUR)) == NOW - timedelta(days=30)

    def test_our_first_ticket_was_recorded_in_the_hosts_time(self, facts, inbox):
        inbox.record([make_event(key="1", ticket_id="1")], now=NOW)

        assert facts.active_since(ClockOffset(-AN_HOUR)) == NOW - AN_HOUR
