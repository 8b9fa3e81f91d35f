"""A source that is down for two hours under traffic, with data that are good for one hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk_sync.rehearsal import rehearse

SHIPPED = (Path(__file__).parents[2] / "mappings" / "partner_support.yaml").read_text()
TRAFFIC = """\
start: 2026-11-20T09:00:00Z
accounts: accounts.csv
mapping: mine.yaml
tickets:
  - {key: large, severity: 2, fields: {customer_primary_email: admin@big.example}}
  - {key: lowered, severity: 2, fields: {customer_primary_email: boss@other-big.example}}
  - {key: small, severity: 3, fields: {customer_primary_email: admin@small.example}}
  - {key: came, at: +150m, severity: 2, fields: {customer_primary_email: admin@big.example}}
steps:
  - {at: +10m, ticket: lowered, set: {severity: 2}}
  - {at: +150m, ticket: large, set: {product: Zoho Desk}}
  - {at: +151m, ticket: lowered, set: {product: Zoho Desk}}
  - {at: +152m, ticket: small, set: {severity: 2}}
"""
DOWN = "  - {at: +1h, source: down, for: 2h}\n"
AFTER = """\
  - {at: +5h, ticket: large, customer_reply: "Hello?"}
  - {at: +5h, ticket: small, customer_reply: "Hello?"}
"""
BEFORE = {"large": (True, "S1-Critical"), "lowered": (True, "S2-Moderate"), "small": (False, "S2-Moderate")}


@pytest.fixture
def play(write):
    def play(until, steps):
        path = write(f"{TRAFFIC}{steps}until: {until}\n")
        path.with_name("mine.yaml").write_text(SHIPPED.replace("  max_age: 7d\n", "  max_age: 1h\n", 1))
        return rehearse(path)["tickets"]

    return play


def standing(ticket):
    return ticket["fields"]["large_user"], ticket["fields"]["severity"]


def test_meanwhile_nothing_is_taken_back_and_the_reasons_say_unknown_since(play):
    tickets = play("+175m", DOWN)

    assert {key: standing(tickets[key]) for key in BEFORE} == BEFORE
    assert standing(tickets["came"]) == (False, "S2-Moderate")
    for ticket in tickets.values():
        assert ticket["decision"]["decision"] == "UNKNOWN"
        assert any("unknown since 2026-11-20 1" in reason for reason in ticket["decision"]["reasons"])


def test_afterwards_all_is_as_if_it_had_never_been_down(play):
    troubled, calm = (play("+6h", steps + AFTER) for steps in (DOWN, ""))

    def outcomes(tickets):
        return {
            key: (standing(each), each["decision"]["decision"], each["decision"]["licences_counted"])
            for key, each in tickets.items()
        }

    assert outcomes(troubled) == outcomes(calm)
    assert standing(troubled["came"]) == (True, "S1-Critical")
