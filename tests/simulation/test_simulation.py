"""The report on a scenario: the services of production with the simulated Desk, in virtual time."""

from __future__ import annotations

import json
import socket
import textwrap
from pathlib import Path

import pytest

from desk_sync.domain.escalation.notice import Notice
from desk_sync.domain.escalation.staff import NoticeAddress, NoticeChannel
from desk_sync.simulation import scenario, simulate
from desk_sync.simulation.report import document
from desk_sync.simulation.setup import set_up_simulation
from tests.simulation.conftest import SCENARIOS

BIG = "{customer_primary_email: admin@big.example}"
OPENED = f"tickets: [{{key: t1, severity: 2, fields: {BIG}}}]"


def outcome(report, key="t1"):
    """Return the final state of a ticket, without instants and writes."""
    ticket = report["tickets"][key]
    kept = ("fields", "status", "clocks", "escalations")
    return {name: ticket[name] for name in kept} | {"decision": ticket["decision"]["decision"]}


@pytest.fixture(scope="module")
def example():
    return simulate(SCENARIOS / "example.yaml")


def test_a_scenario_comes_to_one_document(example):
    assert example.keys() >= {"tickets", "notifications", "desk", "deliveries"}
    assert example["tickets"]["t1"].keys() >= {
        "fields",
        "status",
        "assignee",
        "decision",
        "clocks",
        "escalations",
        "comments",
        "held_back",
        "writes",
    }
    assert example["desk"].keys() >= {"calls", "credits"}
    assert example["deliveries"].keys() >= {"sent", "accepted", "dropped"}


def test_the_ticket_of_a_large_account_becomes_critical_the_moment_it_comes_in(example):
    ticket = example["tickets"]["t1"]

    assert ticket["writes"][0] == {
        "at": "2026-11-20T21:30:00Z",
        "fields": {"large_user": True, "severity": "S1-Critical"},
    }
    assert ticket["decision"]["decision"] == "PRIORITY"
    assert ticket["decision"]["licences_counted"] == 140
    assert ticket["fields"]["customer_primary_email"] == "boss@other-big.example"
    assert ticket["fields"]["request_type"] == "Technical Support"


def test_the_same_scenario_comes_to_the_same_bytes(example):
    again = simulate(SCENARIOS / "example.yaml")

    assert json.dumps(again) == json.dumps(example)


def test_nothing_leaves_the_process(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)

    assert simulate(SCENARIOS / "example.yaml")["desk"]["credits"] > 0


def test_the_environment_has_no_part_in_it(example, monkeypatch):
    monkeypatch.setenv("DESK_SYNC_DESK_URL", "https://desk.zoho.in")
    monkeypatch.setenv("DESK_SYNC_MAPPING", "no-such")
    monkeypatch.setenv("DESK_SYNC_WORKERS", "9")

    assert simulate(SCENARIOS / "example.yaml") == example


@pytest.mark.parametrize("seed", range(2))
def test_faults_that_have_passed_leave_no_trace(run, seed):
    text = f"""
        until: +1d
        accounts: accounts.csv
        tickets:
          - {{key: t1, at: +1h, severity: 2, fields: {BIG}}}
          - {{key: t2, at: +70m, fields: {{customer_primary_email: admin@small.example}}}}
        steps:
          - {{at: +75m, ticket: t1, set: {{issue_type: outage}}}}
          - {{at: +80m, ticket: t2, set: {{severity: 3}}}}
          - {{at: +85m, ticket: t2, set: {BIG}}}
          - {{at: +90m, ticket: t1, set: {{status: On Hold}}}}
    """
    faults = f"{{drop: 0.5, duplicate: 0.3, reorder: true, status: 500, share: 0.4, seed: {seed}}}"

    calm = run(text)
    troubled = run(f"{text.rstrip()}\n          - {{at: +55m, faults: {faults}, for: 1h}}\n")

    assert troubled["deliveries"]["dropped"] > 0
    assert {key: outcome(troubled, key) for key in ("t1", "t2")} == {key: outcome(calm, key) for key in ("t1", "t2")}


