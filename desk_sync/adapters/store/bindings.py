"""Identifiers that persons bound to accounts: a binding overrules the imported data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, bindparam, delete, select

from desk_sync.adapters.store import review_tables, subscription_tables
from desk_sync.adapters.store.engine import reading, writing
from desk_sync.adapters.store.queue import count_open, wake_all
from desk_sync.adapters.store.tables import tickets
from desk_sync.adapters.store.values import insert
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.errors import PermanentError
from desk_sync.ports.review import IdentifierBinding, SettledReview

_KEY = ("kind", "value")
_BY_VALUES = select(review_tables.bindings).where(
    review_tables.bindings.c.value.in_(bindparam("values", expanding=True))
)


@dataclass(frozen=True, slots=True)
class SqlBindings:
    """The installation's bindings; all portals share them. `sources` are those that look-ups use."""

    engine: Engine
    sources: Sequence[str]

    def bind(self, binding: IdentifierBinding, *, dry_run: bool = False) -> int:
        row = {**asdict(binding.identifier), "account_id": binding.account_id, **asdict(binding.settled)}
        with self._writing(dry_run) as connection:
            if not self._is_known(connection, binding.account_id):
                raise PermanentError(f"no source has an account {binding.account_id}")
            before = self._accounts_of(connection, binding.identifier)
            statement = insert(connection, review_tables.bindings).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=row))
        return self._mark_tickets({*before, binding.account_id}, now=binding.settled.at, dry_run=dry_run)

    def unbind(self, identifier: Identifier, *, now: datetime, dry_run: bool = False) -> int | None:
        with self._writing(dry_run) as connection:
            before = self._accounts_of(connection, identifier)
            if not connection.execute(delete(review_tables.bindings).where(_of(identifier))).rowcount:
                return None
            after = self._accounts_of(connection, identifier)
        return self._mark_tickets({*before, *after}, now=now, dry_run=dry_run)

    def bindings(self) -> Sequence[IdentifierBinding]:
        order = (review_tables.bindings.c.at, review_tables.bindings.c.kind, review_tables.bindings.c.value)
        with reading(self.engine) as connection:
            return [
                _binding(row) for row in connection.execute(select(review_tables.bindings).order_by(*order)).mappings()
            ]

    def _mark_tickets(self, account_ids: Iterable[str], *, now: datetime, dry_run: bool) -> int:
        """Mark the open tickets of these accounts, and those whose account is unknown. Safe to repeat after a crash."""
        account_id = tickets.c.account_id
        concerned = account_id.is_(None) | account_id.in_(sorted(account_ids))
        if not dry_run:
            return wake_all(self.engine, concerned, now=now)
        with reading(self.engine) as connection:
            return count_open(connection, concerned)

    @contextmanager
    def _writing(self, dry_run: bool) -> Iterator[Connection]:
        """Open a transaction; with `dry_run` its changes are rolled back."""
        with writing(self.engine) as connection:
            savepoint = connection.begin_nested()
            yield connection
            if dry_run:
                savepoint.rollback()

    def _is_known(self, connection: Connection, account_id: str) -> bool:
        accounts = subscription_tables.accounts.c
        same = select(accounts.account_id).where(accounts.account_id == account_id, self._in_use(accounts.snapshot_id))
        return connection.scalar(same.limit(1)) is not None

    def _accounts_of(self, connection: Connection, identifier: Identifier) -> Sequence[str]:
        """Return the accounts that the identifier leads to now: by its binding, or else by the sources."""
        if bound := among(connection, [identifier]):
            return [binding.account_id for binding in bound.values()]
        stored = subscription_tables.identifiers.c
        same = (stored.kind == identifier.kind) & (stored.value == identifier.value)
        return connection.scalars(select(stored.account_id).where(same, self._in_use(stored.snapshot_id))).all()

    def _in_use(self, snapshot_id: ColumnElement[int]) -> ColumnElement[bool]:
        snapshots = subscription_tables.snapshots.c
        current = select(snapshots.id).where(snapshots.state == "current", snapshots.source.in_(self.sources))
        return snapshot_id.in_(current)


def among(connection: Connection, identifiers: Iterable[Identifier]) -> Mapping[Identifier, IdentifierBinding]:
    """Return the bindings of the bound ones among the identifiers."""
    wanted = frozenset(identifiers)
    rows = connection.execute(_BY_VALUES, {"values": [each.value for each in wanted]}).mappings()
    found = {binding.identifier: binding for binding in map(_binding, rows)}
    return {identifier: binding for identifier, binding in found.items() if identifier in wanted}


def _binding(row: RowMapping) -> IdentifierBinding:
    return IdentifierBinding(
        identifier=Identifier(IdentifierKind(row["kind"]), row["value"]),
        account_id=row["account_id"],
        settled=SettledReview(at=row["at"], by=row["by"], why=row["why"]),
    )


def _of(identifier: Identifier) -> ColumnElement[bool]:
    return (review_tables.bindings.c.kind == identifier.kind) & (review_tables.bindings.c.value == identifier.value)
