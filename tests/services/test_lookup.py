"""Looking one identifier up without a ticket."""

from __future__ import annotations

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.services.lookup import AccountLookup
from tests.support.makers import ADMIN, make_account

ADDRESS = Identifier(IdentifierKind.EMAIL, ADMIN)


def look_up(world, *readings):
    return AccountLookup(subscriptions=world.subscriptions, policy=world.policy, now=world.now).run(readings)


def test_an_address_leads_to_its_account_and_the_decision_for_it(world):
    world.imports(make_account(88))

    answer = look_up(world, ADDRESS)

    assert [account.account_id for account in answer.accounts] == ["A1"]
    assert (answer.decision.verdict, answer.decision.licences) == (Verdict.PRIORITY, 88)


def test_an_address_that_no_source_has_is_unknown(world):
    answer = look_up(world, Identifier(IdentifierKind.EMAIL, "nobody@elsewhere.example"))

    assert (answer.accounts, answer.decision.verdict) == ((), Verdict.UNKNOWN)


def test_a_text_that_is_no_identifier_gives_a_reason(world):
    world.imports(make_account(88))

    answer = look_up(world)

    assert answer.decision.verdict is Verdict.UNKNOWN
    assert "neither an address, nor a domain, nor an id" in str(answer.decision.reasons)
