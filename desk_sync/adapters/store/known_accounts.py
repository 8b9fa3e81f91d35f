"""Look-up of accounts in the current snapshots, by identifiers and by the bindings that persons made.

The statements are built once: to build one takes longer than to run it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, RowMapping, Text, bindparam, cast, select

from desk_sync.adapters.store import bindings
from desk_sync.adapters.store import subscription_tables as tables
from desk_sync.adapters.store.snapshots import SnapshotState, is_in, snapshot_of
from desk_sync.adapters.store.subscription_tables import snapshots
from desk_sync.adapters.store.values import ACCOUNT, chunks
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account

USED = is_in(SnapshotState.CURRENT) & snapshots.c.source.in_(bindparam("sources", expanding=True))
# As text: it is parsed straight into an Account.
_ACCOUNT = cast(tables.accounts.c.account, Text).label("account")
_BY_IDENTIFIER = (
    select(tables.identifiers.c.kind, tables.identifiers.c.value, _ACCOUNT, snapshots)
    .join_from(snapshots, tables.identifiers, tables.identifiers.c.snapshot_id == snapshots.c.id)
    .join(
        tables.accounts,
        (tables.accounts.c.snapshot_id == snapshots.c.id)
        & (tables.accounts.c.account_id == tables.identifiers.c.account_id),
    )
    .where(USED, tables.identifiers.c.value.in_(bindparam("values", expanding=True)))
    .order_by(tables.accounts.c.account_id)
)
_BY_ID = (
    select(_ACCOUNT, snapshots)
    .join_from(snapshots, tables.accounts, tables.accounts.c.snapshot_id == snapshots.c.id)
    .where(USED, tables.accounts.c.account_id.in_(bindparam("account_ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class KnownAccounts:
    """The accounts of the sources in use, in the order of the sources."""

    connection: Connection
    sources: Sequence[str]

    def find(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, Sequence[Account]]:
        """Return the accounts by identifier, as `SubscriptionStore.find` does."""
        found: dict[Identifier, list[Account]] = {}
        for chunk in chunks(dict.fromkeys(identifiers)):
            for identifier, account in self._matches_with_bindings(chunk):
                found.setdefault(identifier, []).append(account)
        if len(self.sources) > 1:
            unbound = [account for several in found.values() for account in several if not account.bound_at]
            same = self._of_the_same_admins(unbound)
            for several in found.values():
                several += [other for each in tuple(several) if not each.bound_at for other in same[_admin(each)]]
        return {identifier: self._of_first_source(accounts) for identifier, accounts in found.items()}

    def of_id(self, account_id: str) -> Sequence[Account]:
        """Return the account with this id; of the first source that has it, if they number accounts independently."""
        return self._of_first_source(self._by_id([account_id]).get(account_id, ()))

    def _matches_with_bindings(self, wanted: Sequence[Identifier]) -> Iterator[tuple[Identifier, Account]]:
        bound = bindings.among(self.connection, wanted)
        yield from self._matches([each for each in wanted if each not in bound])
        by_id = self._by_id({binding.account_id for binding in bound.values()})
        for identifier, binding in bound.items():
            for account in by_id.get(binding.account_id, ()):
                yield identifier, replace(account, bound_at=binding.settled.at)

    def _matches(self, wanted: Sequence[Identifier]) -> Iterator[tuple[Identifier, Account]]:
        parameters = {"sources": self.sources, "values": [each.value for each in wanted]}
        for row in self.connection.execute(_BY_IDENTIFIER, parameters).mappings() if wanted else ():
            identifier = Identifier(IdentifierKind(row["kind"]), row["value"])
            if identifier in wanted:  # the same digits may be of another kind
                yield identifier, _account(row)

    def _by_id(self, account_ids: Iterable[str]) -> Mapping[str, Sequence[Account]]:
        """Return the accounts with these ids: several per id if sources number accounts independently."""
        by_id: dict[str, list[Account]] = {}
        for chunk in chunks(sorted(account_ids)):
            rows = self.connection.execute(_BY_ID, {"sources": self.sources, "account_ids": chunk})
            for account in map(_account, rows.mappings()):
                by_id.setdefault(account.account_id, []).append(account)
        return by_id

    def _of_the_same_admins(self, accounts: Iterable[Account]) -> Mapping[Identifier, list[Account]]:
        """Return all accounts of the accounts' super admins, by the admins' addresses."""
        found: dict[Identifier, list[Account]] = {}
        for chunk in chunks(dict.fromkeys(map(_admin, accounts))):
            for identifier, account in self._matches(chunk):
                found.setdefault(identifier, []).append(account)
        return found

    def _of_first_source(self, accounts: Iterable[Account]) -> Sequence[Account]:
        """Return, of each super admin, the accounts of the first source that has any."""
        by_admin: dict[str, list[Account]] = {}
        each_once = {(_source_of(each), each.account_id): each for each in accounts}.values()
        for account in sorted(each_once, key=lambda each: self.sources.index(_source_of(each))):
            admin = account.super_admin_email or f"{_source_of(account)} {account.account_id}"
            by_admin.setdefault(admin, []).append(account)
        return [account for each in by_admin.values() for account in _first_of(each)]


def _account(row: RowMapping) -> Account:
    return replace(ACCOUNT.validate_json(row["account"]), origin=snapshot_of(row))


def _admin(account: Account) -> Identifier:
    return Identifier(IdentifierKind.EMAIL, account.super_admin_email)


def _source_of(account: Account) -> str:
    return account.origin.source if account.origin else ""


def _first_of(accounts: Sequence[Account]) -> Sequence[Account]:
    """Return the accounts of the first source, with the names of the others, from one super admin's sorted accounts."""
    source = _source_of(accounts[0])
    also_in = tuple(dict.fromkeys(_source_of(each) for each in accounts if _source_of(each) != source))
    return [replace(each, also_in=also_in) for each in accounts if _source_of(each) == source]
