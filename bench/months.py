"""What an installation costs after years: the queries that once read every ticket, an import's marking, and retention.

The tables are filled by SQL (`population`); each result is compared with what was filled in. Of several rounds the
quickest counts, since the machine has other work; of transactions the longest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import Connection, Engine, event, insert

from bench.population import OPEN_SHARE, PORTAL, KnownTickets, populate
from desk_sync import logs
from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.marking import RequeueTickets
from desk_sync.adapters.store.subscription_tables import snapshots
from desk_sync.adapters.store.values import stored_memory
from desk_sync.domain.account.freshness import FreshnessPolicy, FreshnessRule
from desk_sync.domain.commitment.clock_reading import ClockInputs
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.read_clocks import ClockBasis
from desk_sync.domain.commitment.seen_items import SeenItems, SeenState
from desk_sync.domain.plan.memory import AppliedValue
from desk_sync.domain.ticket.ticket import Field
from desk_sync.ports.retention import Deletion
from desk_sync.ports.subscriptions import AccountChanges
from desk_sync.services.retention import Retention, RetentionAges
from desk_sync.services.watch.health import check_all
from desk_sync.settings import without_environment
from desk_sync.web.server import business_metrics
from desk_sync.wiring.checks import every
from desk_sync.wiring.portal import PortalServices
from desk_sync.wiring.process import DeskSync
from tests.support.clock_scenes import MONDAY, PROMISE, events
from tests.support.makers import make_event, make_memory
from tests.support.postgres import Postgres, run_postgres

SIZES = (1_000, 100_000)
ALL_SIZES = (*SIZES, 1_000_000)
ROUNDS = 7
CHANGED = frozenset(f"A{number}" for number in range(0, 5000, 100))
LIMIT_MS = 50.0
RETAINED_FOR = timedelta(seconds=3)

Figures = Mapping[str, str]


def run(full: bool) -> None:
    logs.configure(level="CRITICAL")
    sizes = ALL_SIZES if full else SIZES
    print(
        f"One ticket in {OPEN_SHARE} is open; ms (of this process), the quickest of {ROUNDS}; at most {LIMIT_MS:.0f}\n"
    )
    with tempfile.TemporaryDirectory(prefix="ds-bench-") as folder, run_postgres(durable=True) as postgres:
        for backend in ("SQLite", "PostgreSQL"):
            print(f"### {backend}\n")
            _print([_measure(_url(backend, Path(folder), postgres, size), size) for size in sizes], sizes)


def _url(backend: str, folder: Path, postgres: Postgres, size: int) -> str:
    return f"sqlite:///{folder / f'{size}.sqlite3'}" if backend == "SQLite" else postgres.url(postgres.new_database())


def _print(found: Sequence[Figures], sizes: Sequence[int]) -> None:
    print(f"| | {' | '.join(f'{size:,}' for size in sizes)} |")
    print(f"|---|{'--:|' * len(sizes)}")
    for name in found[0]:
        print(f"| {name} | {' | '.join(each[name] for each in found)} |")
    print(flush=True)


def _measure(url: str, size: int) -> Figures:
    """Fill a database and return its figures."""
    engine = open_engine(url)
    desk_sync = DeskSync(without_environment(database_url=url), engine)
    desk_sync.upgrade()
    tickets = KnownTickets(number=size, memory=_memory(), now=datetime.now(UTC))
    populate(engine, tickets)
    try:
        return dict(_figures(desk_sync, tickets))
    finally:
        engine.dispose()
        if url.startswith("sqlite"):
            Path(engine.url.database or "").unlink()


def _memory() -> Mapping[str, Any]:
    """Return the memory of a ticket with an ordinary conversation."""
    history = History(created_at=MONDAY, events=events("0h s1, 30m reply, 1h reply, 5h message, 7h reply, 9h solved"))
    seen = SeenItems(read_at=MONDAY, states={f"70010000000{number}": SeenState.PUBLIC for number in range(6)})
    ours = AppliedValue(value="2026-11-16T06:00Z", before="", basis="2026-11-16T06:00Z")
    written = (Field.SEVERITY, Field.LARGE_USER, Field.CLOCK_STATE, Field.RESOLUTION_DUE, Field.UPDATE_DUE)
    memory = make_memory(
        inputs=ClockInputs(history=history, promise=PROMISE.digest, basis=ClockBasis()),
        threads_seen=seen,
        comments_seen=seen,
        applied=dict.fromkeys(written, ours),
        agreed=dict.fromkeys(written, ours),
    )
    dumped: Mapping[str, Any] = stored_memory(memory)
    return dumped


def _figures(desk_sync: DeskSync, tickets: KnownTickets) -> Iterator[tuple[str, str]]:
    portal = desk_sync.portal(PORTAL)
    parked, undecided = len(tickets.parked), len(tickets.undecided)
    yield (
        "`/metrics`",
        _timed(_scrape(desk_sync), lambda text: f'tickets_parked{{portal="default"}} {parked}.0' in text),
    )
    probes = _probes(desk_sync)
    yield (
        "`doctor`, all probes of the store",
        _timed(lambda: check_all(probes), lambda found: len(found) == len(probes)),
    )
    first = desk_sync.audit.run()
    _require(first.remade == len(tickets.unplanned), f"the audit made {first.remade} looks again")
    yield "audit", _timed(desk_sync.audit.run, lambda found: found.remade == 0)
    yield "`parked list`", _timed(portal.tickets.parked, lambda found: len(found) == parked)
    yield (
        "`review`, one open ticket in 50 waits",
        _timed(_review(portal), lambda found: len(found[0]) == undecided),
    )
    yield "a delivery", _timed(_deliver(portal.inbox, tickets), lambda found: found.stored == 1)
    yield from _marking(desk_sync.engine, tickets)
    yield from _retention(portal.retention, tickets, desk_sync.engine)
    size = portal.metrics.database_size()
    yield "bytes a known ticket", f"{size.used / tickets.number:,.0f}"


def _scrape(desk_sync: DeskSync) -> Callable[[], str]:
    """Return the work of `/metrics`, with everything that the web process registers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(business_metrics(desk_sync))
    return lambda: generate_latest(registry).decode()


