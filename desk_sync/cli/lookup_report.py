"""The result of looking one identifier up in the subscription data, as JSON or for a person."""

from __future__ import annotations

from typing import Any

from desk_sync import documents
from desk_sync.cli.output import print_line
from desk_sync.domain.account.subscription import Account
from desk_sync.services.lookup import LookupAnswer


def document(answer: LookupAnswer) -> dict[str, Any]:
    """Return the answer as JSON: `accounts` are all candidates, `account_id` is the one account, if it is unique."""
    decision = answer.decision
    return {
        "identifier": [{"kind": each.kind, "value": each.value} for each in answer.readings],
        "account_id": answer.lookup.account.account_id if answer.lookup.account else None,
        "decision": decision.verdict,
        "licences_counted": decision.licences,
        **documents.data_age(answer.data),
        "accounts": [_account(each) for each in answer.accounts],
        "reasons": [str(reason) for reason in decision.reasons],
    }


def print_answer(answer: LookupAnswer) -> None:
    """Print the answer for a person."""
    account, decision = answer.lookup.account, answer.decision
    print_line(f"{account.account_id if account else 'no account'}: {decision.verdict}, {decision.licences} licences")
    for each in answer.accounts:
        facts = {key: fact for key, fact in _account(each).items() if fact not in (None, [])}
        print_line("\n".join(f"    {key}: {_format(fact)}" for key, fact in facts.items()))
    print_line("\n".join(f"  {reason}" for reason in decision.reasons))
    print_line(f"  {answer.data.snapshot.source}: {answer.data}" if answer.data else "  there are no subscription data")


def _account(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.account_id,
        "super_admin_email": account.super_admin_email,
        "domain": account.domain,
        "zoids": list(account.zoids),
        "zgids": list(account.zgids),
        "zuids": list(account.zuids),
        "countries": list(account.countries),
        "partner_domain": account.partner_domain,
        "source": account.origin.source if account.origin else None,
        "imported_at": account.origin.imported_at if account.origin else None,
        "as_of": account.origin.as_of if account.origin else None,
        "also_in": list(account.also_in),
    }


def _format(fact: Any) -> str:
    return ", ".join(fact) if isinstance(fact, list) else str(fact)
