"""The verdict in one sentence: whose account it is, its licences, and the threshold."""

from __future__ import annotations

from dataclasses import dataclass

from desk_sync.cli.explain.facts import ExplainedTicket
from desk_sync.cli.review.questions import NO_DATA, WHOSE_CUSTOMER, open_questions
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.plan.decision import Decision


@dataclass(frozen=True, slots=True)
class CountedLicences:
    """The licences, threshold and region that a decision compared, as its reasons have them."""

    licences: str
    threshold: str
    region: str


def summary(ticket: ExplainedTicket) -> str:
    """Return the sentence."""
    said = _of_decision(ticket, ticket.decision) if ticket.decision else _undecided(ticket)
    return said[0].upper() + said[1:]


def _undecided(ticket: ExplainedTicket) -> str:
    waits = f": its first look is due at {ticket.zone.format(ticket.history.look_at)}" if ticket.history.look_at else ""
    return f"nothing is decided about {ticket.called} yet{waits}."


def _of_decision(ticket: ExplainedTicket, decision: Decision) -> str:
    name, who = ticket.called, named(ticket.account, decision.account_id)
    counted = counted_licences(decision)
    if excluded := _excluded_service(decision):
        return f"{name} is {excluded}, whatever {who} has bought."
    match decision.verdict:
        case Verdict.PRIORITY:
            return f"{name} is a large user account's: {who} has {_have(counted, decision)}{_enough(counted)}."
        case Verdict.NOT_PRIORITY:
            return f"{name} is no large user account's: {who} has {_have(counted, decision)}{_needed(counted)}."
        case _ if decision.account_id:
            return _unsettled(name, who, decision, counted)
        case _:
            return _unknown(name, decision)


def named(account: Account | None, account_id: str | None) -> str:
    """Return an account as people know it: by its company's domain and its super admin, else by our key."""
    if account is None:
        return f"account {account_id} (no source has it any longer)"
    admin = account.super_admin_email and f"super admin {account.super_admin_email}"
    if account.domain:
        return f"{account.domain} ({admin})" if admin else account.domain
    return admin or f"account {account.account_id}"


def counted_licences(decision: Decision) -> CountedLicences | None:
    """Return what was compared; None if the reasons do not have it."""
    texts = [each.text for each in decision.reasons if each.rule == "R42"]
    compared = [each.removesuffix(": a person must decide").split(" licences against ") for each in texts]
    found = [each for each in compared if len(each) == 2]
    if not found:
        return None
    licences, threshold = found[-1]
    return CountedLicences(licences, threshold, next(filter(None, map(_region_in, reversed(texts))), ""))


def _region_in(text: str) -> str:
    """Return the region that a reason states; "" if it states none."""
    if text.startswith("region "):
        return text.removeprefix("region ").removesuffix(" as the subscription data say").partition(" by ")[0]
    return text.partition(" falls back to ")[2]


def _excluded_service(decision: Decision) -> str:
    about = next((each.text for each in decision.reasons if each.rule == "C16"), "")
    return about.removeprefix("the ticket is ").replace(": box", ", so box")


def _have(counted: CountedLicences | None, decision: Decision) -> str:
    number = counted.licences if counted else decision.licences
    return f"{number} user licence{'' if str(number) == '1' else 's'}"


def _enough(counted: CountedLicences | None) -> str:
    return f"; {_figures(counted)} are enough{_where(counted)}" if counted else ""


def _needed(counted: CountedLicences | None) -> str:
    return f"; {_figures(counted)} are needed{_where(counted)}" if counted else ""


def _figures(counted: CountedLicences) -> str:
    """Return the thresholds as words: `>= 50` as "50", `> 60` as "more than 60"."""
    return counted.threshold.replace(">= ", "").replace("> ", "more than ")


def _where(counted: CountedLicences) -> str:
    return f" in {counted.region}" if counted.region else ""


def _unsettled(name: str, who: str, decision: Decision, counted: CountedLicences | None) -> str:
    if WHOSE_CUSTOMER in open_questions(decision):
        return f"a person must decide about {name}: {who} is tagged to another partner than the one who writes."
    return f"a person must decide about {name}: {who} has {_have(counted, decision)}{_needed(counted)}."


def _unknown(name: str, decision: Decision) -> str:
    if NO_DATA in open_questions(decision):
        return f"it is not known whether {name} is a large user account's: there are no current subscription data."
    candidates = len({each.account_id for each in decision.suggestions})
    if candidates:
        several = "one account, which is not proven" if candidates == 1 else f"{candidates} accounts, and proves none"
        return f"it is not known whose {name} is: it suggests {several}."
    return f"it is not known whose {name} is: it leads to no account."
