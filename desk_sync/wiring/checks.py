"""The probes of everything that the product needs, for start-up, `/readyz` and `desk-sync doctor`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from desk_sync import documents, settings, time_zones
from desk_sync.adapters.desk.calls import TIMEOUT
from desk_sync.adapters.desk.webhook_token import KeySet
from desk_sync.adapters.mapping.file import LiveProblems, check_live
from desk_sync.adapters.runtime import broker_probe as broker
from desk_sync.adapters.runtime import dependency_check as libraries
from desk_sync.adapters.store.engine import describe, read_clock
from desk_sync.adapters.store.schema import check_schema
from desk_sync.adapters.zoho.transport import DeadlineAdapter
from desk_sync.errors import DeskSyncError, Problem
from desk_sync.ports.hours import StoredHours
from desk_sync.services.watch.desk_rules import describe_desk_rules
from desk_sync.services.watch.health import Probe, check_all, describe_edition
from desk_sync.wiring.opening import open_app
from desk_sync.wiring.portal import PortalServices
from desk_sync.wiring.process import DeskSync

log = structlog.get_logger()


def ready(app: DeskSync) -> Mapping[str, Probe]:
    """Return the probes of what the web process needs; each takes milliseconds, or fails."""
    return {
        "mapping": lambda: f"version {app.mapping.policy.version}",
        "database": lambda: _schema(app),
        "heartbeat": lambda: app.health.heartbeat(),
    }


def cheap(app: DeskSync) -> Mapping[str, Probe]:
    """Return the probes that run when a process starts: they use no network but the database."""
    return {
        "settings": lambda: _settings(app),
        "mapping": lambda: f"version {app.mapping.policy.version}",
        "libraries": libraries.check_urllib3,
        "time zones": lambda: f"IANA {time_zones.version()}, of the package tzdata",
        "database": lambda: f"{describe(app.engine)}, {_schema(app)}",
        "memory": lambda: _each(app, _memory),
        "portals": lambda: app.belonging.describe(),
        "clock": lambda: app.health.clock(lambda: read_clock(app.engine)),
    }


def every(app: DeskSync, *, online: bool = False) -> Mapping[str, Probe]:
    """Return all probes. `online` adds those that call Desk, for a few credits a portal and department."""
    return {
        **cheap(app),
        "redis": lambda: broker.greet(app.settings.redis_url.get_secret_value()),
        "heartbeat": lambda: app.health.heartbeat(),
        "work": lambda: app.health.work(),
        "steps": lambda: app.health.steps(),
        "Desk's clock": lambda: app.health.desk_clock(),
        "deliveries": lambda: app.health.deliveries(),
        "sweeps": lambda: app.health.sweeps(),
        "installations": lambda: app.health.other_installations(),
        "parked tickets": lambda: app.health.parked(),
        "held-back fields": lambda: app.health.held_back(),
        "subscription data": lambda: app.health.subscription_data(),
        "sources": lambda: app.health.pulls(app.mapping.sources),
        "partner file": lambda: _partner_file(app),
        "calendars": lambda: app.health.calendars(_calendars_from_desk(app)),
        "notices": lambda: app.health.notices(),
        "retention": lambda: app.health.retention(),
        "roles": lambda: _unreachable_roles(app),
        "key set": lambda: _each(app, lambda portal: f"{KeySet(portal.hosts.keys_url).count()} keys"),
        **(_online(app) if online else {}),
    }


def sources(app: DeskSync) -> Sequence[Mapping[str, Any]]:
    """Return the state of each source of subscription data, as JSON; none if the database cannot be read."""
    try:
        return [documents.source(report) for report in app.sources.reports()]
    except DeskSyncError:
        return []


def _online(app: DeskSync) -> Mapping[str, Probe]:
    return {
        "credentials": lambda: _each(app, _credentials),
        "traces": lambda: _each(app, lambda portal: portal.adopt.check_first_start()),
        "desk": lambda: _each(app, lambda portal: describe_edition(portal.desk.greet())),
        "fields": lambda: _fields(app),
        "rules in Desk": lambda: _each(app, lambda portal: describe_desk_rules(portal.mapping.policy)),
    }


def _partner_file(app: DeskSync) -> str:
    """Return how many partners the partner file has. Raises InputError with its mistakes."""
    return f"{len(app.listed_partners)} partners" if app.mapping.partner_file else "the mapping names none"


def _credentials(portal: PortalServices) -> str:
    return portal.access.try_credentials(DeadlineAdapter(TIMEOUT.total_seconds()))


def _fields(app: DeskSync) -> str:
    """Compare the mapping with its portals. A field that some layouts lack is named, and is no error."""
    found = compare_mapping(app)
    if found.wrong:
        first, more = found.wrong[0], len(found.wrong) - 1
        described = f"{app.settings.mapping}:{first}" + (f"; and {more} more" if more else "")
        raise DeskSyncError(described, hint=f"`desk-sync mappings check --live {app.settings.mapping}` shows each")
    return "; ".join(["all fields and values exist", *(each.message for each in found.gaps)])


def compare_file(file: Path) -> Sequence[Problem]:
    """Return what a correct mapping file has that its portals do not have, in the order of its lines."""
    with open_app(settings.load().model_copy(update={"mapping": str(file)})) as app:
        return compare_mapping(app).all


def compare_mapping(app: DeskSync) -> LiveProblems:
    """Return the differences between the mapping that the settings name and its portals."""
    return check_live(app.settings.mapping, {portal.name: portal.desk.catalogue() for portal in app.portals})


def log_start(app: DeskSync) -> None:
    """Log the state in which a process starts. It starts in any case: a fault may be repaired meanwhile."""
    checks = check_all(cheap(app))
    wrong = {check.name: check.what for check in checks if not check.ok}
    write = log.warning if wrong else log.info
    write("startup.checked", **{check.name: check.what for check in checks if check.ok}, wrong=wrong)


def _settings(app: DeskSync) -> str:
    """Check that each portal has the settings that its client and its receiver need."""
    for portal in app.portals:
        _ = portal.desk
    return _each(app, lambda portal: f"organisation {portal.hosts.org_id}")


def _memory(portal: PortalServices) -> str:
    """Return whether the database knows the portal; after a loss it does not, although Desk has traces of our work."""
    if not portal.facts.is_new():
        return "tickets are known"
    return "no ticket is known; if desk-sync worked on it before, run `desk-sync adopt` first"


def _schema(app: DeskSync) -> str:
    return check_schema(app.engine)


def _calendars_from_desk(app: DeskSync) -> Mapping[str, StoredHours | None]:
    """Return what is stored of each calendar that is taken from Desk, by portal and name."""
    return {
        f'{portal.name}: "{name}"': stored for portal in app.portals for name, stored in portal.stored_hours().items()
    }


def _each(app: DeskSync, describe_portal: Callable[[PortalServices], str]) -> str:
    return ", ".join(f"{portal.name}: {describe_portal(portal)}" for portal in app.portals)


def _unreachable_roles(app: DeskSync) -> str:
    """Return the roles of the matrix that only comments in Desk reach. Placeholders are no error."""
    roles = app.mapping.policy.escalation.staff.out_of_reach()
    return f"only comments in Desk reach {', '.join(roles)}" if roles else "every role has an address"
