"""What has to be right for the product to work: one probe for each, for start-up, `/readyz` and `desk-sync doctor`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from desk_sync.adapters.desk.webhook_token import KeySet
from desk_sync.adapters.runtime import broker_probe as broker
from desk_sync.adapters.runtime import dependency_check as libraries
from desk_sync.adapters.store.engine import describe, read_clock
from desk_sync.errors import DeskSyncError
from desk_sync.services.health import Probe, check_all
from desk_sync.wiring import DeskSync

log = structlog.get_logger()


def ready(app: DeskSync) -> Mapping[str, Probe]:
    """What the web process needs to be of use; each is answered within milliseconds, or not at all."""
    return {
        "mapping": lambda: f"version {app.mapping.policy.version}",
        "database": lambda: _schema(app),
        "heartbeat": lambda: app.health.heartbeat(),
    }


def cheap(app: DeskSync) -> Mapping[str, Probe]:
    """What is checked when a process starts: no network but the database."""
    return {
        "settings": lambda: _settings(app),
        "mapping": lambda: f"version {app.mapping.policy.version}",
        "libraries": libraries.check_urllib3,
        "database": lambda: f"{describe(app.engine)}, {_schema(app)}",
        "clock": lambda: app.health.clock(lambda: read_clock(app.engine)),
    }


def every(app: DeskSync, *, online: bool = False) -> Mapping[str, Probe]:
    """All of it. `online` also asks Desk, which costs two credits for each portal."""
    return {
        **cheap(app),
        "redis": lambda: broker.greet(app.settings.redis_url.get_secret_value()),
        "heartbeat": lambda: app.health.heartbeat(),
        "work": lambda: app.health.work(),
        "steps": lambda: app.health.steps(),
        "deliveries": lambda: app.health.deliveries(),
        "parked tickets": lambda: app.health.parked(),
        "subscription data": lambda: app.health.subscription_data(app.mapping.policy.licences.max_age),
        "sources": lambda: app.health.sources(app.mapping.sources),
        "calendars": lambda: app.health.calendars(app.hours_from_desk()),
        "notices": lambda: app.health.notices(),
        "roles": lambda: _out_of_reach(app),
        "key set": lambda: _each(app, lambda portal: f"{KeySet(app.portal(portal).keys_url).count()} keys"),
        **(_asking_desk(app) if online else {}),
    }


def _asking_desk(app: DeskSync) -> Mapping[str, Probe]:
    return {
        "desk": lambda: _each(app, lambda portal: app.desk(portal).greet()),
        "fields": lambda: _each(app, lambda portal: _fields(app, portal)),
    }


def _fields(app: DeskSync, portal: str) -> str:
    if unknown := app.desk(portal).unknown_fields():
        hint = "Setup > Layouts and Fields shows the API names: correct `fields` in the mapping, or make the field"
        raise DeskSyncError(f"{portal} has no {', '.join(unknown)}", hint=hint)
    return "all are there"


def log_start(app: DeskSync) -> None:
    """One line that says with what a process starts. Nothing is refused for it: what is wrong may be mended."""
    checks = check_all(cheap(app))
    wrong = {check.name: check.what for check in checks if not check.ok}
    write = log.warning if wrong else log.info
    write("startup.checked", **{check.name: check.what for check in checks if check.ok}, wrong=wrong)


def _settings(app: DeskSync) -> str:
    """Whether each portal has all that its client and its door need."""
    for portal in app.portals:
        app.desk(portal)
    return _each(app, lambda portal: f"organisation {app.portal(portal).org_id}")


def _schema(app: DeskSync) -> str:
    from desk_sync.adapters.store.upgrade import check_schema  # alembic takes half a second to import

    return check_schema(app.engine)


def _each(app: DeskSync, ask: Callable[[str], str]) -> str:
    return ", ".join(f"{portal}: {ask(portal)}" for portal in app.portals)


def _out_of_reach(app: DeskSync) -> str:
    """Which roles of the matrix are told by comments in Desk alone. Placeholders are no mistake."""
    roles = app.mapping.policy.escalation.staff.out_of_reach()
    return f"only Desk tells {', '.join(roles)}" if roles else "every role has an address"
