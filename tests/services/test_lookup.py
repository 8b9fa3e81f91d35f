"""One identifier is looked up without a ticket."""

from __future__ import annotations

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.services.lookup import AccountLookup
from tests.support.makers import ADMIN, make_account

ADDRESS = Identifier(IdentifierKind.EMAIL, ADMIN)


def ask(world, *asked):
    return AccountLookup(subscriptions=world.subscriptions, policy=world.policy, now=world.now).run(asked)


def test_an_address_leads_to_its_account_and_to_what_follows(world):
    world.imports(make_account(88))

    answer = ask(world, ADDRESS)

    assert [account.account_id for account in answer.accounts] == ["A1"]
    assert (answer.decision.verdict, answer.decision.licences) == (Verdict.PRIORITY, 88)


def test_an_address_that_no_source_has_is_unknown(world):
    answer = ask(world, Identifier(IdentifierKind.EMAIL, "nobody@elsewhere.example"))

    assert (answer.accounts, answer.decision.verdict) == ((), Verdict.UNKNOWN)


def test_what_can_be_no_identifier_is_said_to_be_none(world):
    world.imports(make_account(88))

    answer = ask(world)

    assert answer.decision.verdict is Verdict.UNKNOWN
    assert "neither an address, nor a domain, nor an id" in str(answer.decision.reasons)
