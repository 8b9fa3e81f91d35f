"""Fields that the simulated Desk does not accept: the rest of the ticket as ever, and the report names them (L16)."""

from __future__ import annotations

from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"

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


def test_a_mapping_that_no_longer_names_the_refused_field_lets_the_others_be(run, write):
    """Within an hour after the restart the ticket is looked at by the new mapping."""
    folder = write("").parent
    folder.joinpath("next.yaml").write_text(SHIPPED.read_text().replace(": cf_severity ", ": cf_other_severity "))
    steps = "steps:\n  - {at: +10m, mapping: next.yaml}"
    quirk = "portal: {quirks: [layout_rule_changes_severity]}"

    ticket = run(f"{TICKET}\naccounts: accounts.csv\nuntil: +90m\n{quirk}\n{steps}")["tickets"]["t1"]

    assert ticket["held_back"] == []
    assert ticket["fields"]["severity"] == "S1-Critical"
