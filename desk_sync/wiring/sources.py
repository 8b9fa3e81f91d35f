"""The services for subscription data: imports, pulls, and look-ups at the sources themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from os import getpid
from socket import gethostname

from sqlalchemy import Engine

from desk_sync import settings
from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.adapters.mapping.sources import SourceSection
from desk_sync.adapters.store.answers import SqlAnswers
from desk_sync.adapters.store.failures import SqlFailures
from desk_sync.adapters.store.file_readings import SqlFileReadings
from desk_sync.adapters.store.portals import SqlTokens
from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.adapters.store.source_calls import SqlCallMeter, SqlUnits
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.adapters.subscriptions import sources
from desk_sync.adapters.zoho.auth import AccessTokens, OAuthCredentials
from desk_sync.domain.account.identity import Identifier
from desk_sync.errors import ConfigurationError
from desk_sync.ports.pulling.source_report import SourceReport
from desk_sync.ports.subscriptions import FILE, AccountSource
from desk_sync.services.door import ServiceDoor
from desk_sync.services.import_accounts import ImportAccounts
from desk_sync.services.import_files import ImportFiles
from desk_sync.services.lookup import AccountLookup, LookupAnswer
from desk_sync.services.pull import MAX_FLAWED, Pull, PullRhythm, due_sources
from desk_sync.services.reconcile.live_lookup import LimitedSource, LiveLookup
from desk_sync.services.watch.sources import SourceWatch
from desk_sync.wiring.environment import Environment


def this_process() -> str:
    """Return the name under which this process takes turns."""
    return f"process {getpid()} on {gethostname()}"


@dataclass(frozen=True)
class SourceServices:
    """What one process does with subscription data."""

    engine: Engine
    environment: Environment
    mapping: PortalMapping

    @cached_property
    def subscriptions(self) -> SqlSubscriptions:
        return SqlSubscriptions(self.engine, tuple(dict.fromkeys((*self.mapping.sources, FILE))))

    @cached_property
    def pulls(self) -> SqlPulls:
        return SqlPulls(self.engine)

    @property
    def watch(self) -> SourceWatch:
        return SourceWatch(
            subscriptions=self.subscriptions,
            pulls=self.pulls,
            freshness=self.mapping.policy.licences.freshness,
            now=self.environment.now,
        )

    def reports(self) -> Sequence[SourceReport]:
        """Return the state of each source: of those in the mapping, and of the imported files."""
        return self.watch.reports(self.mapping.sources, self.subscriptions.sources)

    @property
    def imports(self) -> ImportAccounts:
        policy = self.mapping.policy.licences
        return ImportAccounts(subscriptions=self.subscriptions, policy=policy, now=self.environment.now)

    @property
    def file_imports(self) -> ImportFiles:
        return ImportFiles(importing=self.imports, readings=SqlFileReadings(self.engine))

    def due(self) -> Sequence[str]:
        """Return the sources of the mapping whose pull is due."""
        every = {name: source.every for name, source in self.mapping.sources.items()}
        after = {name: source.zoids_of for name, source in self.mapping.sources.items() if source.zoids_of}
        return due_sources(self.pulls.states(), every, self.environment.now(), after)

    def pull(self, name: str, *, force: bool = False) -> Pull:
        """Return the service that pulls a source of the mapping; with `force` also one that has shrunk.

        Raises ConfigurationError.
        """
        section = self.mapping.sources.get(name)
        if section is None:
            known = ", ".join(self.mapping.sources) or "none"
            raise ConfigurationError(f"there is no source {name}", hint=f"`sources` in the mapping names {known}")
        rhythm = PullRhythm(every=section.every, per_day=section.pull_calls if section.per_day else None)
        max_shrink = 1.0 if force else section.max_shrink
        source = self._source(name, section)
        return self.pull_of(name, source, rhythm, max_shrink=max_shrink, max_flawed=section.max_flawed)

    def pull_of(
        self, name: str, source: AccountSource, rhythm: PullRhythm, *, max_shrink: float, max_flawed: float = MAX_FLAWED
    ) -> Pull:
        """Return the service that pulls this source into the snapshot of that name."""
        return Pull(
            name=name,
            source=source,
            importing=self.imports,
            pulls=self.pulls,
            now=self.environment.now,
            rhythm=rhythm,
            max_shrink=max_shrink,
            max_flawed=max_flawed,
            holder=this_process(),
            door=ServiceDoor(task=f"pull {name}", now=self.environment.now, failures=SqlFailures(self.engine)),
        )

    @cached_property
    def live(self) -> LiveLookup | None:
        """The look-up at the sources that the mapping calls `live`; None if it calls none so."""
        limited = [
            LimitedSource(name=name, source=source, per_minute=section.live_per_minute)
            for name, section in self.mapping.sources.items()
            if section.live and not isinstance(source := self._source(name, section), sources.PULL_ONLY)
        ]
        if not limited:
            return None
        answers, now = SqlAnswers(self.engine), self.environment.now
        return LiveLookup(sources=limited, answers=answers, subscriptions=self.subscriptions, now=now)

    def look_up(self, readings: tuple[Identifier, ...]) -> LookupAnswer:
        """Return what the subscription data hold for one identifier, which may be any of `readings`."""
        policy, now = self.mapping.policy, self.environment.now
        return AccountLookup(subscriptions=self.subscriptions, policy=policy, now=now).run(readings)

    def _source(self, name: str, section: SourceSection) -> sources.AnySource:
        means = sources.SourceMeans(
            access=partial(self._tokens_of_source, name),
            database_url=partial(settings.database_url_of, f"source_{name}"),
            units=SqlUnits(self.engine, name, self.environment.now),
            meter=SqlCallMeter(self.engine, name, self.environment.now),
            zoids=self.subscriptions.zoids,
            now=self.environment.now,
        )
        return sources.make(section, means)

    def _tokens_of_source(self, name: str, accounts_url: str) -> AccessTokens:
        credentials = OAuthCredentials(**settings.oauth_of(f"source_{name}"), accounts_url=accounts_url)
        return AccessTokens(credentials, SqlTokens(self.engine, f"source:{name}"), now=self.environment.now)