def test_a_lost_delivery_is_found_by_a_sweep_within_minutes(run):
    report = run(
        f"""
        until: +1h
        accounts: accounts.csv
        tickets: [{{key: t1, at: +10m, fields: {BIG}}}]
        steps: [{{at: +5m, faults: {{drop: 1.0}}, for: 10m}}]
        """
    )

    assert report["tickets"]["t1"]["writes"][0]["at"] == "2026-11-20T09:12:00Z"
    assert report["deliveries"]["accepted"] == 0
    assert report["desk"]["calls"]["GET /tickets/search"] > 0


def test_no_sweep_is_counted_where_nothing_was_lost(run):
    report = run(f"until: +7d\naccounts: accounts.csv\n{OPENED}\n")

    assert "GET /tickets/search" not in report["desk"]["calls"]


def test_a_source_that_is_down_too_long_makes_the_data_unknown_and_clears_nothing(run):
    report = run(
        f"""
        until: +9d
        accounts: accounts.csv
        {OPENED}
        steps:
          - {{at: +1h, source: down, for: 30d}}
          - {{at: +8d, ticket: t1, set: {{product: Zoho Desk}}}}
        """
    )

    ticket = report["tickets"]["t1"]
    assert ticket["decision"]["decision"] == "UNKNOWN"
    assert any("unknown since 2026-11-27" in reason for reason in ticket["decision"]["reasons"])
    assert (ticket["fields"]["large_user"], ticket["fields"]["severity"]) == (True, "S1-Critical")
    assert len(ticket["writes"]) == 1


def test_a_source_that_is_down_for_hours_changes_nothing(run):
    text = f"until: +2d\naccounts: accounts.csv\n{OPENED}\nsteps:\n"
    touched = "  - {at: +30h, ticket: t1, set: {product: Zoho Desk}}\n"

    calm = run(text + touched)
    troubled = run(text + touched + "  - {at: +1h, source: down, for: 2h}\n")

    assert outcome(troubled) == outcome(calm)


def test_data_stay_fresh_while_the_source_answers(run):
    report = run(
        f"""
        until: +30d
        accounts: accounts.csv
        {OPENED}
        steps: [{{at: +29d, ticket: t1, set: {{product: Zoho Desk}}}}]
        """
    )

    assert report["tickets"]["t1"]["decision"]["decision"] == "PRIORITY"


def test_a_new_export_decides_anew(run):
    report = run(
        f"""
        until: +1d
        accounts: accounts.csv
        tickets:
          - {{key: big, severity: 2, fields: {BIG}}}
          - {{key: small, severity: 2, fields: {{customer_primary_email: admin@small.example}}}}
        steps: [{{at: +10h, accounts: accounts-next-day.csv}}]
        """
    )

    assert [each["at"] for each in report["tickets"]["big"]["writes"]] == [
        "2026-11-20T09:00:00Z",
        "2026-11-20T19:00:00Z",
    ]
    assert report["tickets"]["big"]["fields"]["large_user"] is False
    assert report["tickets"]["big"]["fields"]["severity"] == "S2-Moderate"
    assert report["tickets"]["small"]["decision"]["decision"] == "PRIORITY"
    assert report["tickets"]["small"]["writes"][-1]["at"] == "2026-11-20T19:00:00Z"


def test_without_accounts_the_source_is_empty_and_current(run):
    report = run(f"until: +1h\n{OPENED}\n")

    assert report["tickets"]["t1"]["decision"]["decision"] == "UNKNOWN"
    assert any("no account has this email" in reason for reason in report["tickets"]["t1"]["decision"]["reasons"])
    assert report["tickets"]["t1"]["writes"] == []


def test_what_a_person_must_decide_is_a_private_comment_of_its_kind(run):
    report = run(
        """
        until: +1h
        accounts: accounts.csv
        tickets: [{key: t1, fields: {customer_primary_email: admin@between.example}}]
        """
    )

    (comment,) = report["tickets"]["t1"]["comments"]
    assert (comment["at"], comment["public"], comment["kind"]) == ("2026-11-20T09:00:00Z", False, "review")
    assert comment["text"].startswith("Is between.example (super admin admin@between.example) a large account? ")
    assert "[ds-" not in comment["text"]


