"""Who writes, and what the partner is taught: from the mapping to the simulated Desk."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.simulation import scenario, simulate
from desk_sync.simulation.run import play as play_on
from desk_sync.simulation.setup import stage
from desk_sync.wiring import DEFAULT, DeskSync

SHIPPED = (Path(__file__).parents[2] / "mappings" / "partner_support.yaml").read_text()


@pytest.fixture
def play_by(write):
    """Play what is given by the shipped mapping with this change."""

    def play(before, after, text):
        path = write("start: 2026-11-20T09:00:00Z\nuntil: +1h\nmapping: mine.yaml\n" + textwrap.dedent(text))
        assert before in SHIPPED
        path.with_name("mine.yaml").write_text(SHIPPED.replace(before, after))
        return simulate(path)

    return play


@pytest.mark.parametrize(
    ("partner", "decision"),
    [
        pytest.param("{email: help@partner.example, country: DE}", "PRIORITY", id="its own customer"),
        pytest.param("{email: help@one.example, country: DE}", "REVIEW", id="another partner's customer"),
    ],
)
def test_a_customer_of_another_partner_is_left_to_a_person(play, partner, decision):
    report = play(
        f"""
        until: +1h
        accounts: accounts.csv
        tickets: [{{key: t1, partner: {partner}, fields: {{customer_primary_email: admin@big.example}}}}]
        """
    )

    ticket = report["tickets"]["t1"]
    assert (ticket["decision"]["decision"], bool(ticket["writes"])) == (decision, decision == "PRIORITY")


def test_a_partner_who_names_no_customer_is_taught_in_its_language_and_once(play_by):
    report = play_by(
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

    told = [[each for each in report["tickets"][key]["comments"] if each["public"]] for key in ("t1", "t2")]
    assert [len(each) for each in told] == [1, 0]
    assert "Super-Admin" in told[0][0]["text"]
    assert report["tickets"]["t1"]["decision"]["decision"] == "UNKNOWN"


@pytest.fixture
def warehouse(tmp_path, monkeypatch):
    """A database in which an account stands that no snapshot knows."""
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
def test_a_source_that_the_mapping_calls_live_is_asked_for_a_young_account(write, warehouse, live, severity):
    story = """\
        start: 2026-11-20T09:00:00Z
        until: +1m
        accounts: accounts.csv
        tickets: [{key: t1, severity: 2, fields: {customer_primary_email: boss@young.example}}]
    """
    house = f"sources:\n  house: {{kind: sql, table: licences, every: 1d, live: {live}}}\nlicences:\n"
    path = write(story)
    mine = path.with_name("mine.yaml")
    mine.write_text(SHIPPED.replace("licences:\n", house, 1))
    told = scenario.read(path)
    with stage(told) as on:
        play_on(told, on)
        ticket_id = on.people.id_of("t1")
        mapping = replace(on.desk_sync.mapping, sources=mapping_file.load(mine).sources)
        worker = DeskSync(on.desk_sync.settings, on.desk_sync.engine, on.desk_sync.world, mapping)
        worker.tickets(DEFAULT).look_now([ticket_id], now=on.virtual_time.now())

        worker.drain(DEFAULT)

        portal = on.site.portal
        assert portal.whole(portal.ticket(ticket_id))["cf"]["cf_severity"] == severity
