"""The partner who writes, and the education it gets: from the mapping to the simulated Desk."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.simulation import scenario, simulate
from desk_sync.simulation.run import run_scenario
from desk_sync.simulation.setup import set_up_simulation
from desk_sync.wiring.process import DEFAULT, DeskSync

SHIPPED = (Path(__file__).parents[2] / "mappings" / "partner_support.yaml").read_text()


@pytest.fixture
def run_with(write):
    """Run a scenario with one replacement in the shipped mapping."""

    def run(before, after, text):
        path = write("start: 2026-11-20T09:00:00Z\nuntil: +1h\nmapping: mine.yaml\n" + textwrap.dedent(text))
        assert before in SHIPPED
        path.with_name("mine.yaml").write_text(SHIPPED.replace(before, after))
        return simulate(path)

    return run


@pytest.mark.parametrize(
    ("partner", "decision"),
    [
        pytest.param("{email: help@partner.example, country: DE}", "PRIORITY", id="its own customer"),
        pytest.param("{email: help@one.example, country: DE}", "REVIEW", id="another partner's customer"),
    ],
)
def test_a_customer_of_another_partner_is_left_to_a_person(run, partner, decision):
    report = run(
        f"""
        until: +1h
        accounts: accounts.csv
        tickets: [{{key: t1, partner: {partner}, fields: {{customer_primary_email: admin@big.example}}}}]
        """
    )

    ticket = report["tickets"]["t1"]
    assert (ticket["decision"]["decision"], bool(ticket["writes"])) == (decision, decision == "PRIORITY")


def test_a_partner_who_names_no_customer_is_educated_once_in_its_language(run_with):
    report = run_with(
        "  reply: false\n",
        "  reply: true\n",
        """
        accounts: accounts.csv
        tickets:
          - {key: t1, partner: {email: one@gmail.com, language: German}}
          - {key: t2, at: +10m, partner: {email: one@gmail.com, language: German}}
        steps: [{at: +20m, ticket: t1, customer_reply: "Hallo?"}]
        """,
    )

    public = [[each for each in report["tickets"][key]["comments"] if each["public"]] for key in ("t1", "t2")]
    assert [len(each) for each in public] == [1, 0]
    assert "Super-Admin" in public[0][0]["text"]
    assert report["tickets"]["t1"]["decision"]["decision"] == "UNKNOWN"


@pytest.fixture
def warehouse(tmp_path, monkeypatch):
    """A database with an account that no snapshot contains."""
    url = f"sqlite:///{tmp_path / 'warehouse.sqlite3'}"
    with create_engine(url).begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE licences (super_admin_email_norm, subscription_id, service, plan_code, item_kind, unit,"
            " quantity, status, country_code, customer_id)"
        )
        connection.exec_driver_sql(
            "INSERT INTO licences VALUES ('boss@young.example', '1', 'Zoho CRM', 'crm', 'plan', 'users', 80, 'live',"
            " 'DE', 'Y1')"
        )
    monkeypatch.setenv("DESK_SYNC_SOURCE_HOUSE_DATABASE_URL", url)


@pytest.mark.parametrize(("live", "severity"), [("true", "S1-Critical"), ("false", "S2-Moderate")])
def test_a_live_source_is_queried_for_an_account_newer_than_the_snapshot(write, warehouse, live, severity):
    text = """\
        start: 2026-11-20T09:00:00Z
        until: +1m
        accounts: accounts.csv
        tickets: [{key: t1, severity: 2, fields: {customer_primary_email: boss@young.example}}]
    """
    house = f"sources:\n  house: {{kind: sql, table: licences, every: 1d, live: {live}}}\nlicences:\n"
    path = write(text)
    mine = path.with_name("mine.yaml")
    mine.write_text(SHIPPED.replace("licences:\n", house, 1))
    loaded = scenario.read(path)
    with set_up_simulation(loaded) as simulation:
        run_scenario(loaded, simulation)
        ticket_id = simulation.actors.ticket_id("t1")
        mapping = replace(simulation.desk_sync.mapping, sources=mapping_file.load(mine).sources)
        worker = DeskSync(
            simulation.desk_sync.settings, simulation.desk_sync.engine, simulation.desk_sync.environment, mapping
        )
        worker.portal(DEFAULT).tickets.look_now([ticket_id], now=simulation.virtual_time.now())

        worker.portal(DEFAULT).drain.run()

        portal = simulation.site.portal
        assert portal.whole(portal.ticket(ticket_id))["cf"]["cf_severity"] == severity
