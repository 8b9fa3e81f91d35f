"""What the note costs: credits for each ticket that is changed, by Desk's prices."""

from __future__ import annotations

from pathlib import Path

import pytest

TICKETS = "\n".join(
    f"  - {{key: t{number}, at: +{number}m, severity: 3, fields: {{customer_primary_email: admin@big.example}}}}"
    for number in range(20)
)
CHANGED = f"until: +50m\nmapping: mine.yaml\naccounts: accounts.csv\ntickets:\n{TICKETS}\n"


SHIPPED = Path(__file__).parents[2] / "mappings" / "partner_support.yaml"


@pytest.mark.parametrize(
    ("explanation", "comments", "most"),
    [
        pytest.param("  # explanation:", 1, 3.1, id="a note"),
        pytest.param("  explanation:", 0, 2.1, id="the field in its place"),
    ],
)
def test_a_changed_ticket_costs_a_credit_more_with_a_note_and_none_with_the_field(
    run, tmp_path, explanation, comments, most
):
    (tmp_path / "mine.yaml").write_text(SHIPPED.read_text().replace("  # explanation:", explanation))

    report = run(CHANGED)

    tickets = report["tickets"].values()
    assert [ticket["fields"]["severity"] for ticket in tickets] == ["S1-Critical"] * 20
    assert [len(ticket["comments"]) for ticket in tickets] == [comments] * 20
    shown = [(ticket["fields"].get("explanation") or "").startswith("Severity 1: ") for ticket in tickets]
    assert shown == [comments == 0] * 20
    assert report["credits_per_ticket"] <= most
