"""Opening the product in a process: for one command, for the receiver, for a worker's life."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path

import structlog
from sqlalchemy import make_url

from desk_sync import logs, settings
from desk_sync.adapters.store.engine import INGEST_TIMEOUT, WORKER_TIMEOUT, open_engine
from desk_sync.adapters.store.schema import check_schema
from desk_sync.errors import describe
from desk_sync.settings import Settings
from desk_sync.wiring.portal import PortalServices
from desk_sync.wiring.process import DeskSync


@contextmanager
def open_app(ours: Settings | None = None, *, timeout: timedelta = WORKER_TIMEOUT) -> Iterator[DeskSync]:
    """Open the product for one command, on a database with the schema of this version. Raises ConfigurationError."""
    with open_database(ours, timeout=timeout) as app:
        check_schema(app.engine)
        yield app


@contextmanager
def open_to_write(*, dry_run: bool = False) -> Iterator[DeskSync]:
    """Open the product for a command that changes data. Raises ConfigurationError for another portal's database."""
    with open_app() as app:
        app.belonging.check() if dry_run else app.belonging.claim()
        yield app


@contextmanager
def open_to_read(portal: str | None) -> Iterator[tuple[PortalServices, str | None]]:
    """Open the services of a portal for a command that reads its tickets, and what else its reader has to know.

    Raises DeskSyncError if the portal's data have another name in the database: there would be nothing to read.
    """
    with open_app() as app:
        services = app.portal(portal)
        yield services, app.belonging.check_reading(services.name)


@contextmanager
def open_database(ours: Settings | None = None, *, timeout: timedelta = WORKER_TIMEOUT) -> Iterator[DeskSync]:
    """Open the product on a database of any schema: by default it logs warnings and errors only.

    `timeout` is how long a statement waits for a locked database.
    """
    ours = ours or settings.load()
    quiet = ours if "log_level" in ours.model_fields_set else ours.model_copy(update={"log_level": "WARNING"})
    with closing(_open(quiet, timeout)) as app:
        yield app


@contextmanager
def open_receiver() -> Iterator[DeskSync]:
    """Open the product for the process that answers deliveries: it refuses one rather than wait long."""
    with closing(_open(settings.load(), INGEST_TIMEOUT)) as app, app.group_commit:
        yield app


@contextmanager
def open_for_check() -> Iterator[DeskSync]:
    """Open the product for a check of its health, which must not wait long for a locked database."""
    with open_database(timeout=INGEST_TIMEOUT) as app:
        yield app


@lru_cache(maxsize=1)
def worker_app() -> DeskSync:
    """Return the product for the life of a worker process: connections and mapping are kept from task to task.

    Raises ConfigurationError if the database has another schema, or belongs to another portal.
    """
    app = _open(settings.load(), WORKER_TIMEOUT)
    try:
        check_start(app)
    except Exception:
        app.close()
        raise
    return app


def check_start(app: DeskSync) -> None:
    """Raise ConfigurationError unless a process may work with this database; record whose it is at the first use."""
    check_schema(app.engine)
    app.belonging.claim()


def run_task(task: str, work: Callable[[DeskSync], object], *, portal: str = "") -> None:
    """Do the work of a worker's task. An error ends here: it is logged and counted, and the next ring tries again.

    A process that is older than the database's schema by now does nothing: an upgrade has been made under it.
    """
    try:
        desk_sync = worker_app()
    except Exception as error:  # noqa: BLE001 - without a product, for want of a setting, nothing can be counted
        structlog.get_logger().error("task.failed", task=task, portal=portal, error=describe(error))
        return

    def current() -> object:
        check_schema(desk_sync.engine)
        return work(desk_sync)

    desk_sync.door(task, portal).run(current)


def run_for_all(task: str, work: Callable[[str], object]) -> None:
    """Do the work of a task for every portal of the mapping, which beat does not read."""

    def each(desk_sync: DeskSync) -> None:
        for portal in desk_sync.portal_names:
            desk_sync.door(task, portal).run(partial(work, portal))

    run_task(task, each)


def configure_logs(ours: Settings | None = None) -> None:
    """Configure logging as these settings say, by default those of the environment."""
    ours = ours or settings.load()
    logs.configure(level=ours.log_level, form=ours.log_format)


def _open(ours: Settings, timeout: timedelta) -> DeskSync:
    configure_logs(ours)
    url = ours.database_url.get_secret_value()
    _make_folder(url)
    return DeskSync(ours, open_engine(url, busy_timeout=timeout))


def _make_folder(url: str) -> None:
    """Create the folder of a SQLite file, readable by its owner only."""
    if url.startswith("sqlite:") and (file := make_url(url).database):
        Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
