"""The services for one portal in one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial

from sqlalchemy import Engine

from desk_sync import settings
from desk_sync.adapters.desk.calls import DeskCalls
from desk_sync.adapters.desk.client import DeskClient
from desk_sync.adapters.desk.events import read_events
from desk_sync.adapters.desk.limits.budget import PortalBudget
from desk_sync.adapters.desk.webhook_token import KeySet, WebhookToken
from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.adapters.store.bindings import SqlBindings
from desk_sync.adapters.store.clocks import SqlOpenClocks
from desk_sync.adapters.store.desk_clock import SqlDeskClock
from desk_sync.adapters.store.failures import SqlFailures
from desk_sync.adapters.store.group_commit import GroupCommit, GroupInbox
from desk_sync.adapters.store.held_back import SqlHeldBack
from desk_sync.adapters.store.hours import SqlHours
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.inflow import SqlInflow
from desk_sync.adapters.store.installations import SqlInstallation
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.notices import SqlNotices
from desk_sync.adapters.store.partner_places import SqlPartnerPlaces
from desk_sync.adapters.store.partners import SqlEducationLog, SqlPartners
from desk_sync.adapters.store.portals import SqlAllowances, SqlPortalFacts, SqlTokens
from desk_sync.adapters.store.related_tickets import SqlRelatedTickets
from desk_sync.adapters.store.requests import SqlRequests
from desk_sync.adapters.store.retention import SqlRetention
from desk_sync.adapters.store.reviews import SqlReviews
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.adapters.store.ticket_bindings import SqlTicketBindings
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.zoho.auth import AccessTokens, OAuthCredentials
from desk_sync.adapters.zoho.hosts import PortalHosts, portal_in
from desk_sync.domain.account.partner import Partner
from desk_sync.ports.hours import StoredHours
from desk_sync.ports.tickets import DeliveryInbox
from desk_sync.services.adopt import AdoptPortal
from desk_sync.services.desk_clock import DeskClock
from desk_sync.services.door import ServiceDoor
from desk_sync.services.drain import Drain
from desk_sync.services.intake import Intake
from desk_sync.services.notices import SendNotices
from desk_sync.services.parking import Parking
from desk_sync.services.reconcile.adoption import TraceAdoption
from desk_sync.services.reconcile.business_hours import HoursFromDesk
from desk_sync.services.reconcile.partner import PartnerResolver
from desk_sync.services.reconcile.read import TicketReader
from desk_sync.services.reconcile.recent_looks import RecentLooks
from desk_sync.services.reconcile.reconcile import Reconcile
from desk_sync.services.reconcile.write_comments import CommentsWriter
from desk_sync.services.reconcile.write_fields import FieldsWriter
from desk_sync.services.retention import Retention, RetentionAges
from desk_sync.services.review import Review
from desk_sync.services.sweep import MissedAlarm, Sweep, SweepPace
from desk_sync.services.watch.inflow import InflowWatch
from desk_sync.services.watch.installations import InstallationWatch
from desk_sync.settings import Settings
from desk_sync.wiring.environment import Environment
from desk_sync.wiring.sources import SourceServices


@dataclass(frozen=True, kw_only=True)
class PortalServices:
    """The product for one portal. What is not used is never opened.

    `process_settings` are those of the process; `settings` have the limits that the mapping gives this portal alone.
    """

    name: str
    process_settings: Settings
    engine: Engine
    environment: Environment
    mapping: PortalMapping
    sources: SourceServices
    list_partners: Callable[[], Sequence[Partner]]
    group_commit: GroupCommit

    @cached_property
    def settings(self) -> Settings:
        named = self.mapping.portals.get(self.name)
        return self.process_settings.model_copy(update=named.limits if named else {})

    @cached_property
    def hosts(self) -> PortalHosts:
        """The portal's addresses and ids. Raises ConfigurationError if they are not set, or not completely."""
        if named := self.mapping.portals.get(self.name):
            return named
        ours = self.process_settings
        settings.require(ours, "org_id", "webhook_id")
        return portal_in(
            ours.data_center,
            org_id=ours.org_id,
            webhook_id=ours.webhook_id,
            desk_url=ours.desk_url,
            accounts_url=ours.accounts_url,
        )

    @cached_property
    def desk(self) -> DeskClient:
        """The client of the portal's Desk. Raises ConfigurationError."""
        environment = self.environment
        calls = DeskCalls(
            desk_url=self.hosts.desk_url,
            org_id=self.hosts.org_id,
            our_words=self.mapping.vocabulary.our_words,
            access=self.access,
            budget=self.budget,
            now=environment.now,
            clock=self.clock,
            connections=self.process_settings.workers,
            sleep=environment.sleep,
            jitter=environment.jitter,
            transport=environment.transport,
        )
        return DeskClient(calls, self.mapping.vocabulary, self.installation)

    @cached_property
    def installation(self) -> SqlInstallation:
        """This installation, and the marks of others on the portal."""
        return SqlInstallation(self.engine, self.name, self.environment.now, self.environment.token)

    @property
    def installation_watch(self) -> InstallationWatch:
        """What notices other installations that write to the portal."""
        speaks_in = self.mapping.policy.tickets.speaks_in
        return InstallationWatch(store=self.installation, now=self.environment.now, speaks_in=speaks_in)

    @cached_property
    def clock(self) -> DeskClock:
        """Desk's clock, and how far the host's is behind it."""
        environment = self.environment
        store = SqlDeskClock(self.engine, self.name)
        return DeskClock(store, self.name, now=environment.now, monotonic=environment.monotonic)

    @cached_property
    def access(self) -> AccessTokens:
        """The access token of the portal's agent. Raises ConfigurationError."""
        named, environment = self.name in self.mapping.portals, self.environment
        oauth = settings.oauth_of(self.name) if named else settings.oauth(self.process_settings)
        return AccessTokens(
            OAuthCredentials(**oauth, accounts_url=self.hosts.accounts_url),
            SqlTokens(self.engine, self.name),
            now=environment.now,
            sleep=environment.sleep,
            transport=environment.transport,
        )

    @cached_property
    def budget(self) -> PortalBudget:
        """How many calls may be made to the portal's Desk."""
        return PortalBudget(
            self.name,
            slots=self.environment.slots(self.settings, self.name),
            allowances=SqlAllowances(self.engine, self.name),
            reserve=self.settings.credit_reserve,
            now=self.environment.now,
            clock=self.environment.monotonic,
            longest_pause=timedelta(seconds=self.process_settings.longest_pause),
        )

    @cached_property
    def facts(self) -> SqlPortalFacts:
        """Facts about the portal; some of them are read once for the life of the process."""
        return SqlPortalFacts(self.engine, self.name)

    @property
    def tickets(self) -> SqlTickets:
        return SqlTickets(self.engine, self.name)

    @property
    def inbox(self) -> SqlInbox:
        return SqlInbox(self.engine, self.name)

    @property
    def sweeps(self) -> SqlSweeps:
        return SqlSweeps(self.engine, self.name)

    @property
    def open_clocks(self) -> SqlOpenClocks:
        return SqlOpenClocks(self.engine, self.name)

    @property
    def metrics(self) -> SqlMetrics:
        return SqlMetrics(self.engine, self.name)

    @property
    def held_back(self) -> SqlHeldBack:
        return SqlHeldBack(self.engine, self.name)

    @property
    def parking(self) -> Parking:
        return Parking(tickets=self.tickets, now=self.environment.now, recent=self.recent_looks)

    @cached_property
    def recent_looks(self) -> RecentLooks:
        """The last looks of this process that went well."""
        return RecentLooks()

    def door(self, task: str) -> ServiceDoor:
        """Return the door at which the errors of a task for this portal end."""
        failures = SqlFailures(self.engine)
        return ServiceDoor(task=task, portal=self.name, now=self.environment.now, failures=failures)

    @property
    def review(self) -> Review:
        return Review(
            reviews=SqlReviews(self.engine, self.name),
            bindings=SqlBindings(self.engine, self.sources.subscriptions.sources),
            tickets=self.ticket_bindings,
            places=SqlPartnerPlaces(self.engine, self.name),
            listed=self.list_partners,
            requests=SqlRequests(self.engine, self.name),
            now=self.environment.now,
        )

    @property
    def ticket_bindings(self) -> SqlTicketBindings:
        """The tickets of the portal that persons bound to accounts."""
        return SqlTicketBindings(self.engine, self.name, self.sources.subscriptions.sources)

    @property
    def send_notices(self) -> SendNotices:
        return SendNotices(
            notices=SqlNotices(self.engine, self.name),
            notifier=self.environment.notifier(),
            period=self.mapping.policy.escalation.digest,
            now=self.environment.now,
            door=self.door("notices"),
        )

    @property
    def retention(self) -> Retention:
        """The service that deletes what is too old."""
        ours = self.process_settings
        details, keys, tickets = (
            timedelta(days=days) for days in (ours.keep_details, ours.keep_keys, ours.keep_tickets)
        )
        return Retention(
            store=SqlRetention(self.engine, self.name),
            ages=RetentionAges(details=details, keys=keys, tickets=tickets),
            now=self.environment.now,
            monotonic=self.environment.monotonic,
            sleep=self.environment.sleep,
        )

    @property
    def sweep(self) -> Sweep:
        """The service that finds tickets without a delivery. Raises ConfigurationError."""
        return Sweep(
            desk=self.desk,
            budget=self.budget,
            sweeps=self.sweeps,
            now=self.environment.now,
            pace=SweepPace.every(timedelta(seconds=self.process_settings.sweep_every)),
            alarm=self.missed_alarm,
            clock=self.clock,
        )

    @property
    def missed_alarm(self) -> MissedAlarm:
        return MissedAlarm(share=self.process_settings.missed_share)

    @property
    def inflow(self) -> SqlInflow:
        return SqlInflow(self.engine, self.name)

    @property
    def inflow_watch(self) -> InflowWatch:
        """What notices that deliveries stop."""
        return InflowWatch(inflow=self.inflow, now=self.environment.now, alarm=self.missed_alarm)

    def intake(self, inbox: DeliveryInbox | None = None) -> Intake:
        """Return the service that takes the portal's deliveries. Raises ConfigurationError if a setting is missing.

        They are recorded in `inbox`: by default those of the process that arrive together, in one commit.
        """
        now, hosts = self.environment.now, self.hosts
        keys = KeySet(hosts.keys_url, transport=self.environment.transport)
        token = WebhookToken(keys=keys, org_id=hosts.org_id, webhook_id=hosts.webhook_id, now=now, clock=self.clock)
        read = partial(read_events, vocabulary=self.mapping.vocabulary, org_id=hosts.org_id)
        inbox = inbox or GroupInbox(self.group_commit, self.name)
        return Intake(verify=token.verify, is_known=token.is_known, read=read, inbox=inbox, now=now)

    @property
    def drain(self) -> Drain:
        """The service that looks at the due tickets. Raises ConfigurationError, and InputError for the partner file."""
        return Drain(
            tickets=self.tickets,
            look=self.reconcile.look,
            budget=self.budget,
            now=self.environment.now,
            monotonic=self.environment.monotonic,
            workers=self.process_settings.workers,
            pool=self.environment.pool,
            bring_back=self.parking.bring_back,
        )

    @property
    def reconcile(self) -> Reconcile:
        """The service that looks at one ticket. Raises ConfigurationError, and InputError for the partner file."""
        return Reconcile(
            reader=self.reader,
            budget=self.budget,
            education_log=SqlEducationLog(self.engine, self.name),
            tickets=self.tickets,
            fields=FieldsWriter(desk=self.desk, portal=self.facts, held_back=self.held_back, now=self.environment.now),
            comments=CommentsWriter(desk=self.desk, portal=self.facts, now=self.environment.now),
            related_tickets=SqlRelatedTickets(self.engine, self.name),
            adoption=self.adoption,
            now=self.environment.now,
            recent=self.recent_looks,
        )

    @property
    def adoption(self) -> TraceAdoption:
        """The service that adopts our traces on a ticket. Raises ConfigurationError, and InputError."""
        education_log = SqlEducationLog(self.engine, self.name)
        return TraceAdoption(desk=self.desk, portal=self.facts, reader=self.reader, education_log=education_log)

    @property
    def adopt(self) -> AdoptPortal:
        """The service that adopts our traces in the whole portal. Raises ConfigurationError."""
        return AdoptPortal(
            desk=self.desk,
            budget=self.budget,
            tickets=self.tickets,
            portal=self.facts,
            now=self.environment.now,
            clock=self.clock,
        )

    @property
    def reader(self) -> TicketReader:
        """What reads all that a look needs. Raises ConfigurationError, and InputError for the partner file."""
        return TicketReader(
            desk=self.desk,
            subscriptions=self.sources.subscriptions,
            partners=self.partners,
            portal=self.facts,
            related_tickets=SqlRelatedTickets(self.engine, self.name),
            bound=self.ticket_bindings,
            policy=self.mapping.policy,
            now=self.environment.now,
            live=self.sources.live,
            hours=self.hours,
            clock=self.clock,
            refusal=self.installation_watch.refusal,
        )

    @property
    def partners(self) -> PartnerResolver:
        return PartnerResolver(
            desk=self.desk,
            book=SqlPartners(self.engine, self.name),
            places=SqlPartnerPlaces(self.engine, self.name),
            listed=self.list_partners(),
            policy=self.mapping.policy.partners,
            now=self.environment.now,
        )

    @property
    def hours(self) -> HoursFromDesk:
        """The calendars that are taken from the portal's Desk. Raises ConfigurationError."""
        return HoursFromDesk(desk=self.desk, kept=SqlHours(self.engine, self.name), now=self.environment.now)

    def refresh_hours(self) -> None:
        """Read the calendars that are due from the portal's Desk."""
        if names := self._calendars_from_desk:
            self.hours.refresh(names)

    def stored_hours(self) -> Mapping[str, StoredHours | None]:
        """Return each calendar that is taken from Desk as it is stored, by name; None for one that was never read."""
        stored = SqlHours(self.engine, self.name)
        return {name: stored.recall(name) for name in self._calendars_from_desk}

    @property
    def _calendars_from_desk(self) -> Sequence[str]:
        return sorted(self.mapping.policy.commitment.regions.desk_hours)
