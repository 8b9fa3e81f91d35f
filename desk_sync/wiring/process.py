"""The product in one process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Engine

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.adapters.runtime.dead_mans_switch import DeadMansSwitch
from desk_sync.adapters.store.belonging import SqlBelonging
from desk_sync.adapters.store.engine import describe
from desk_sync.adapters.store.failures import SqlFailures
from desk_sync.adapters.store.group_commit import GroupCommit
from desk_sync.adapters.store.heartbeats import SqlHeartbeats
from desk_sync.adapters.store.schema import OURS
from desk_sync.adapters.store.ticket_names import SqlTicketNames
from desk_sync.adapters.subscriptions.partner_file import read_partners
from desk_sync.domain.account.partner import Partner
from desk_sync.errors import ConfigurationError
from desk_sync.ports.portal import PortalOrigin, PortalRenaming
from desk_sync.services.belonging import Belonging
from desk_sync.services.door import ServiceDoor
from desk_sync.services.watch.audit import Audit
from desk_sync.services.watch.health import Health
from desk_sync.services.watch.inflow import InflowWatch
from desk_sync.services.watch.installations import InstallationWatch
from desk_sync.settings import Settings
from desk_sync.wiring.environment import Environment
from desk_sync.wiring.portal import PortalServices
from desk_sync.wiring.sources import SourceServices

DEFAULT = "default"
"""The name of the only portal where the mapping names none and the environment describes it."""


@dataclass(frozen=True)
class DeskSync:
    """The product in one process. What the process does not use is never opened.

    `given` is the mapping, if it is not the one that the settings name.
    """

    settings: Settings
    engine: Engine
    environment: Environment = field(default_factory=Environment)
    given: PortalMapping | None = None
    _portals: dict[str, PortalServices] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def mapping(self) -> PortalMapping:
        return self.given or mapping_file.load(self.settings.mapping)

    @cached_property
    def sources(self) -> SourceServices:
        return SourceServices(self.engine, self.environment, self.mapping)

    @cached_property
    def portal_names(self) -> Sequence[str]:
        """The portals of the mapping, or `DEFAULT` for the one that the environment describes."""
        return tuple(self.mapping.portals) or (DEFAULT,)

    @property
    def portals(self) -> Sequence[PortalServices]:
        return [self.portal(name) for name in self.portal_names]

    def portal(self, name: str | None = None) -> PortalServices:
        """Return the services of the portal of that name, or of the only one. Raises ConfigurationError."""
        if name is None and len(self.portal_names) > 1:
            raise ConfigurationError("there are several portals", hint=f"--portal {'|'.join(self.portal_names)}")
        name = name or self.portal_names[0]
        if name not in self.portal_names:
            raise ConfigurationError(f"there is no portal {name}", hint=f"there is {', '.join(self.portal_names)}")
        return self._portals.get(name) or self._portals.setdefault(name, self._open_portal(name))

    def _open_portal(self, name: str) -> PortalServices:
        return PortalServices(
            name=name,
            process_settings=self.settings,
            engine=self.engine,
            environment=self.environment,
            mapping=self.mapping,
            sources=self.sources,
            list_partners=lambda: self.listed_partners,
            group_commit=self.group_commit,
        )

    def ticket_names(self, portal: str | None = None) -> SqlTicketNames:
        """Return the tickets by the names that people use: of one portal, or of all. Raises ConfigurationError."""
        return SqlTicketNames(self.engine, [self.portal(portal).name] if portal else self.portal_names)

    @cached_property
    def listed_partners(self) -> Sequence[Partner]:
        """The partners of the partner file, read once for the life of the process. Raises InputError."""
        return read_partners(self.mapping.partner_file) if self.mapping.partner_file else ()

    @cached_property
    def group_commit(self) -> GroupCommit:
        return GroupCommit(self.engine)

    @cached_property
    def heartbeats(self) -> SqlHeartbeats:
        return SqlHeartbeats(self.engine)

    def beat(self) -> None:
        """Record the sign of life that shows that broker, worker and database work together."""
        self.heartbeats.beat(now=self.environment.now())

    @cached_property
    def failures(self) -> SqlFailures:
        """The counts of tasks that ended with an error."""
        return SqlFailures(self.engine)

    def door(self, task: str, portal: str = "") -> ServiceDoor:
        """Return the door at which the errors of a task end."""
        return ServiceDoor(task=task, portal=portal, now=self.environment.now, failures=self.failures)

    @property
    def audit(self) -> Audit:
        """The audit of all open clocks; it calls an address outside while all is well."""
        address = self.settings.alive_url
        return Audit(
            clocks=[(portal.open_clocks, portal.mapping.policy.version) for portal in self.portals],
            metrics=[portal.metrics for portal in self.portals],
            report=DeadMansSwitch(address.get_secret_value() if address else None).call,
            now=self.environment.now,
            strangers=self.belonging.strangers,
            inflow=self.inflow_watches,
            installations=self.installation_watches,
        )

    @property
    def belonging(self) -> Belonging:
        """The comparison of the database with the portals. One without its settings cannot be compared."""
        store, names = SqlBelonging(self.engine), tuple(self.portal_names)
        return Belonging(store=store, names=names, origins=dict(self._origins()))

    def _origins(self) -> Iterator[tuple[str, PortalOrigin]]:
        for portal in self.portals:
            with suppress(ConfigurationError):
                hosts = portal.hosts
                yield portal.name, PortalOrigin(org_id=hosts.org_id, data_center=hosts.data_center)

    @property
    def renaming(self) -> PortalRenaming:
        return SqlBelonging(self.engine)

    @property
    def installation_watches(self) -> Sequence[InstallationWatch]:
        return [portal.installation_watch for portal in self.portals]

    @property
    def inflow_watches(self) -> Sequence[InflowWatch]:
        return [portal.inflow_watch for portal in self.portals]

    @property
    def health(self) -> Health:
        return Health(
            metrics=[portal.metrics for portal in self.portals],
            heartbeats=self.heartbeats,
            sources=self.sources.watch,
            now=self.environment.now,
            inflow=self.inflow_watches,
            installations=self.installation_watches,
        )

    def upgrade(self) -> str:
        """Bring the database to this version's schema; return which database it is, and that schema."""
        from desk_sync.adapters.store.upgrade import migrate  # alembic takes half a second to import

        migrate(self.engine, now=self.environment.now())
        return f"{describe(self.engine)}; schema {OURS}"

    def downgrade(self, *, lossy: bool) -> tuple[str, Sequence[str]]:
        """Bring the database to the schema before this version's; return that schema, and what was lost."""
        from desk_sync.adapters.store.upgrade import downgrade  # alembic takes half a second to import

        return downgrade(self.engine, lossy=lossy)

    def close(self) -> None:
        self.engine.dispose()
