"""Setup of a simulation: the product and a simulated Desk in one process, database in memory, virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.wording import Wording
from desk_sync.ports.subscriptions import FILE
from desk_sync.ports.sweeps import SweepCoverage, SweepKind
from desk_sync.ports.tickets import RecordedDelivery
from desk_sync.services.intake import DeliveryDoor
from desk_sync.services.pull import Pull, PullRhythm
from desk_sync.settings import without_environment
from desk_sync.simulated_desk.in_process import InProcess
from desk_sync.simulated_desk.portal.quirks import DeskQuirks
from desk_sync.simulated_desk.running import UNUSED_URL, DeskSite
from desk_sync.simulated_sources.site import SourceSettings, SourceSite
from desk_sync.simulation.actors import ScenarioActors
from desk_sync.simulation.deliveries import DeliveryRunner
from desk_sync.simulation.event_log import EventLog
from desk_sync.simulation.notices import SimulatedNotifier
from desk_sync.simulation.portal_setup import set_up_portal
from desk_sync.simulation.scenario import LoadedScenario
from desk_sync.simulation.sources.account_file import ScenarioSource
from desk_sync.simulation.sources.stand_in import StandInSource
from desk_sync.simulation.virtual_time import HostClock, VirtualTime
from desk_sync.simulation.vocabulary import ScenarioVocabulary
from desk_sync.wiring.environment import Environment
from desk_sync.wiring.process import DEFAULT, DeskSync

AUDIT_INTERVAL = timedelta(minutes=5)


@dataclass(slots=True, kw_only=True)
class SimulationSetup:
    """The parts of a simulation that a scenario acts on. `scenario` is the file that is run.

    `copies` are those of the database, by their instants; `kinds` those of the comments that a former database knew, by
    their references; `educations` the wordings of the replies that educate, in all mappings so far. `sweeps` counts the
    sweeps that ended well and that failed, and the changes that they found.
    """

    scenario: LoadedScenario
    virtual_time: VirtualTime
    host: HostClock
    site: DeskSite
    vocabulary: ScenarioVocabulary
    actors: ScenarioActors
    deliveries: DeliveryRunner
    event_log: EventLog
    source: ScenarioSource | StandInSource
    notices: SimulatedNotifier
    desk_sync: DeskSync
    copies: dict[datetime, Engine] = field(default_factory=dict)
    kinds: dict[str, EffectKind] = field(default_factory=dict)
    educations: list[Wording] = field(default_factory=list)
    sweeps: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.educations += self.desk_sync.mapping.policy.education.wordings()

    def save_database(self) -> None:
        self.copies[self.virtual_time.now()] = copied(self.desk_sync.engine)

    def replace_database(self, saved_at: datetime | None) -> None:
        """Start the product on the database that was saved then.

        Without one it is started on a new database, and the traces in the portal are adopted (`desk-sync adopt`).
        """
        for ticket in self.actors.tickets.values():
            if history := self.desk_sync.portal(DEFAULT).tickets.history(ticket.ticket_id):
                self.kinds |= {effect.reference: effect.kind for effect in history.effects}
        self.start_on(copied(self.copies[saved_at]) if saved_at else open_engine("sqlite://"))
        if saved_at is None:
            self.pull.run()
            adopt = self.desk_sync.portal(DEFAULT).adopt
            adopt.run(adopt.estimate(min(self.scenario.shape.opened)))

    def start_on(self, engine: Engine) -> None:
        """Replace the product by one on this database; what was delivered since is swept up."""
        self._replace_product(engine, self.desk_sync.given)
        self.desk_sync.upgrade()
        self.deliveries.lost_at = self.virtual_time.now()

    def start_again(self, mapping: PortalMapping) -> None:
        """Replace the product by one with this mapping, and add to the portal what the mapping names."""
        mapping = _for_one_portal(mapping, self.actors.agents["program"])
        set_up_portal(self.site.portal, mapping, self.scenario.shape.statuses)
        self.educations += mapping.policy.education.wordings()
        self.vocabulary.mapping = mapping
        self.vocabulary.layout = self.site.portal.layout_of(self.site.portal.department_id)
        self._look_by_policy()
        self._replace_product(self.desk_sync.engine, mapping)
        self.virtual_time.schedule(self.virtual_time.now() + AUDIT_INTERVAL, self._look_by_policy)

    def _look_by_policy(self) -> None:
        """Have the open tickets looked at if the mapping has changed, as the auditor does."""
        portal = self.desk_sync.portal(DEFAULT)
        portal.open_clocks.requeue_by_policy(portal.mapping.policy.version, now=self.host.now())

    def start_with_new_token(self) -> None:
        """Replace the product by one that asks anew what a process learns once, such as whose token it has."""
        self._replace_product(self.desk_sync.engine, self.desk_sync.given)

    def _replace_product(self, engine: Engine, mapping: PortalMapping | None) -> None:
        old = self.desk_sync
        self.desk_sync = DeskSync(old.settings, engine, old.environment, mapping)
        self.deliveries.door = _door(self.desk_sync)

    @property
    def pull(self) -> Pull:
        """The pull of the account file, twice within the age that its data may reach.

        The guard against shrunken exports is off: in files of a few accounts one missing account is a large share.
        """
        max_age = self.desk_sync.mapping.policy.licences.freshness.usual.max_age
        return Pull(
            name=FILE,
            source=self.source.source_for(self.desk_sync),
            importing=self.desk_sync.sources.imports,
            pulls=self.desk_sync.sources.pulls,
            now=self.host.now,
            rhythm=PullRhythm(every=max_age / 2, again=timedelta(hours=1)),
            max_shrink=1.0,
        )


@contextmanager
def set_up_simulation(scenario: LoadedScenario) -> Iterator[SimulationSetup]:
    """Set up the simulation for a scenario; no step has run yet. Raises MappingError."""
    virtual_time = VirtualTime(min(scenario.shape.opened))
    host = HostClock(virtual_time, scenario.shape.host_clock)
    quirks = DeskQuirks.named(*scenario.shape.portal.quirks)
    site = DeskSite(now=virtual_time.now, quirks=quirks, deliver_to=UNUSED_URL)
    program = site.portal.add_agent("Other", "Program", "other-program@support.example")
    mapping = _for_one_portal(mapping_file.load(scenario.mapping(scenario.shape.mapping)), program["id"])
    agents = {"agent": site.portal.person["id"], "colleague": site.portal.seed.agents[2]["id"]}
    set_up_portal(site.portal, mapping, scenario.shape.statuses)
    vocabulary = ScenarioVocabulary(mapping, site.portal.layout_of(site.portal.department_id))
    notices = SimulatedNotifier(virtual_time.now)
    with closing(_product(scenario, site, host, notices, mapping)) as desk_sync:
        deliveries = DeliveryRunner(site, _door(desk_sync), virtual_time, scenario.shape.start)
        site.portal.listeners.append(deliveries.take)
        yield SimulationSetup(
            scenario=scenario,
            virtual_time=virtual_time,
            host=host,
            site=site,
            vocabulary=vocabulary,
            actors=ScenarioActors(site.portal, vocabulary, agents | {"program": program["id"]}),
            deliveries=deliveries,
            event_log=EventLog(site.portal, vocabulary),
            source=_source(scenario, site, host),
            notices=notices,
            desk_sync=desk_sync,
        )


def copied(engine: Engine) -> Engine:
    """Return a copy of a database in memory."""
    copy = open_engine("sqlite://")
    source, target = engine.raw_connection(), copy.raw_connection()
    driver: Any = source.driver_connection
    driver.backup(target.driver_connection)
    source.close()
    target.close()
    return copy


def _source(scenario: LoadedScenario, site: DeskSite, host: HostClock) -> ScenarioSource | StandInSource:
    """Return the source that the scenario names: a simulated one on the site's accounts server, or its account file."""
    shape = scenario.shape.sources
    if shape is None:
        return ScenarioSource()
    settings = SourceSettings(per_minute=shape.per_minute, per_day=shape.per_day, quirks=shape.quirks)
    sources = SourceSite(site.portal.now, site.accounts, settings)
    return StandInSource(kind=shape.kind, site=sources, transport=InProcess(site, sources), host=host)


