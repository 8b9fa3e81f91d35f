"""An account that is younger than the last full pull: the sources are asked for it, within limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.adapters.store.answers import SqlAnswers
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.errors import TemporaryError
from desk_sync.services.reconcile.live_lookup import AnswerRetention, LimitedSource, LiveLookup
from tests.support.makers import make_account, make_evidence, make_ticket

NEW = "new@young.example"
YOUNG = make_account(90, account_id="Y1", super_admin_email=NEW, domain="young.example", zoids=("100055000",))
ASKED = Identifier(IdentifierKind.EMAIL, NEW)


class FakeAskable:
    """A source that returns all these accounts for any identifier, or is down."""

    kinds = frozenset({IdentifierKind.EMAIL, IdentifierKind.ZOID})

    def __init__(self, *accounts, down=False):
        self.accounts, self.down = accounts, down
        self.asked = []

    def ask(self, identifier):
        self.asked.append(identifier)
        if self.down:
            raise TemporaryError("503 to /customers")
        return self.accounts


@pytest.fixture
def asks(world):
    """A function that connects sources, and returns the look-up at them."""

    def ask(*sources, per_minute=5, **keeping):
        live = [
            LimitedSource(name=f"s{n}", source=source, per_minute=per_minute)
            for n, source in enumerate(sources, start=1)
        ]
        answers = SqlAnswers(world.engine)
        world.live = LiveLookup(
            sources=live,
            answers=answers,
            subscriptions=world.subscriptions,
            now=world.now,
            keeping=AnswerRetention(**keeping),
        )
        return world.live

    return ask


@pytest.fixture
def looks(world, desk):
    """A function that looks at a ticket with an address, and returns the decision."""

    def look(address=NEW, **facts):
        ticket = make_ticket(customer_primary_email=address, **facts)
        desk.tickets[ticket.ticket_id] = ticket
        world.receives(key=f"k{world.now()}", state=None)
        world.look()
        return world.tickets.history(ticket.ticket_id).decisions[-1].decision

    return look


def test_a_young_account_is_found_and_the_reasons_say_how(asks, looks, desk):
    asks(FakeAskable(YOUNG))

    decision = looks()

    assert (decision.verdict, decision.licences, decision.account_id) == (Verdict.PRIORITY, 90, "Y1")
    said = " | ".join(map(str, decision.reasons))
    assert "source s1 was asked itself and has it since its last full reading" in said
    assert "source s1 was asked for it at 2026-11-23 09:00Z" in said
    assert desk.tickets[make_ticket().ticket_id].large_user


def test_an_account_in_the_local_data_costs_no_call(asks, looks):
    source = FakeAskable(YOUNG)
    asks(source)
    looks("admin@large.example")

    assert source.asked == []


def test_an_account_that_does_not_match_the_query_is_ignored(asks, looks):
    asks(FakeAskable(make_account(500, account_id="X", super_admin_email="else@young.example")))

    decision = looks()

    assert decision.verdict is Verdict.UNKNOWN
    assert any("does not know it either" in str(reason) for reason in decision.reasons)


@pytest.mark.parametrize(
    ("accounts", "minutes", "questions"),
    [
        pytest.param([], 9, 1, id="not there, a moment ago"),
        pytest.param([], 11, 2, id="not there, a while ago"),
        pytest.param([YOUNG], 59, 1, id="there, a while ago"),
        pytest.param([YOUNG], 61, 2, id="there, an hour ago"),
    ],
)
def test_an_answer_is_kept_and_an_absence_for_less_long(world, asks, looks, accounts, minutes, questions):
    source = FakeAskable(*accounts)
    asks(source)
    first = looks()
    world.waits(minutes=minutes)

    assert looks().verdict is first.verdict
    assert len(source.asked) == questions


def test_a_source_that_is_down_takes_nothing_away_and_is_named(asks, looks, desk):
    asks(FakeAskable(down=True))

    decision = looks(large_user=True, severity="S1-Critical")

    assert decision.verdict is Verdict.UNKNOWN
    assert any("s1 was asked too, and did not answer: 503" in str(reason) for reason in decision.reasons)
    assert desk.count("write_ticket") == 0


def test_the_next_source_is_asked_where_the_first_is_down(asks, looks):
    asks(FakeAskable(down=True), FakeAskable(YOUNG))

    assert looks().account_id == "Y1"


def test_the_first_source_that_has_it_counts(asks):
    first, second = FakeAskable(YOUNG), FakeAskable(replace(YOUNG, account_id="Y2"))

    assert [each.account_id for each in asks(first, second).find([ASKED]).matches[ASKED]] == ["Y1"]


def test_a_source_is_asked_no_more_often_than_it_may_be(world, asks):
    source = FakeAskable()
    live = asks(source, per_minute=2)
    for number in range(4):
        live.find([Identifier(IdentifierKind.EMAIL, f"a{number}@b.example")])
    assert len(source.asked) == 2

    world.waits(minutes=1)
    live.find([ASKED])

    assert len(source.asked) == 3


def test_of_many_identifiers_only_the_strongest_few_are_looked_up(asks):
    source = FakeAskable()
    zoids = [Identifier(IdentifierKind.ZOID, f"10005500{number}") for number in range(5)]
    asks(source, most=2).find([*zoids, ASKED])

    assert source.asked == [ASKED, zoids[0]]


def test_a_source_is_asked_only_for_the_kinds_that_it_supports(asks):
    source = FakeAskable()
    asks(source).find([Identifier(IdentifierKind.DOMAIN, "young.example")])

    assert source.asked == []


def test_a_resolver_leads_to_all_that_the_local_data_have_of_the_super_admin(asks, looks):
    """The mail source has the ZOID, and only its own licences."""
    mail = make_account(5, account_id="mail-1", super_admin_email="admin@large.example", zoids=("100055000",))
    asks(FakeAskable(mail))

    zoid = make_evidence("100055000", IdentifierKind.ZOID)
    decision = looks(None, evidence=(zoid,))

    assert (decision.account_id, decision.licences) == ("A1", 88)


def test_a_kind_that_the_mapping_leaves_out_is_not_asked_for(world, asks, looks):
    source = FakeAskable(YOUNG)
    asks(source)
    world.policy = replace(world.policy, strategies=(IdentifierKind.ZOID,))

    assert (looks().verdict, source.asked) == (Verdict.UNKNOWN, [])


def test_an_account_that_is_in_the_snapshot_by_now_is_taken_from_there(world, asks, looks):
    asks(FakeAskable(YOUNG))
    looks()
    world.imports(make_account(), replace(YOUNG, items=()))

    decision = looks()

    assert (decision.account_id, decision.licences) == ("Y1", 0)
    assert any("was last read in full" in str(reason) for reason in decision.reasons)


def test_an_identifier_of_a_later_source_leads_to_the_first_ones_account(world):
    both = SqlSubscriptions(world.engine, ("file", "mail"))
    mail = make_account(5, account_id="mail-1", domain="else.example")
    both.replace([mail], source="mail", as_of=None, now=world.now(), freshness=world.policy.licences.freshness)
    domain = Identifier(IdentifierKind.DOMAIN, "else.example")

    [account] = both.find([domain])[domain]

    assert (account.account_id, account.also_in) == ("A1", ("mail",))
