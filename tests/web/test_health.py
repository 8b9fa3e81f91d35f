"""The web process reports that it is alive and ready, and its metrics."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from structlog.testing import capture_logs

from desk_sync.adapters.store import held_back
from desk_sync.adapters.store.belonging import SqlBelonging
from desk_sync.adapters.store.desk_clock import SqlDeskClock
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.heartbeats import SqlHeartbeats
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.inflow import SqlInflow
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.adapters.store.retention import SqlRetention
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.domain.desk_clock import ClockOffset
from desk_sync.domain.ticket.held_back import FieldRefusal, RefusalKind, hold_back
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import BadToken, ConfigurationError, DeliveryFault, TemporaryError
from desk_sync.ports.desk_clock import MeasuredOffset
from desk_sync.ports.held_back import HeldBackOnTicket
from desk_sync.ports.pulling.pulls import PullOutcome
from desk_sync.ports.sweeps import SweepKind
from desk_sync.services.sweep import MissedAlarm
from desk_sync.services.watch.inflow import InflowWatch
from desk_sync.web import health, receiver
from desk_sync.web.doorbell import Doorbell
from desk_sync.web.metrics import BusinessMetrics, ProcessMetrics
from tests.support.makers import FRESHNESS, NOW, make_account, make_event

SECRET = "user secret at db.internal.example"


def refuse(error):
    def probe():
        raise error

    return probe


@pytest.fixture
def site(serve):
    def open_site(**probes):
        return serve(Starlette(routes=list(health.routes(probes))))

    return open_site


def test_a_process_that_answers_is_alive_whatever_is_wrong(site):
    url = site(database=refuse(TemporaryError("down")))

    answer = requests.get(f"{url}/healthz", timeout=5)

    assert (answer.status_code, answer.text) == (200, "ok")


def test_a_process_whose_probes_are_all_right_is_ready(site):
    answer = requests.get(f"{site(database=lambda: 'schema 1', mapping=lambda: 'v1')}/readyz", timeout=5)

    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "checks": {"database": True, "mapping": True}}


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(TemporaryError(SECRET), id="no answer"),
        pytest.param(ConfigurationError(SECRET), id="misconfigured"),
        pytest.param(RuntimeError(SECRET), id="a bug"),
    ],
)
def test_a_failed_probe_is_named_and_not_described(site, error):
    answer = requests.get(f"{site(database=refuse(error), mapping=lambda: 'v1')}/readyz", timeout=5)

    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "checks": {"database": False, "mapping": True}}


def test_a_database_that_hangs_is_not_waited_for_and_costs_one_thread(site):
    thaw = threading.Event()
    url = site(database=lambda: thaw.wait(20) and "schema 1", mapping=lambda: "v1")
    threads = threading.active_count()

    with capture_logs() as lines:
        began = time.monotonic()
        answers = [requests.get(f"{url}/readyz", timeout=5) for _ in range(2)]
        took = time.monotonic() - began

    assert [answer.status_code for answer in answers] == [503, 503]
    assert took < 3
    assert threading.active_count() <= threads + 2
    assert [(line["event"], line["database"]) for line in lines] == [("readiness.failed", "no answer within 1 s")] * 2
    thaw.set()
    time.sleep(0.1)
    assert requests.get(f"{url}/readyz", timeout=5).status_code == 200


WINDOWS = ("1", "6", "24")


class Shop:
    """The web application with its metrics over a real store."""

    def __init__(self, engine, serve):
        self.engine = engine
        self.inbox, self.tickets = SqlInbox(engine, "default"), SqlTickets(engine, "default")
        self.inflow = SqlInflow(engine, "default")
        self.metrics = ProcessMetrics(
            BusinessMetrics(
                metrics={"default": SqlMetrics(engine, "default")},
                subscriptions=SqlSubscriptions(engine),
                pulls=SqlPulls(engine),
                heartbeats=SqlHeartbeats(engine),
                now=lambda: NOW + timedelta(seconds=90),
                strangers=lambda: SqlBelonging(engine).open_tickets(["default"]),
                inflow=[InflowWatch(inflow=self.inflow, now=lambda: NOW, alarm=MissedAlarm())],
            )
        )
        doors = {"default": RefusingDoor()}
        application = receiver.app(
            doors,
            {"default": Doorbell(lambda: None)},
            count=self.metrics.count,
            extra_routes=[self.metrics.route()],
        )
        self.url = serve(application)

    def samples(self):
        text = requests.get(f"{self.url}/metrics", timeout=5).text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


class RefusingDoor:
    def is_known(self, token):
        return False

    def accept(self, token, body):
        raise BadToken("not good")


@pytest.fixture
def shop(serve, tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    migrate(engine)
    yield Shop(engine, serve)
    engine.dispose()


def test_the_metrics_are_those_of_the_store(shop):
    shop.inbox.record([make_event(ticket_id="1", key="1"), make_event(ticket_id="2", key="2")], now=NOW)
    SqlHeartbeats(shop.engine).beat(now=NOW)
    SqlSubscriptions(shop.engine).replace([make_account()], source="file", as_of=None, now=NOW, freshness=FRESHNESS)
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE tickets SET verdict = 'REVIEW' WHERE ticket_id = '1'")

    found = shop.samples()

    apart = ("desk_sync_deliveries_created", "desk_sync_deleted_total", "desk_sync_database_bytes")
    assert {name: found[name] for name in found if name[0] not in apart} == {
        ("desk_sync_oldest_due_age_seconds", "default"): 90,
        ("desk_sync_oldest_due_step_age_seconds", "default"): 0,
        ("desk_sync_tickets_due", "default"): 2,
        ("desk_sync_tickets_put_off", "default"): 0,
        ("desk_sync_tickets_leased", "default"): 0,
        ("desk_sync_tickets_parked", "default"): 0,
        ("desk_sync_events_unprocessed", "default"): 2,
        ("desk_sync_events_stranded", "default"): 0,
        ("desk_sync_missed_total", "default"): 0,
        ("desk_sync_changes_total", "default"): 0,
        ("desk_sync_deliveries_stopped", "default"): 0,
        **{(f"desk_sync_recent_{name}", hours, "default"): 0 for name in ("changes", "missed") for hours in WINDOWS},
        ("desk_sync_notices_waiting", "default"): 0,
        ("desk_sync_unheard_total", "default"): 0,
        ("desk_sync_decisions", "default", "REVIEW"): 1,
        ("desk_sync_subscription_data_age_seconds", "file"): 90,
        ("desk_sync_heartbeat_age_seconds",): 90,
    }


def test_the_fields_that_are_held_back_are_counted_by_name(shop):
    refusal = FieldRefusal(kind=RefusalKind.INVALID)
    held = hold_back(refusal, None, value="x", found=None, now=NOW, mapping="p1")
    for ticket_id in ("1", "2"):
        with shop.engine.begin() as connection:
            held_back.save(
                connection,
                "default",
                ticket_id,
                HeldBackOnTicket(department_id="2", fields={Field.SEVERITY: held}),
            )

    assert shop.samples()["desk_sync_held_back_fields", "severity", "default"] == 2


def test_open_tickets_of_portals_that_are_not_named_any_more_are_counted(shop):
    for portal, ticket_id in (("asia", "1"), ("asia", "2"), ("default", "3")):
        SqlInbox(shop.engine, portal).record([make_event(ticket_id=ticket_id, key=ticket_id)], now=NOW)

    found = shop.samples()

    counted = {labels[0]: value for (name, *labels), value in found.items() if name.endswith("_of_other_portals")}
    assert counted == {"asia": 2}


def test_the_progress_of_each_sweep_is_shown_and_how_often_it_failed(shop):
    sweeps = SqlSweeps(shop.engine, "default")
    sweeps.end_round(SweepKind.RECENT, reached=NOW, now=NOW)
    sweeps.fail_round(SweepKind.RECENT, "down")
    sweeps.fail_round(SweepKind.FULL, "down")

    found = shop.samples()

    assert {name: found[name] for name in found if name[0].startswith("desk_sync_sweep_")} == {
        ("desk_sync_sweep_age_seconds", "default", "recent"): 90,
        ("desk_sync_sweep_failures", "default", "recent"): 1,
        ("desk_sync_sweep_failures", "default", "full"): 1,
    }


def test_what_retention_has_deleted_is_shown_and_the_size_of_the_database(shop):
    shop.inbox.record([make_event(ticket_id="1", key="1")], now=NOW)
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET processed_at = '2026-01-01 00:00:00'")
    retention = SqlRetention(shop.engine, "default")
    retention.delete_deliveries(NOW)
    retention.end_run(now=NOW)

    found = shop.samples()

    assert found["desk_sync_deleted_total", "deliveries", "default"] == 1
    assert found["desk_sync_deleted_total", "tickets", "default"] == 0
    assert found["desk_sync_retention_age_seconds", "default"] == 90
    assert found["desk_sync_database_bytes", "filled"] > 100_000 > found["desk_sync_database_bytes", "free"]


def test_a_source_whose_pulls_are_refused_shows_since_when(shop):
    pulls = SqlPulls(shop.engine)
    for now in (NOW, NOW + timedelta(seconds=60)):
        turn = pulls.acquire("store", now=now, until=now, every=None)
        pulls.failed(turn, "half of it is missing", now=now, due_at=NOW, goes_on=False)
    turn = pulls.acquire("billing", now=NOW, until=NOW, every=None)
    pulls.succeeded(turn, PullOutcome(), now=NOW, due_at=NOW)

    found = shop.samples()

    refused = {source: found["desk_sync_source_refused_seconds", source] for source in ("store", "billing")}
    assert refused == {"store": 90, "billing": 0}


def test_an_event_that_never_happened_has_no_age(shop):
    assert not [name for name, *_ in shop.samples() if name.endswith("_age_seconds") and "due" not in name]


def test_deliveries_are_counted_by_their_answers_and_unknown_portals_as_one(shop):
    for path, body in [("default", b""), ("default", b"[]"), ("elsewhere", b"[]"), ("nowhere", b"[]")]:
        requests.post(f"{shop.url}/webhooks/desk/{path}", data=body, timeout=5)

    found = shop.samples()

    counted = {tuple(labels): value for (name, *labels), value in found.items() if name.endswith("deliveries_total")}
    assert counted == {("default", "401"): 2, ("unknown", "404"): 2}


def test_a_store_that_does_not_answer_gives_no_metrics_that_look_good(shop):
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE heartbeats")

    assert requests.get(f"{shop.url}/metrics", timeout=5).status_code == 503


def test_the_difference_from_desks_clock_and_its_age_are_shown(shop):
    offset = ClockOffset(timedelta(seconds=-3.5))
    SqlDeskClock(shop.engine, "default").save(MeasuredOffset(offset=offset, measured_at=NOW))

    found = shop.samples()

    assert found["desk_sync_clock_behind_seconds", "default"] == -3.5
    assert found["desk_sync_clock_measured_age_seconds", "default"] == 90


def test_what_came_in_within_the_last_hours_is_shown(shop):
    shop.inflow.refuse({DeliveryFault.WRONG_WEBHOOK: 4}, now=NOW)

    samples = shop.samples()

    assert samples["desk_sync_recent_refused", "wrong webhook", "default"] == 4
    assert samples["desk_sync_recent_changes", "24", "default"] == 0
    assert samples["desk_sync_recent_missed", "1", "default"] == 0
    assert samples["desk_sync_deliveries_stopped", "default"] == 1