def _door(desk_sync: DeskSync) -> DeliveryDoor:
    return desk_sync.portal(DEFAULT).intake(ImmediateInbox(SqlInbox(desk_sync.engine, DEFAULT)))


def _for_one_portal(mapping: PortalMapping, program: str) -> PortalMapping:
    """Return the mapping without its portals and sources, and with the other program as an automation agent."""
    return replace(mapping, policy=mapping.policy.knowing(program), portals={}, sources={})


def _product(
    scenario: LoadedScenario,
    site: DeskSite,
    host: HostClock,
    notices: SimulatedNotifier,
    mapping: PortalMapping,
) -> DeskSync:
    """Return the product wired as in a worker; its sweeps have covered the time up to the first ticket."""
    accounts = site.accounts
    settings = without_environment(
        data_center=scenario.shape.portal.data_center,
        org_id=site.portal.org_id,
        webhook_id=site.webhook_id,
        client_id=accounts.client_id,
        client_secret=accounts.client_secret,
        refresh_token=accounts.refresh_token,
        database_url="sqlite://",
        workers=1,
    )
    virtual_time = host.virtual_time
    environment = Environment(
        now=host.now,
        monotonic=virtual_time.monotonic,
        sleep=virtual_time.sleep,
        jitter=0,
        transport=InProcess(site),
        slots=lambda *_: FreeSlots(),
        pool=lambda _: InlineExecutor(),
        notifier=lambda: notices,
        token=lambda: "000000",
    )
    desk_sync = DeskSync(settings, open_engine("sqlite://"), environment, mapping)
    desk_sync.upgrade()
    portal = desk_sync.portal(DEFAULT)
    portal.sweeps.cover(SweepCoverage(since=virtual_time.now(), until=virtual_time.now()))
    if host.ahead:  # the sweeps before the start have measured it
        portal.sweep.run(SweepKind.RECENT)
    return desk_sync


class FreeSlots:
    """The port of call slots for one process that makes one call at a time: a slot is always free."""

    def slot(self, within: timedelta) -> AbstractContextManager[None]:
        return nullcontext()

    def ready(self) -> bool:
        return True


class InlineExecutor(Executor):
    """Execute each submitted call at once, in the calling thread."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(work(*args, **named))
        return future


@dataclass(frozen=True, slots=True)
class ImmediateInbox:
    """The port `Inbox`: record each delivery in its own transaction before the response."""

    inbox: SqlInbox

    def submit(self, events: Sequence[Event], *, now: datetime) -> Future[RecordedDelivery]:
        done: Future[RecordedDelivery] = Future()
        done.set_result(self.inbox.record(events, now=now))
        return done
