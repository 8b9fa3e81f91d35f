"""Our values as JSON: one shape for the command line, the simulation and every other output for scripts.

Instants are UTC, ISO 8601 with a Z; durations are whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from desk_sync.domain.account.freshness import SnapshotAge
from desk_sync.domain.commitment.calendar import Pause
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.escalation.ladder import RaisedLevel
from desk_sync.domain.plan.decision import Decision, SuggestedAccount
from desk_sync.domain.ticket.held_back import HeldBack
from desk_sync.domain.ticket.ticket import Field
from desk_sync.ports.held_back import HeldBackField
from desk_sync.ports.pulling.source_report import SourceReport


def decision(made: Decision) -> dict[str, Any]:
    """Return a decision about a ticket, with its reasons."""
    return {
        "decision": made.verdict,
        "licences_counted": made.licences,
        "reasons": [str(reason) for reason in made.reasons],
    }


def suggestion(suggested: SuggestedAccount) -> dict[str, Any]:
    """Return an account that a person may choose for a ticket."""
    return {"account": suggested.account_id, "from": suggested.place, "why": suggested.why}


def clock(read: Clock) -> dict[str, Any]:
    """Return the state of one cycle of a milestone. While paused, `target_at` and `due_at` are null unless passed."""
    return {
        "milestone": read.milestone,
        "round": read.round,
        "severity": read.level,
        "started_at": instant(read.started_at),
        "target_at": instant(read.target_at),
        "due_at": instant(read.due_at),
        "met_at": instant(read.met_at),
        "ended_at": instant(read.ended_at),
        "state": read.state,
        "used_s": seconds(read.used),
        "paused_s": seconds(read.paused),
        "certain": read.certain,
        "reasons": [str(reason) for reason in read.reasons],
    }


def escalation(step: RaisedLevel) -> dict[str, Any]:
    """Return a level that was raised, with the roles that it notified."""
    return {
        "level": step.level,
        "at": instant(step.at),
        "because": step.because,
        "recipients": list(step.roles),
    }


def ladder(state: EscalationState) -> dict[str, Any] | None:
    """Return the ladder that started last, with the levels and waits that were frozen with it; None without one."""
    last = state.ladder
    if last is None:
        return None
    return {
        "because": last.because,
        "started_at": instant(last.started_at),
        "mapping_version": last.policy_version,
        "levels": [{"level": rung.level, "wait_s": seconds(rung.wait)} for rung in last.rungs],
        "reason_gone": last.key in state.lapsed,
    }


def held_back(fields: Mapping[Field, HeldBack]) -> list[dict[str, Any]]:
    """Return the fields of a ticket that Desk does not accept, each with the reason."""
    return [
        {"field": name, "because": each.reason, "since": instant(each.since)} for name, each in sorted(fields.items())
    ]


def held_back_entries(held: Iterable[HeldBackField]) -> list[dict[str, Any]]:
    """Return the fields that a portal does not accept, each with the reason and the tickets."""
    return [
        {
            "field": each.field,
            "because": each.reason,
            "since": instant(each.since),
            "try_again_at": instant(each.try_again_at),
            "department_id": each.department_id,
            "everywhere": each.everywhere,
            "tickets": list(each.tickets),
        }
        for each in held
    ]


def data_age(age: SnapshotAge | None) -> dict[str, Any]:
    """Return the instant and the date of subscription data, with their ages; all null without data."""
    if age is None:
        return dict.fromkeys(("imported_at", "age_s", "as_of", "as_of_age_days", "valid_until", "stale"))
    return {
        "imported_at": instant(age.snapshot.imported_at),
        "age_s": seconds(age.reading),
        "as_of": age.snapshot.as_of,
        "as_of_age_days": None if age.data is None else age.data // timedelta(days=1),
        "valid_until": instant(age.stale_at),
        "stale": age.is_stale,
    }


def source(report: SourceReport) -> dict[str, Any]:
    """Return the state of a source: its data, and its pulls."""
    growth, before = report.growth, report.growth.before if report.growth else None
    return {
        "source": report.name,
        **data_age(report.age),
        "accounts": growth.size.accounts if growth else None,
        "licences": growth.size.licences if growth else None,
        "accounts_before": before.accounts if before else None,
        "licences_before": before.licences if before and growth and growth.same_ruler else None,
        "empty": report.is_empty,
        "never_pulled": report.was_never_pulled,
        "under_way_since": instant(report.under_way_since),
        "overdue_since": instant(report.overdue_since),
        **asdict(report.state),
    }


def spans(spent: Iterable[Pause]) -> list[list[str | None]]:
    """Return each span as its first instant and the first instant after it, null while it lasts."""
    return [[instant(start), instant(end)] for start, end in spent]


def instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)
