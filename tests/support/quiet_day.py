"""A quiet day as a scenario: one ticket is not answered in time; all are answered twice and closed."""

from __future__ import annotations

TICKETS = 60


def quiet_day(tickets: int = TICKETS) -> str:
    fields = "{customer_primary_email: admin@big.example}"
    opened = [f"  - {{key: t{number}, at: +{number}m, fields: {fields}}}" for number in range(tickets)]
    steps = [
        f"  - {{at: +{number + minutes}m, ticket: t{number}, {what}}}"
        for number in range(tickets)
        for minutes, what in (
            (200 if number == 0 else 30, "agent_reply: We are looking into it."),
            (230, "agent_reply: It works again."),
            (240, "close: true"),
        )
    ]
    return "\n".join(("until: +1d", "accounts: accounts.csv", "tickets:", *opened, "steps:", *steps))