def test_a_persons_value_stays_and_another_programs_does_not(run):
    step = "{at: +1h, ticket: t1, set: {severity: 3}, by: %s}"
    text = f"until: +2h\naccounts: accounts.csv\n{OPENED}\nsteps: [{step}]\n"

    by_a_person = run(text % "colleague")["tickets"]["t1"]
    by_a_program = run(text % "program")["tickets"]["t1"]

    assert by_a_person["fields"]["severity"] == "S3-Minimal"
    assert by_a_program["fields"]["severity"] == "S1-Critical"


def test_two_programs_that_undo_each_other_are_stopped(run):
    undo = "\n".join(
        f"  - {{at: +{minute}m, ticket: t1, set: {{large_user: false}}, by: program}}" for minute in range(1, 31)
    )
    report = run(f"until: +1h\naccounts: accounts.csv\n{OPENED}\nsteps:\n{undo}\n")

    assert len(report["tickets"]["t1"]["writes"]) == 10
    assert any(reason.startswith("L14") for reason in report["tickets"]["t1"]["decision"]["reasons"])


@pytest.mark.parametrize(
    ("step", "line"),
    [
        pytest.param("{agent_reply: Hello.}", ("Ada Agent", "writes"), id="a reply"),
        pytest.param("{customer_reply: Hello?}", ("help@partner.example", "writes"), id="the partner's"),
        pytest.param("{note: Careful., by: colleague}", ("Ben Backup", "comments"), id="a note"),
        pytest.param("{public_comment: Soon.}", ("Ada Agent", "comments"), id="a public comment"),
        pytest.param(
            "{assign: colleague}", ("Ada Agent", "sets assignee = ben.backup@support.example"), id="assigning"
        ),
        pytest.param("{close: true}", ("Ada Agent", "sets status = Closed"), id="closing"),
        pytest.param("{trash: true}", ("Ada Agent", "puts it in the bin"), id="the bin"),
        pytest.param(
            "{move: Partner Operations}",
            ("Ada Agent", "sets severity = nothing, department = Partner Operations"),
            id="moving",
        ),
        pytest.param(
            "{set: {severity: null}, by: partner}", ("help@partner.example", "sets severity = nothing"), id="emptying"
        ),
    ],
)
def test_the_time_line_names_author_and_action(run, step, line):
    report = run(f"until: +1h\n{OPENED}\nsteps: [{{at: +30m, ticket: t1, {step[1:-1]}}}]\n")

    then = [entry for entry in report["timeline"] if entry["at"] == "2026-11-20T09:30:00Z"]
    assert line in [(entry["who"], entry["what"]) for entry in then]


def test_the_time_line_has_outages_and_faults_with_their_ends(run):
    report = run(
        """
        until: +2h
        accounts: accounts.csv
        steps:
          - {at: +10m, faults: {status: 500}, for: 10m}
          - {at: +15m, faults: {reset: true, after: true}, for: 10m}
          - {at: +30m, source: down, for: 10m}
          - {at: +35m, accounts: accounts-next-day.csv}
        """
    )

    lines = [(entry["at"][11:16], entry["what"]) for entry in report["timeline"]]
    assert lines[:2] == [("09:10", "faults begin"), ("09:15", "faults begin")]
    assert lines[2:4] == [("09:20", "faults end"), ("09:25", "faults end")]
    assert lines[4][1] == "the subscription source does not answer any more"
    assert lines[5][1].startswith("accounts-next-day.csv cannot be brought in")
    assert lines[6] == ("09:40", "the subscription source answers again")


def test_a_response_that_never_came_causes_no_second_write(run):
    report = run(
        f"""
        until: +1h
        accounts: accounts.csv
        tickets: [{{key: t1, at: +10m, fields: {BIG}}}]
        steps: [{{at: +5m, faults: {{reset: true, after: true, calls: ["PATCH /tickets/{{id}}"]}}, for: 10m}}]
        """
    )

    ticket = report["tickets"]["t1"]
    assert [each["fields"] for each in ticket["writes"] if each["fields"]] == [
        {"large_user": True, "severity": "S1-Critical"}
    ]
    assert ticket["decision"]["decision"] == "PRIORITY"


