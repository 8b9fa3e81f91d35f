"""The one wiring: names the concrete classes, and is the only place that reads the clock.

What a process has around it is a value, so that a rehearsal can put another world round the same product.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache, partial
from pathlib import Path

from requests.adapters import BaseAdapter
from sqlalchemy import Engine, make_url
from tenacity import nap

from desk_sync import logs, settings
from desk_sync.adapters.desk.client import JITTER, DeskClient
from desk_sync.adapters.desk.events import read_events
from desk_sync.adapters.desk.limits.budget import InFlight, PortalBudget
from desk_sync.adapters.desk.limits.slots import RedisSlots, connect
from desk_sync.adapters.desk.webhook_token import KeySet, WebhookToken
from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.adapters.mapping.schema import SourceSection
from desk_sync.adapters.runtime.dead_mans_switch import DeadMansSwitch
from desk_sync.adapters.store.answers import SqlAnswers
from desk_sync.adapters.store.bindings import SqlBindings
from desk_sync.adapters.store.checkpoints import SqlCheckpoints, SqlUnits
from desk_sync.adapters.store.clocks import SqlOpenClocks
from desk_sync.adapters.store.engine import INGEST_TIMEOUT, WORKER_TIMEOUT, describe, open_engine
from desk_sync.adapters.store.group_commit import GroupCommit, GroupInbox
from desk_sync.adapters.store.heartbeats import SqlHeartbeats
from desk_sync.adapters.store.hours import SqlHours
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.adapters.store.partners import SqlEducationLog, SqlPartners
from desk_sync.adapters.store.portals import SqlAllowances, SqlPortalFacts, SqlTokens
from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.adapters.store.related_tickets import SqlRelatedTickets
from desk_sync.adapters.store.reviews import SqlReviews
from desk_sync.adapters.store.subscriptions import FILE, SqlSubscriptions
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.subscriptions import sources
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.adapters.subscriptions.partner_file import read_partners
from desk_sync.adapters.zoho.auth import AccessTokens, OAuthCredentials
from desk_sync.adapters.zoho.hosts import PortalHosts, portal_in
from desk_sync.domain.account.identity import Identifier
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import ConfigurationError
from desk_sync.ports.hours import StoredHours
from desk_sync.ports.notices import Notifier
from desk_sync.ports.now import Now
from desk_sync.ports.subscriptions import PullState, ReplacedSnapshot
from desk_sync.ports.tickets import DeliveryInbox
from desk_sync.services.audit import Audit
from desk_sync.services.drain import Drain, look_threads
from desk_sync.services.health import Health
from desk_sync.services.import_accounts import MAX_SHRINK, ImportAccounts
from desk_sync.services.intake import Intake
from desk_sync.services.lookup import AccountLookup, LookupAnswer
from desk_sync.services.notices import SendNotices
from desk_sync.services.parking import Parking
from desk_sync.services.pull import Pull, PullRhythm
from desk_sync.services.reconcile.business_hours import HoursFromDesk
from desk_sync.services.reconcile.education import EducationLimiter
from desk_sync.services.reconcile.live_lookup import LimitedSource, LiveLookup
from desk_sync.services.reconcile.partner import PartnerResolver
from desk_sync.services.reconcile.read import TicketReader
from desk_sync.services.reconcile.reconcile import Reconcile
from desk_sync.services.review import Review
from desk_sync.services.sweep import MissedAlarm, Sweep
from desk_sync.settings import Settings

DEFAULT = "default"


def now() -> datetime:
    """The one clock."""
    return datetime.now(UTC)


def slots_in_redis(ours: Settings, portal: str) -> InFlight:
    """The portal's slots, which all processes share."""
    return RedisSlots(connect(ours.redis_url.get_secret_value()), portal, limit=ours.concurrency)


