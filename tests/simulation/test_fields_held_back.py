"""Fields that the simulated Desk does not accept: the rest of the ticket as ever, and the report names them (L16)."""

from __future__ import annotations

import pytest

TICKET = "tickets: [{key: t1, severity: 3, fields: {customer_primary_email: admin@big.example}}]"


@pytest.mark.parametrize(
    ("quirks", "entries"),
    [
        pytest.param("", [], id="an ordinary portal"),
        pytest.param(
            "portal: {quirks: [layout_rule_changes_severity]}",
            [("severity", "Desk ignored the value: the ticket's layout or the agent's profile may lack the field")],
            id="a layout rule that puts the severity back",
        ),
    ],
)
def test_the_report_has_the_fields_that_desk_did_not_accept(run, quirks, entries):
    ticket = run(f"{TICKET}\naccounts: accounts.csv\nuntil: +30m\n{quirks}")["tickets"]["t1"]

    assert [(each["field"], each["because"]) for each in ticket["held_back"]] == entries
    assert ticket["fields"]["large_user"] is True
    assert all(each["since"].startswith("2026-11-20T09:00") for each in ticket["held_back"])
