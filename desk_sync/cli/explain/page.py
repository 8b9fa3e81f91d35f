"""A ticket explained to a person who was not there.

The verdict in one sentence comes first, then the reasons, what was written and commented, and what is open with the act
that settles it; then the clocks, the escalation, the age of the data, and earlier decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from desk_sync.cli.explain.clocks import print_clocks, print_escalation
from desk_sync.cli.explain.document import used_snapshot
from desk_sync.cli.explain.facts import ExplainedTicket
from desk_sync.cli.explain.open_points import open_points
from desk_sync.cli.explain.sentence import summary
from desk_sync.cli.output import print_line
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.ports.pulling.source_report import SourceReport
from desk_sync.ports.tickets import PastEffect

PUBLIC = ":public"
"""The end of the key of a comment that the partner reads."""

_COMMENTS: Mapping[EffectKind, str] = {
    EffectKind.DECISION: "a note about the decision",
    EffectKind.ESCALATION: "a comment of the escalation",
    EffectKind.UPDATE: "a note about the clocks",
    EffectKind.REVIEW: "a question for a person",
    EffectKind.EDUCATION: "help with the customer's parameter",
}


def print_page(ticket: ExplainedTicket, reports: Iterable[SourceReport]) -> None:
    """Print the ticket, with the ages of the subscription data."""
    print_line(summary(ticket))
    print_line("; ".join(_state(ticket)))
    _print_list("Reasons", _reasons(ticket.decision.reasons if ticket.decision else (), ticket))
    _print_list("Written and commented", _written(ticket))
    _print_list("Open", _open(ticket))
    print_clocks(ticket)
    print_escalation(ticket)
    _print_notices(ticket)
    _print_data(ticket, reports)
    _print_earlier(ticket)


def _state(ticket: ExplainedTicket) -> Iterator[str]:
    history, names, zone = ticket.history, ticket.names, ticket.zone
    yield f"ticket {names.ticket_id} of portal {names.portal}: {ticket.state}"
    if history.looked_at:
        yield f"last looked at {zone.format(history.looked_at)}"
    if history.look_at:
        yield f"next look {zone.format(history.look_at)}"
    yield f"times in {zone.name}"


def _print_list(title: str, lines: Iterable[str]) -> None:
    print_line(f"\n{title}:")
    for line in list(lines) or ["nothing"]:
        print_line(f"- {line}")


def _reasons(reasons: Iterable[Reason], ticket: ExplainedTicket) -> Iterator[str]:
    yield from (f"{ticket.zone.localize(each.text)} [{each.rule}]" for each in reasons)


def _written(ticket: ExplainedTicket) -> Iterator[str]:
    """Yield fields and comments in the order of time, then the persons' values that stand."""
    history, zone = ticket.history, ticket.zone
    written = [
        (past.at, f"{name} = {value}") for past in history.decisions for name, value in past.fields_written.items()
    ]
    commented = [(each.done_at or each.planned_at, _comment(each)) for each in history.effects]
    yield from (f"{zone.format(at)}  {text}" for at, text in sorted(written + commented))
    for name, kept in sorted(history.memory.fields.overrides.items()):
        yield f"{name} = {kept.value} was set by a person and stays, until what ours is based on changes later"


def _comment(effect: PastEffect) -> str:
    planned = "" if effect.done_at else ", planned and not known to be made"
    words = "news for the partner" if effect.key.endswith(PUBLIC) else _COMMENTS[effect.kind]
    return f"{words}{_level(effect.key)}{planned}"


def _level(key: str) -> str:
    """Return the level of an escalation that a comment announces, in words; "" if it announces none."""
    ladder, _, number = key.removesuffix(PUBLIC).rpartition(":")
    announces = ladder.startswith("escalation:") and not ladder.endswith(":stopped") and number.isdecimal()
    return f" at level {number}" if announces else ""


def _open(ticket: ExplainedTicket) -> Iterator[str]:
    for point in open_points(ticket):
        yield f"{point.text}\n  to settle it: {point.settle_for(ticket.names.ticket_id, ticket.names.partner)}"


def _print_notices(ticket: ExplainedTicket) -> None:
    for each in ticket.history.sent_notices:
        sent = f" at {ticket.zone.format(each.sent_at)}" if each.sent_at else ""
        print_line(f"  {each.topic}: {each.to}, {each.state}{sent}")


def _print_data(ticket: ExplainedTicket, reports: Iterable[SourceReport]) -> None:
    """Print the ages of the subscription data as they are now, and on which the last decision rests."""
    used = used_snapshot(ticket.history)
    print_line()
    for report in reports:
        rests = "; the last decision rests on them" if report.age and report.age.snapshot.snapshot_id == used else ""
        age = ticket.zone.localize(str(report.age)) if report.age else "none"
        print_line(f"data of source {report.name}: {age}{rests}")


def _print_earlier(ticket: ExplainedTicket) -> None:
    for past in reversed(ticket.history.decisions[:-1]):
        found = f"{past.decision.verdict}, {past.decision.licences} licences counted"
        print_line(f"\nEarlier decision, {ticket.zone.format(past.at)}: {found}")
        for line in _reasons(past.decision.reasons, ticket):
            print_line(f"  {line}")
