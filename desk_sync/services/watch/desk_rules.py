"""Desk's own rules that decide whether people hear of our comments, and whether we may write them.

No call of Desk's API reads them, so `doctor` can only name those that matter for the mapping.
"""

from __future__ import annotations

from desk_sync.domain.plan.policy import Mode, Policy

CONTACTS = "switch on the notification rule that mails contacts about public comments, or the partner hears nothing"
OWNERS = "switch off the one that mails a ticket's owner about every comment, or owners are flooded"
STRICT = "in a blueprint in strict mode exempt our agent, or nothing can be written"


def describe_desk_rules(policy: Policy) -> str:
    """Return which rules of Desk an admin has to check by hand, given what the policy lets us write."""
    modes = {policy.tickets.mode, *policy.tickets.department_modes.values()}
    if modes == {Mode.SHADOW}:
        return "none matters in shadow mode"
    public = Mode.WRITE in modes and (policy.escalation.updates.texts or policy.education.reply)
    advice = "; ".join(([CONTACTS] if public else []) + [OWNERS, STRICT])
    return f"not readable by the API, so check by hand: {advice}"
