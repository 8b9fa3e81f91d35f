"""Identifiers: what leads from a ticket to an account.

An identifier is always in normal form; the normal forms are made in one place
(`adapters/identifiers.py`), for tickets and for subscription data alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from desk_sync.domain.reason import Reason
from desk_sync.domain.subscription import Account, Snapshot


class Kind(StrEnum):
    """The five kinds, strongest first. Shape alone cannot tell the numeric ones apart: only a label can."""

    EMAIL = "email"
    ZOID = "zoid"
    ZGID = "zgid"
    ZUID = "zuid"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier in normal form: addresses in lower case with the plus tag, domains in punycode."""

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What the subscription data say about a ticket's identifiers. No account means unknown, never "not large".

    `by` is the identifier that led to the account.
    """

    account: Account | None
    reasons: tuple[Reason, ...]
    snapshot: Snapshot | None = None
    by: Identifier | None = None


def choose(
    identifiers: Sequence[Identifier],
    matches: Mapping[Identifier, Sequence[Account]],
    snapshot: Snapshot | None,
) -> Lookup:
    """The one account that the first telling identifier leads to (R45, R53); several answers are unknown.

    `identifiers` stand in the order in which they are tried.
    """
    if snapshot is None:
        return Lookup(account=None, reasons=(Reason("R45", "no subscription data have been imported yet"),))
    if not identifiers:
        return Lookup(account=None, reasons=(Reason("R51", "the ticket names no identifier"),), snapshot=snapshot)
    tried: list[Reason] = []
    for identifier in identifiers:
        accounts = matches.get(identifier, ())
        if len(accounts) == 1:
            tried.append(Reason("R45", f"{identifier.kind} leads to account {accounts[0].account_id}"))
            return Lookup(account=accounts[0], reasons=tuple(tried), snapshot=snapshot, by=identifier)
        if accounts:
            tried.append(Reason("R45", f"{identifier.kind} leads to {len(accounts)} accounts"))
            return Lookup(account=None, reasons=tuple(tried), snapshot=snapshot)
        tried.append(Reason("R45", f"no account has this {identifier.kind}"))
    return Lookup(account=None, reasons=tuple(tried), snapshot=snapshot)
