"""Values are read from the database as they were written: instants, memories, decisions, accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError

from desk_sync.adapters.store.retention import SqlRetention
from desk_sync.adapters.store.values import ACCOUNT, MEMORY, memory_of
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.subscription import Account, LicenceItem
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.memory import AppliedValue, Memory, Override
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.ticket import Field
from desk_sync.ports.portal import AccessToken
from tests.contracts.store.steps import finish, make_look, take
from tests.support.makers import NOW, make_event, make_memory

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
values = st.one_of(st.none(), st.booleans(), texts, st.sampled_from(["true", "false", "1", ""]))
names = st.sampled_from(Field)
applied = st.dictionaries(names, st.builds(AppliedValue, value=values, before=values, basis=texts))
memories = st.builds(
    make_memory,
    written_digest=st.none() | texts,
    read_digest=st.none() | texts,
    applied=applied,
    intended=applied,
    overrides=st.dictionaries(names, st.builds(Override, value=values, basis=texts)),
    consecutive_writes=st.integers(0, 1000),
)
items = st.builds(
    LicenceItem,
    subscription_id=texts,
    service=texts,
    name=texts,
    quantity=st.integers(0, 10**6),
    unit=texts,
    status=texts,
    code=texts,
    edition=texts,
    paid=st.booleans(),
)
some_texts = st.lists(texts, max_size=3).map(tuple)
accounts = st.builds(
    Account,
    account_id=texts,
    super_admin_email=texts,
    items=st.lists(items, max_size=3).map(tuple),
    countries=some_texts,
    regions=some_texts,
    data_centers=some_texts,
    domain=st.none() | texts,
    zoids=some_texts,
    zgids=some_texts,
    zuids=some_texts,
    partner_domain=st.none() | texts,
    tagged=st.booleans(),
)
decisions = st.builds(
    Decision,
    verdict=st.sampled_from(Verdict),
    licences=st.integers(0, 10**6),
    account_id=st.none() | texts,
    snapshot_id=st.none() | texts,
    policy_version=texts,
    reasons=st.lists(st.builds(Reason, texts, texts), max_size=4).map(tuple),
    hands_off=st.booleans(),
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=zones)  # noqa: DTZ001 - the zone is drawn
in_one_database = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(memories)
def test_a_memory_survives_its_json(memory):
    assert memory_of(json.loads(json.dumps(MEMORY.dump_python(memory, mode="json")))) == memory


@given(accounts)
def test_an_account_survives_its_json(account):
    assert ACCOUNT.validate_python(json.loads(json.dumps(ACCOUNT.dump_python(account, mode="json")))) == account


@pytest.mark.parametrize(
    ("stored", "memory"),
    [
        pytest.param(None, Memory(), id="a ticket that was never looked at"),
        pytest.param(
            {"fields": {"consecutive_writes": 2}},
            make_memory(consecutive_writes=2),
            id="written by an earlier version, which had fewer facts",
        ),
        pytest.param(
            {"fields": {"consecutive_writes": 2, "mood": "good"}, "moods": {}},
            make_memory(consecutive_writes=2),
            id="written by a later version, which has more facts",
        ),
    ],
)
def test_a_memory_of_another_version_is_read_as_far_as_it_goes(stored, memory):
    assert memory_of(stored) == memory


@in_one_database
@given(memory=memories, decision=decisions)
def test_a_look_survives_the_database(tickets, memory, decision):
    tickets.look_now(["t1"], now=NOW)
    finish(tickets, memory=memory, decision=decision)
    kept = tickets.history("t1")

    assert (kept.memory, kept.decisions[-1].decision) == (memory, decision)


@in_one_database
@given(instant=instants)
def test_an_instant_survives_the_database_in_utc(tokens, instant):
    tokens.save(AccessToken(access_token="t", expires_at=instant))
    kept = tokens.read().expires_at

    assert kept == instant
    assert kept.tzinfo is UTC


@in_one_database
@given(first=instants, second=instants)
def test_instants_are_compared_as_instants_wherever_they_were_written(tokens, first, second):
    tokens.save(AccessToken(access_token="t", expires_at=first))
    tokens.elect(now=first, until=second)

    assert tokens.elect(now=first, until=second) is (second <= first)


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda inbox, tickets, naive: inbox.record([make_event()], now=naive), id="received"),
        pytest.param(
            lambda inbox, tickets, naive: inbox.record([make_event(occurred_at=naive)], now=NOW), id="occurred"
        ),
        pytest.param(lambda inbox, tickets, naive: tickets.claim(now=naive, until=NOW, limit=1), id="now"),
        pytest.param(lambda inbox, tickets, naive: tickets.claim(now=NOW, until=naive, limit=1), id="until"),
        pytest.param(
            lambda inbox, tickets, naive: tickets.finish_look(take(tickets), make_look(next_look_at=naive)),
            id="the next look",
        ),
        pytest.param(
            lambda inbox, tickets, naive: tickets.postpone(take(tickets), look_at=naive, error="no"), id="postponed"
        ),
        pytest.param(
            lambda inbox, _, naive: SqlRetention(inbox.engine, "default").delete_deliveries(naive), id="deleted"
        ),
    ],
)
def test_a_naive_datetime_is_refused_wherever_it_comes_in(inbox, tickets, use):
    tickets.look_now(["t1"], now=NOW)
    naive = NOW.replace(tzinfo=None)

    with pytest.raises(StatementError, match="naive"):
        use(inbox, tickets, naive)