def _probes(desk_sync: DeskSync) -> Mapping[str, Callable[[], str | None]]:
    """Return the probes of `doctor` that read the database; the others ask Redis and Zoho."""
    elsewhere = {"redis", "key set", "settings", "libraries"}
    return {name: probe for name, probe in every(desk_sync).items() if name not in elsewhere}


def _review(portal: PortalServices) -> Callable[[], tuple[Sequence[object], ...]]:
    service, held_back = portal.review, portal.held_back
    return lambda: (service.reviews.undecided(), service.bindings.bindings(), held_back.listed())


def _deliver(inbox: SqlInbox, tickets: KnownTickets) -> Callable[[], Any]:
    numbers = iter(range(10_000))

    def deliver() -> Any:
        # Of an ended ticket with an old event: it is no longer at rest, and stays whole.
        one = make_event(key=f"new{next(numbers)}", ticket_id=f"{1:018}", occurred_at=tickets.now)
        return inbox.record([one], now=tickets.now)

    return deliver


def _marking(engine: Engine, tickets: KnownTickets) -> Iterator[tuple[str, str]]:
    """Yield the duration of an import's marking, and that of its longest transaction."""
    expected = sum(number // OPEN_SHARE % 2 == 1 or f"A{number % 5000}" in CHANGED for number in tickets.open)
    with writing(engine) as connection:
        current = {"source": "file", "imported_at": tickets.now, "state": "current", "marking_until": tickets.now}
        made = connection.execute(insert(snapshots).values(current)).inserted_primary_key
    changes = AccountChanges(added=CHANGED, differing=frozenset(), removed=frozenset())
    freshness = FreshnessPolicy(usual=FreshnessRule(max_age=timedelta(days=7)))
    requeue, began = RequeueTickets(engine, freshness), perf_counter()
    with _longest_transaction(engine) as longest:
        marked = requeue.mark(made[0] if made else 0, changes, now=tickets.now)
        seconds = perf_counter() - began
    _require(marked == expected, f"{marked} tickets were marked, not {expected}")
    yield "an import marks every open ticket, in all", f"{seconds * 1e3:,.1f}"
    yield "– its longest transaction", f"{max(longest) * 1e3:,.1f}"


def _retention(retention: Retention, tickets: KnownTickets, engine: Engine) -> Iterator[tuple[str, str]]:
    """Yield the longest transaction of retention, and how many tickets it shrinks or strips in a second."""
    ages = RetentionAges(details=timedelta(days=10), keys=timedelta(days=200), tickets=timedelta(days=300))
    store, began = retention.store, perf_counter()
    with _longest_transaction(engine) as longest:
        Retention(
            store=store,
            ages=ages,
            now=retention.now,
            monotonic=retention.monotonic,
            sleep=lambda _: None,
            span=RETAINED_FOR,
        ).run()
        seconds = perf_counter() - began
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT kind, number FROM deletions").all()
    deleted = {Deletion(kind): number for kind, number in rows}
    _require(deleted.get(Deletion.DELIVERIES, 0) > 0, "retention deleted nothing")
    yield "retention: longest transaction", f"{max(longest) * 1e3:,.1f}"
    yield "– rows deleted or shrunk a second", f"{sum(deleted.values()) / seconds:,.0f}"


@contextmanager
def _longest_transaction(engine: Engine) -> Iterator[list[float]]:
    """Collect the seconds of each transaction, from its beginning to its commit."""
    begun: dict[int, float] = {}
    seconds: list[float] = []

    def begin(connection: Connection) -> None:
        begun[id(connection)] = perf_counter()

    def commit(connection: Connection) -> None:
        seconds.append(perf_counter() - begun[id(connection)])

    event.listen(engine, "begin", begin)
    event.listen(engine, "commit", commit)
    try:
        yield seconds
    finally:
        event.remove(engine, "begin", begin)
        event.remove(engine, "commit", commit)


def _timed(work: Callable[[], Any], holds: Callable[[Any], bool]) -> str:
    """Return the milliseconds of the work by the wall clock, and those of this process's processor time.

    On SQLite the second has the work of the database, and other work of the machine is not in it. An error if the
    result is not what was filled in.
    """
    seconds, processor = [], []
    for _ in range(ROUNDS):
        began, begun = perf_counter(), process_time()
        found = work()
        seconds.append(perf_counter() - began)
        processor.append(process_time() - begun)
        _require(holds(found), f"{getattr(work, '__name__', work)} found something else: {str(found)[:300]}")
    return f"{min(seconds) * 1e3:,.1f} ({min(processor) * 1e3:,.1f})"


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise RuntimeError(f"{problem}: nothing was measured")
