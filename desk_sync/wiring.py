"""The one wiring: names the concrete classes, and is the only place that reads the clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache, partial
from pathlib import Path

from sqlalchemy import Engine, make_url

from desk_sync import logs, settings
from desk_sync.adapters import identifiers, mapping_file
from desk_sync.adapters.desk.auth import Access, Credentials
from desk_sync.adapters.desk.client import DeskClient
from desk_sync.adapters.desk.hosts import DATA_CENTERS, DataCenter, allowed
from desk_sync.adapters.desk.payload import read_events
from desk_sync.adapters.desk.webhook_token import KeySet, WebhookToken
from desk_sync.adapters.mapping_file import PortalMapping
from desk_sync.adapters.store.engine import INGEST_PATIENCE, WORKER_PATIENCE, describe, open_engine
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.portals import SqlPortalFacts, SqlTokens
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.domain.identity import Identifier, Kind, Lookup, choose
from desk_sync.errors import ConfigurationError, Problem
from desk_sync.services.drain import Drain
from desk_sync.services.intake import Intake
from desk_sync.services.reconcile import Reconcile
from desk_sync.services.subscriptions import ImportAccounts, Imported
from desk_sync.settings import Settings

PORTALS = ("default",)


def now() -> datetime:
    """The one clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class DeskSync:
    """The product as one process has it. What a process does not use is never opened."""

    settings: Settings
    engine: Engine

    @cached_property
    def mapping(self) -> PortalMapping:
        return mapping_file.load(self.settings.mapping)

    @cached_property
    def subscriptions(self) -> SqlSubscriptions:
        return SqlSubscriptions(self.engine)

    @cached_property
    def desk(self) -> DeskClient:
        """The client of the portal's Desk. Raises ConfigurationError if a setting is missing."""
        ours = self.settings
        _require(ours, "org_id", "client_id", "client_secret", "refresh_token")
        credentials = Credentials(
            client_id=ours.client_id.get_secret_value(),
            client_secret=ours.client_secret.get_secret_value(),
            refresh_token=ours.refresh_token.get_secret_value(),
            accounts_url=ours.accounts_url or f"https://{self._data_center.accounts}",
        )
        return DeskClient(
            desk_url=self._desk_url,
            org_id=ours.org_id,
            vocabulary=self.mapping.vocabulary,
            access=Access(credentials, SqlTokens(self.engine, PORTALS[0]), now=now),
            now=now,
            connections=ours.workers,
        )

    def tickets(self, portal: str) -> SqlTickets:
        return SqlTickets(self.engine, portal)

    def inbox(self, portal: str) -> SqlInbox:
        return SqlInbox(self.engine, portal)

    def door(self, portal: str) -> Intake:
        """Where the portal's deliveries come in. Raises ConfigurationError if a setting is missing."""
        ours = self.settings
        _require(ours, "org_id", "webhook_id")
        keys = KeySet(allowed(f"{self._desk_url}/.well-known/jwks.json"))
        token = WebhookToken(keys=keys, org_id=ours.org_id, webhook_id=ours.webhook_id, now=now)
        read = partial(read_events, vocabulary=self.mapping.vocabulary, org_id=ours.org_id)
        return Intake(verify=token.verify, read=read, inbox=self.inbox(portal), now=now)

    def drain(self, portal: str) -> bool:
        """Look at what is due; True if there is more."""
        tickets = self.tickets(portal)
        reconcile = Reconcile(
            desk=self.desk,
            subscriptions=self.subscriptions,
            tickets=tickets,
            portal=SqlPortalFacts(self.engine, portal),
            policy=self.mapping.policy,
            now=now,
        )
        return Drain(tickets=tickets, look=reconcile.look, now=now, workers=self.settings.workers).run()

    def import_accounts(self, path: Path) -> tuple[Imported, Sequence[Problem]]:
        """Make an account file the current snapshot; returns what it did and what was odd. Raises InputError."""
        file = read_accounts(path)
        portals = [self.tickets(portal) for portal in PORTALS]
        service = ImportAccounts(subscriptions=self.subscriptions, portals=portals, now=now)
        return service.run(file.accounts, source="file", as_of=file.as_of), file.warnings

    def look_up(self, email: str) -> Lookup:
        """The account of a super admin's address."""
        address = identifiers.email(email)
        asked = [Identifier(Kind.EMAIL, address)] if address else []
        return choose(asked, self.subscriptions.find(asked), self.subscriptions.current())

    def upgrade(self) -> str:
        """Bring the database to this version's schema; says which database it is."""
        migrate(self.engine)
        return describe(self.engine)

    def close(self) -> None:
        self.engine.dispose()

    @property
    def _data_center(self) -> DataCenter:
        name = self.settings.data_center.lower()
        if name not in DATA_CENTERS:
            raise ConfigurationError(f"DESK_SYNC_DATA_CENTER: {name} is none of {', '.join(DATA_CENTERS)}")
        return DATA_CENTERS[name]

    @property
    def _desk_url(self) -> str:
        return (self.settings.desk_url or f"https://{self._data_center.desk}").rstrip("/")


@contextmanager
def open_app(ours: Settings | None = None) -> Iterator[DeskSync]:
    """The product, for one command: it logs only what went wrong, unless the environment says otherwise."""
    ours = ours or settings.load()
    quiet = ours if "log_level" in ours.model_fields_set else ours.model_copy(update={"log_level": "WARNING"})
    with closing(_open(quiet, WORKER_PATIENCE)) as app:
        yield app


@contextmanager
def open_receiver() -> Iterator[DeskSync]:
    """The product, for the process that answers deliveries: it would rather refuse one than wait."""
    with closing(_open(settings.load(), INGEST_PATIENCE)) as app:
        yield app


@lru_cache(maxsize=1)
def worker_app() -> DeskSync:
    """The product, for the life of a worker process: connections and the mapping are kept from task to task."""
    return _open(settings.load(), WORKER_PATIENCE)


def _open(ours: Settings, patience: timedelta) -> DeskSync:
    logs.configure(level=ours.log_level, form=ours.log_format)
    url = ours.database_url.get_secret_value()
    _make_folder(url)
    return DeskSync(ours, open_engine(url, busy_timeout=patience))


def _make_folder(url: str) -> None:
    """The folder of a SQLite file, for its owner only."""
    if url.startswith("sqlite:") and (file := make_url(url).database):
        Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _require(ours: Settings, *names: str) -> None:
    if missing := settings.missing(ours, *names):
        raise ConfigurationError(
            f"not set: {', '.join(missing)}", hint="README.md, “Run it for real”, lists the settings"
        )
