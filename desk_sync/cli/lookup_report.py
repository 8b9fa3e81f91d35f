"""What the subscription data say about one identifier, as JSON or for a person."""

from __future__ import annotations

from typing import Any

from desk_sync.cli.output import say
from desk_sync.domain.account.subscription import Account
from desk_sync.services.lookup import LookupAnswer


def document(answer: LookupAnswer) -> dict[str, Any]:
    """`accounts` are all that the identifier may lead to; `account_id` is the one that it leads to, if it is one."""
    decision, snapshot = answer.decision, answer.lookup.snapshot
    return {
        "identifier": [{"kind": each.kind, "value": each.value} for each in answer.asked],
        "account_id": answer.lookup.account.account_id if answer.lookup.account else None,
        "decision": decision.verdict,
        "licences_counted": decision.licences,
        "imported_at": snapshot.imported_at if snapshot else None,
        "accounts": [_account(each) for each in answer.accounts],
        "reasons": [str(reason) for reason in decision.reasons],
    }


def tell(answer: LookupAnswer) -> None:
    """The same in a few lines."""
    account, decision = answer.lookup.account, answer.decision
    say(f"{account.account_id if account else 'no account'}: {decision.verdict}, {decision.licences} licences")
    for each in answer.accounts:
        facts = {key: fact for key, fact in _account(each).items() if fact not in (None, [])}
        say("\n".join(f"    {key}: {_said(fact)}" for key, fact in facts.items()))
    say("\n".join(f"  {reason}" for reason in decision.reasons))


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
        "also_in": list(account.also_in),
    }


def _said(fact: Any) -> str:
    return ", ".join(fact) if isinstance(fact, list) else str(fact)
