"""The jobs of the subscription benchmarks, each in a process of its own: `-m bench.subscription_jobs JOB …`.

A job prints its seconds and its process's largest memory as JSON. The plain way is the obvious one: the csv module,
one ORM object for each row, `add_all`, one commit; and a loop over rows where the product has one statement.
"""

from __future__ import annotations

import csv
import json
import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

from sqlalchemy import Engine, String, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.store import subscription_tables, tables
from desk_sync.adapters.store.engine import open_engine, reading, writing
from desk_sync.adapters.store.marking import RequeueTickets
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.adapters.store.values import chunks
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.domain.account.freshness import FreshnessPolicy, FreshnessRule
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.ports.subscriptions import FILE
from desk_sync.services.import_accounts import ImportAccounts

SUBSCRIPTIONS_OF_AN_ACCOUNT = 2
LOOKS = 2000


class Base(DeclarativeBase):
    pass


class PlainRow(Base):
    """A row of the export as the plain way stores it."""

    __tablename__ = "plain_rows"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    super_admin_email: Mapped[str] = mapped_column(String, index=True)
    customer_domain: Mapped[str] = mapped_column(String, index=True)
    zoid: Mapped[str] = mapped_column(String, index=True)
    service_org_id: Mapped[str] = mapped_column(String, index=True)
    super_admin_zuid: Mapped[str] = mapped_column(String, index=True)
    country_code: Mapped[str]
    subscription_id: Mapped[str]
    service_name: Mapped[str]
    plan_name: Mapped[str]
    plan_quantity: Mapped[int]
    plan_unit: Mapped[str]
    status: Mapped[str]
    is_paid: Mapped[str]


COLUMNS = [column.key for column in PlainRow.__table__.columns if column.key != "id"]


def write_export(path: Path, rows: int, *, more: int = 0) -> None:
    """Write an export of `rows` rows; with `more` licences in each, every account differs from another export's."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            account, plan = divmod(number, SUBSCRIPTIONS_OF_AN_ACCOUNT)
            zoid, service = 10_000_000 + account * 10, ("Zoho CRM", "Zoho Desk")[plan % 2]
            identifiers = (
                f"A{account}",
                f"admin@e{account}.example",
                f"e{account}.example",
                zoid,
                zoid + 5,
                zoid + 2,
                "DE",
            )
            subscription_cells = (
                f"S{number}",
                service,
                f"{service} Enterprise",
                account % 90 + more,
                "users",
                "live",
                "true",
            )
            writer.writerow((*identifiers, *subscription_cells))


def product_import(database: str, file: str) -> None:
    """Import as `desk-sync subscriptions import` does."""
    read = read_accounts(file)
    policy = mapping_file.load("partner_support").policy.licences
    service = ImportAccounts(subscriptions=SqlSubscriptions(open_engine(database)), policy=policy, now=_now)
    service.run(read.accounts, source=FILE, as_of=read.as_of)


def plain_import(database: str, file: str) -> None:
    engine = open_engine(database)
    Base.metadata.create_all(engine)
    with open(file, newline="", encoding="utf-8") as export, Session(engine) as session:
        facts = (row | {"plan_quantity": int(row["plan_quantity"])} for row in csv.DictReader(export))
        session.add_all([PlainRow(**row) for row in facts])
        session.commit()


def product_look_up(database: str, _: str) -> None:
    store = SqlSubscriptions(open_engine(database))
    for address in _addresses(store.engine):
        store.find([Identifier(IdentifierKind.EMAIL, address)])


def plain_look_up(database: str, _: str) -> None:
    engine = open_engine(database)
    with Session(engine) as session:
        for address in _addresses(engine):
            session.scalars(select(PlainRow).where(PlainRow.super_admin_email == address)).all()


def product_marking(database: str, _: str) -> None:
    """Finish an import whose rows are staged: compare the snapshots, switch, mark the open tickets concerned."""
    store = SqlSubscriptions(open_engine(database))
    snapshot_id = _staged(store.engine)
    changes = store._changes(snapshot_id, FILE)
    freshness = FreshnessPolicy(usual=FreshnessRule(max_age=timedelta(days=7)))
    store._make_current(snapshot_id, FILE, None, changes, RequeueTickets(store.engine, freshness), now=_now())


def plain_marking(database: str, _: str) -> None:
    """Do the same account by account: read it from both snapshots, compare, mark its ticket."""
    engine, now = open_engine(database), _now()
    accounts, tickets, new = subscription_tables.accounts, tables.tickets, _staged(engine)
    with writing(engine) as connection:
        old = connection.scalar(select(subscription_tables.snapshots.c.id).where(_current()))
        for account_id, digest in connection.execute(_of(new, accounts.c.account_id, accounts.c.digest)).all():
            before = connection.scalar(_of(old, accounts.c.digest).where(accounts.c.account_id == account_id))
            if before != digest:
                mine = (tickets.c.account_id == account_id) & tickets.c.closed.is_(False)
                connection.execute(
                    update(tickets).where(mine).values(look_at=now, wake_at=now, marked=True, woken=True)
                )


def stage(database: str, file: str) -> None:
    """Prepare, unmeasured: an open ticket for each account of the current snapshot, and the next snapshot's rows."""
    store = SqlSubscriptions(open_engine(database))
    accounts = read_accounts(file).accounts
    opened = {"portal": "default", "first_seen_at": _now(), "closed": False}
    for chunk in chunks(enumerate(accounts)):
        with writing(store.engine) as connection:
            rows = [{**opened, "ticket_id": f"{n:018}", "account_id": each.account_id} for n, each in chunk]
            connection.execute(insert(tables.tickets), rows)
    snapshot_id = store._start(FILE, None, imported_at=_now(), as_of=None)
    for few in chunks(accounts, 5_000):
        store._stage(snapshot_id, few, None, None)


def _addresses(engine: Engine) -> Iterator[str]:
    with reading(engine) as connection:
        if engine.dialect.has_table(connection, PlainRow.__tablename__):
            count = connection.scalar(select(PlainRow.id).order_by(PlainRow.id.desc()).limit(1))
            accounts = (count or 0) // SUBSCRIPTIONS_OF_AN_ACCOUNT
        else:
            accounts = connection.scalar(select(subscription_tables.snapshots.c.accounts).where(_current())) or 0
    random = Random(1)  # noqa: S311 - the same look-ups in every run
    return (f"admin@e{random.randrange(accounts)}.example" for _ in range(LOOKS))


def _staged(engine: Engine) -> int:
    with reading(engine) as connection:
        query = select(subscription_tables.snapshots.c.id).where(subscription_tables.snapshots.c.state == "importing")
        return int(connection.execute(query).scalar_one())


def _current() -> object:
    return subscription_tables.snapshots.c.state == "current"


def _of(snapshot_id: object, *columns: object) -> object:
    return select(*columns).where(subscription_tables.accounts.c.snapshot_id == snapshot_id)


def _now() -> datetime:
    return datetime.now(UTC)


JOBS: Mapping[str, Callable[[str, str], None]] = {
    each.__name__: each
    for each in (
        product_import,
        plain_import,
        product_look_up,
        plain_look_up,
        stage,
        product_marking,
        plain_marking,
    )
}


def main(arguments: Sequence[str]) -> None:
    job, database, file = arguments
    began = perf_counter()
    JOBS[job](database, file)
    seconds = perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1:])