def by_mail_and_chat() -> Notifier:
    """What sends notices to the addresses that the environment names."""
    from desk_sync.adapters.runtime.apprise_notifier import AppriseNotifier  # it takes half a second to import

    return AppriseNotifier(find=settings.notice_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a process has around it: time, threads, and the ways to other machines.

    `jitter` is how much longer than planned the client may wait before it repeats a call, in seconds. `way` is how
    requests to Desk go out, if not through sockets.
    """

    now: Now = now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = nap.sleep
    jitter: float = JITTER
    transport: BaseAdapter | None = None
    slots: Callable[[Settings, str], InFlight] = slots_in_redis
    pool: Callable[[int], Executor] = look_threads
    notifier: Callable[[], Notifier] = by_mail_and_chat


@dataclass(frozen=True)
class DeskSync:
    """The product as one process has it. What a process does not use is never opened.

    `given` is the mapping, if it is not the one that the settings name.
    """

    settings: Settings
    engine: Engine
    world: Environment = Environment()
    given: PortalMapping | None = None
    _desks: dict[str, DeskClient] = field(default_factory=dict, init=False, repr=False)
    _budgets: dict[str, PortalBudget] = field(default_factory=dict, init=False, repr=False)
    _known: dict[str, SqlPortalFacts] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def mapping(self) -> PortalMapping:
        return self.given or mapping_file.load(self.settings.mapping)

    @cached_property
    def subscriptions(self) -> SqlSubscriptions:
        return SqlSubscriptions(self.engine, tuple(dict.fromkeys((*self.mapping.sources, FILE))))

    @cached_property
    def portals(self) -> Sequence[str]:
        """The names of the portals: those in the mapping, or the one that the environment describes."""
        return tuple(self.mapping.portals) or (DEFAULT,)

    def portal(self, name: str) -> PortalHosts:
        """Where the portal is. Raises ConfigurationError if nothing, or too little, is said of it."""
        if named := self.mapping.portals.get(self.chosen(name)):
            return named
        ours = self.settings
        settings.require(ours, "org_id", "webhook_id")
        return portal_in(
            ours.data_center,
            org_id=ours.org_id,
            webhook_id=ours.webhook_id,
            desk_url=ours.desk_url,
            accounts_url=ours.accounts_url,
        )

    def settings_of(self, portal: str) -> Settings:
        """The settings, with the limits that the portal has of its own."""
        named = self.mapping.portals.get(portal)
        return self.settings.model_copy(update=named.limits if named else {})

    def chosen(self, portal: str | None) -> str:
        """The portal of that name, or the only one. Raises ConfigurationError."""
        if portal is None and len(self.portals) > 1:
            raise ConfigurationError("there are several portals", hint=f"--portal {'|'.join(self.portals)}")
        name = portal or self.portals[0]
        if name not in self.portals:
            raise ConfigurationError(f"there is no portal {name}", hint=f"there is {', '.join(self.portals)}")
        return name

    def desk(self, portal: str) -> DeskClient:
        """The client of the portal's Desk, one for the life of the process. Raises ConfigurationError."""
        if portal not in self._desks:
            self._desks[portal] = self._connect(portal)
        return self._desks[portal]

    def _connect(self, name: str) -> DeskClient:
        portal = self.portal(name)
        oauth = settings.oauth_of(name) if name in self.mapping.portals else settings.oauth(self.settings)
        credentials = OAuthCredentials(**oauth, accounts_url=portal.accounts_url)
        world = self.world
        return DeskClient(
            desk_url=portal.desk_url,
            org_id=portal.org_id,
            vocabulary=self.mapping.vocabulary,
            access=AccessTokens(
                credentials, SqlTokens(self.engine, name), now=world.now, sleep=world.sleep, transport=world.transport
            ),
            budget=self.budget(name),
            now=world.now,
            connections=self.settings.workers,
            sleep=world.sleep,
            jitter=world.jitter,
            transport=world.transport,
        )

    def budget(self, portal: str) -> PortalBudget:
        """How much may be asked of the portal's Desk, one for the life of the process."""
        if portal not in self._budgets:
            ours = self.settings_of(portal)
            self._budgets[portal] = PortalBudget(
                portal,
                slots=self.world.slots(ours, portal),
                allowances=SqlAllowances(self.engine, portal),
                reserve=ours.credit_reserve,
                now=self.world.now,
                clock=self.world.monotonic,
            )
        return self._budgets[portal]

    def facts(self, portal: str) -> SqlPortalFacts:
        """What is known of the portal, one for the life of the process: some of it is read once."""
        return self._known.setdefault(portal, SqlPortalFacts(self.engine, portal))

    def tickets(self, portal: str) -> SqlTickets:
        return SqlTickets(self.engine, portal)

    @property
    def audit(self) -> Audit:
        """What goes over all open clocks, and tells an address outside that all is well."""
        address = self.settings.alive_url
        return Audit(
            clocks=[SqlOpenClocks(self.engine, portal) for portal in self.portals],
            figures=[self.figures(portal) for portal in self.portals],
            report=DeadMansSwitch(address.get_secret_value() if address else None).call,
            now=self.world.now,
        )

    @cached_property
    def heartbeats(self) -> SqlHeartbeats:
        return SqlHeartbeats(self.engine)

    @property
    def health(self) -> Health:
        figures = [self.figures(portal) for portal in self.portals]
        return Health(
            figures=figures,
            heartbeats=self.heartbeats,
            subscriptions=self.subscriptions,
            pulls=self.pulls,
            now=self.world.now,
        )

    @property
    def notifier(self) -> Notifier:
        """What sends notices to people outside Desk."""
        return self.world.notifier()

    def send_notices(self, portal: str) -> SendNotices:
        """What tells people outside Desk."""
        notices, period = SqlNotices(self.engine, portal), self.mapping.policy.escalation.digest
        return SendNotices(notices=notices, notifier=self.notifier, period=period, now=self.world.now)

    def beat(self) -> None:
        """Leave the sign of life that shows that broker, worker and database work together."""
        self.heartbeats.beat(now=self.world.now())

    def parking(self, portal: str) -> Parking:
        return Parking(tickets=self.tickets(portal), now=self.world.now)

    def review(self, portal: str) -> Review:
        return Review(
            reviews=SqlReviews(self.engine, portal),
            bindings=SqlBindings(self.engine, self.subscriptions.sources),
            now=self.world.now,
        )

    def figures(self, portal: str) -> SqlMetrics:
        return SqlMetrics(self.engine, portal)

    def inbox(self, portal: str) -> SqlInbox:
        return SqlInbox(self.engine, portal)

    @cached_property
    def group_commit(self) -> GroupCommit:
        return GroupCommit(self.engine)

    def door(self, portal: str, inbox: DeliveryInbox | None = None) -> Intake:
        """Where the portal's deliveries come in. Raises ConfigurationError if a setting is missing.

        They are written down in `inbox`: by default all of the process that come together, in one commit.
        """
        ours, now = self.portal(portal), self.world.now
        keys = KeySet(ours.keys_url, transport=self.world.transport)
        token = WebhookToken(keys=keys, org_id=ours.org_id, webhook_id=ours.webhook_id, now=now)
        read = partial(read_events, vocabulary=self.mapping.vocabulary, org_id=ours.org_id)
        inbox = inbox or GroupInbox(self.group_commit, portal)
        return Intake(verify=token.verify, knows=token.knows, read=read, inbox=inbox, now=now)

    def drain(self, portal: str) -> bool:
        """Look at what is due; True if there is more."""
        return Drain(
            tickets=self.tickets(portal),
            look=self.reconcile(portal).look,
            budget=self.budget(portal),
            now=self.world.now,
            workers=self.settings.workers,
            pool=self.world.pool,
        ).run()

    def reconcile(self, portal: str) -> Reconcile:
        """What looks at one ticket. Raises ConfigurationError, and InputError for the partner file."""
        return Reconcile(
            finder=self.finder(portal),
            desk=self.desk(portal),
            budget=self.budget(portal),
            education=self.education(portal),
            tickets=self.tickets(portal),
            portal=self.facts(portal),
            related_tickets=SqlRelatedTickets(self.engine, portal),
            now=self.world.now,
        )

    def finder(self, portal: str) -> TicketReader:
        """What finds out what a look has to know. Raises ConfigurationError, and InputError for the partner file."""
        return TicketReader(
            desk=self.desk(portal),
            subscriptions=self.subscriptions,
            writers=self.writers(portal),
            portal=self.facts(portal),
            related_tickets=SqlRelatedTickets(self.engine, portal),
            policy=self.mapping.policy,
            now=self.world.now,
            live=self.live,
            hours=self.hours(portal),
        )

    def hours(self, portal: str) -> HoursFromDesk:
        """What keeps the calendars that are taken from the portal's Desk. Raises ConfigurationError."""
        return HoursFromDesk(desk=self.desk(portal), kept=SqlHours(self.engine, portal), now=self.world.now)

    def hours_from_desk(self) -> Mapping[str, StoredHours | None]:
        """What is known of each calendar that is taken from Desk, by portal and name."""
        taken = sorted(self.mapping.policy.commitment.regions.taken)
        kept = {portal: SqlHours(self.engine, portal) for portal in self.portals}
        return {f'{portal}: "{name}"': kept[portal].recall(name) for portal in self.portals for name in taken}

    def refresh_hours(self, portal: str) -> None:
        """Ask the portal's Desk for the calendars that are due."""
        if taken := self.mapping.policy.commitment.regions.taken:
            self.hours(portal).refresh(sorted(taken))

    def writers(self, portal: str) -> PartnerResolver:
        """What finds who writes to the portal. Raises ConfigurationError, and InputError for the partner file."""
        return PartnerResolver(
            desk=self.desk(portal),
            book=SqlPartners(self.engine, portal),
            listed=self.listed_partners,
            policy=self.mapping.policy.partners,
            now=self.world.now,
        )

    def education(self, portal: str) -> EducationLimiter:
        education_log = SqlEducationLog(self.engine, portal)
        return EducationLimiter(education_log=education_log, policy=self.mapping.policy, now=self.world.now)

    @cached_property
    def listed_partners(self) -> Sequence[Partner]:
        """The partners of the partner file, read once in the life of the process."""
        return read_partners(self.mapping.partner_file) if self.mapping.partner_file else ()

    def sweep(self, portal: str) -> Sweep:
        """What asks the portal's Desk for what no delivery told us of. Raises ConfigurationError."""
        desk, budget, sweeps = self.desk(portal), self.budget(portal), self.sweeps(portal)
        alarm = MissedAlarm(share=self.settings.missed_share)
        return Sweep(desk=desk, budget=budget, sweeps=sweeps, now=self.world.now, alarm=alarm)

    def sweeps(self, portal: str) -> SqlSweeps:
        return SqlSweeps(self.engine, portal)

    @cached_property
    def pulls(self) -> SqlPulls:
        return SqlPulls(self.engine)

    def due_sources(self) -> Sequence[str]:
        """The sources of the mapping whose pull is due."""
        states, at = self.pulls.states(), self.world.now()
        described = self.mapping.sources.items()
        return [name for name, source in described if states.get(name, PullState()).is_due(at, every=source.every)]

    def pull(self, name: str) -> Pull:
        """What brings in a source of the mapping. Raises ConfigurationError."""
        described = self.mapping.sources.get(name)
        if described is None:
            known = ", ".join(self.mapping.sources) or "none"
            raise ConfigurationError(f"there is no source {name}", hint=f"`sources` in the mapping names {known}")
        return Pull(
            name=name,
            source=self._source(name, described),
            importing=self.importing,
            pulls=self.pulls,
            checkpoints=SqlCheckpoints(self.engine, name, self.world.now),
            now=self.world.now,
            rhythm=PullRhythm(every=described.every),
            max_shrink=described.max_shrink,
        )

    @cached_property
    def live(self) -> LiveLookup | None:
        """What asks the sources that the mapping calls `live`; None where it calls none so."""
        asked = [
            LimitedSource(name=name, source=source, per_minute=described.live_per_minute)
            for name, described in self.mapping.sources.items()
            if described.live and not isinstance(source := self._source(name, described), sources.SILENT)
        ]
        answers, now = SqlAnswers(self.engine), self.world.now
        return LiveLookup(sources=asked, answers=answers, subscriptions=self.subscriptions, now=now) if asked else None

    def _source(self, name: str, described: SourceSection) -> sources.Made:
        means = sources.SourceMeans(
            access=partial(self._access_of_source, name),
            database_url=partial(settings.database_url_of, f"source_{name}"),
            units=SqlUnits(self.engine, name, self.world.now),
            zoids=self.subscriptions.zoids,
        )
        return sources.make(described, means)

    def _access_of_source(self, name: str, accounts_url: str) -> AccessTokens:
        credentials = OAuthCredentials(**settings.oauth_of(f"source_{name}"), accounts_url=accounts_url)
        return AccessTokens(credentials, SqlTokens(self.engine, f"source:{name}"), now=self.world.now)

    @property
    def importing(self) -> ImportAccounts:
        policy = self.mapping.policy.licences
        return ImportAccounts(subscriptions=self.subscriptions, policy=policy, now=self.world.now)

    def import_file(self, path: Path) -> ReplacedSnapshot:
        """Make an account file the current data of the source "file". Raises InputError and Shrunk."""
        file = read_accounts(path)
        return self.import_accounts(file.accounts, as_of=file.as_of)

    def import_accounts(
        self, accounts: Iterable[Account], *, as_of: date | None, force: bool = False, dry_run: bool = False
    ) -> ReplacedSnapshot:
        """Make accounts the current data of the source "file". Raises Shrunk, unless by `force`."""
        max_shrink = 1.0 if force else MAX_SHRINK
        return self.importing.run(accounts, source=FILE, as_of=as_of, max_shrink=max_shrink, dry_run=dry_run)

    def look_up(self, asked: tuple[Identifier, ...]) -> LookupAnswer:
        """What the subscription data say about one identifier, which may be any of these."""
        service = AccountLookup(subscriptions=self.subscriptions, policy=self.mapping.policy, now=self.world.now)
        return service.run(asked)

    def upgrade(self) -> str:
        """Bring the database to this version's schema; says which database it is."""
        from desk_sync.adapters.store.upgrade import migrate  # alembic takes half a second to import

        migrate(self.engine)
        return describe(self.engine)

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def open_app(ours: Settings | None = None, *, timeout: timedelta = WORKER_TIMEOUT) -> Iterator[DeskSync]:
    """The product, for one command: it logs only what went wrong, unless the environment says otherwise."""
    ours = ours or settings.load()
    quiet = ours if "log_level" in ours.model_fields_set else ours.model_copy(update={"log_level": "WARNING"})
    with closing(_open(quiet, timeout)) as app:
        yield app


@contextmanager
def open_receiver() -> Iterator[DeskSync]:
    """The product, for the process that answers deliveries: it would rather refuse one than wait."""
    with closing(_open(settings.load(), INGEST_TIMEOUT)) as app, app.group_commit:
        yield app


@lru_cache(maxsize=1)
def worker_app() -> DeskSync:
    """The product, for the life of a worker process: connections and the mapping are kept from task to task."""
    return _open(settings.load(), WORKER_TIMEOUT)


def configure_logs(ours: Settings | None = None) -> None:
    """Log as the environment, or these settings, say."""
    ours = ours or settings.load()
    logs.configure(level=ours.log_level, form=ours.log_format)


def _open(ours: Settings, timeout: timedelta) -> DeskSync:
    configure_logs(ours)
    url = ours.database_url.get_secret_value()
    _make_folder(url)
    return DeskSync(ours, open_engine(url, busy_timeout=timeout))


def _make_folder(url: str) -> None:
    """The folder of a SQLite file, for its owner only."""
    if url.startswith("sqlite:") and (file := make_url(url).database):
        Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