def test_partners_who_share_a_domain_share_an_account_in_desk(run):
    report = run(
        """
        until: +1h
        tickets:
          - {key: a, partner: {email: a@one.example, country: FR, state: Brittany, tier: Premium, language: French}}
          - {key: b, partner: {email: b@one.example}}
          - {key: c, partner: {email: a@one.example}}
        """
    )

    opened = [(entry["ticket"], entry["who"]) for entry in report["timeline"] if entry["what"] == "opens the ticket"]
    assert opened == [("a", "a@one.example"), ("b", "b@one.example"), ("c", "a@one.example")]


def test_the_partner_is_read_from_its_account_in_desk(run):
    report = run(
        """
        until: +1h
        accounts: accounts.csv
        tickets:
          - key: t1
            partner: {email: a@one.example, country: US, state: Texas, contract_until: 2027-12-31}
            fields: {customer_primary_email: admin@big.example}
        """
    )

    reasons = report["tickets"]["t1"]["decision"]["reasons"]
    assert "R8: the partner is the Desk account of the ticket's contact, in US" in reasons


def test_notices_to_people_outside_desk_are_in_the_report(write):
    notice = Notice(
        key="k", to=NoticeAddress(NoticeChannel.MAIL, "desk@support.example"), subject="Breached", lines=("t1",)
    )
    with set_up_simulation(scenario.read(write(f"start: 2026-11-20T09:00Z\nuntil: +1h\n{OPENED}\n"))) as simulation:
        simulation.desk_sync.environment.notifier().send(notice)
        report = document(simulation)

    assert report["notifications"] == [
        {
            "at": "2026-11-20T09:00:00Z",
            "local_time": "2026-11-20T09:00:00+00:00",
            "by": "desk-sync",
            "channel": "mail",
            "to": "desk@support.example",
            "about": "Breached",
            "lines": ["t1"],
        }
    ]


def test_a_mapping_with_other_names_runs_on_a_portal_that_has_them(write):
    shipped = (Path(__file__).parents[2] / "mappings" / "partner_support.yaml").read_text()
    path = write(
        f"""\
        start: 2026-11-20T09:00:00Z
        until: +1h
        accounts: accounts.csv
        mapping: mine.yaml
        tickets: [{{key: t1, severity: 2, issue_type: defect, request_type: UPGRADES, fields: {BIG}}}]
        """
    )
    renamed = {
        "cf_severity": "cf_dringlichkeit",
        "cf_priority_customer_large_user_account": "cf_grosskunde",
        "S1-Critical": "Rot",
        "S2-Moderate": "Gelb",
        "    Defect: defect\n    Bug: defect\n": "    Fehler: defect\n",
    }
    for ours, theirs in renamed.items():
        shipped = shipped.replace(ours, theirs)
    path.with_name("mine.yaml").write_text(shipped)

    ticket = simulate(path)["tickets"]["t1"]

    assert ticket["writes"] == [{"at": "2026-11-20T09:00:00Z", "fields": {"large_user": True, "severity": "Rot"}}]
    assert (ticket["fields"]["issue_type"], ticket["fields"]["request_type"]) == ("fehler", "Upgrades")


MAILED = """
    until: +10m
    accounts: nowhere.csv
    mapping: mine.yaml
    tickets: [{key: t1, severity: 2, fields: {customer_primary_email: admin@big.example}}]
    steps: [{at: +5m, ticket: t1, set: {product: Zoho Desk}}]
"""


@pytest.mark.parametrize(("center", "found"), [("eu", "PRIORITY"), ("in", "NOT_PRIORITY")])
def test_the_data_centre_of_a_mail_follows_from_its_mailbox(write, center, found):
    path = write("start: 2026-11-20T09:00:00Z\n" + textwrap.dedent(MAILED))
    shipped = (Path(__file__).parents[2] / "mappings" / "partner_support.yaml").read_text()
    mine = shipped.replace("  region_by: customer_country", "  region_by: data_center")
    mine = mine.replace("partner-support@eu.zohocorp.com: [eu, uk]", f"support@desk.example: [{center}]")
    path.with_name("mine.yaml").write_text(mine)
    known = path.with_name("accounts.csv").read_text()
    path.with_name("nowhere.csv").write_text(known.replace(",EU,DE,", ",,DE,"))

    report = simulate(path)

    assert report["tickets"]["t1"]["decision"]["decision"] == found
    assert report["desk"]["calls"]["GET /tickets/{id}/latestThread"] == 1
