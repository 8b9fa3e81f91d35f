"""What we hold true of a ticket, and why: the account's entitlement, seen from this ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.account.entitlement import Verdict, entitle
from desk_sync.domain.account.identity import AccountCandidate, Lookup
from desk_sync.domain.account.licence_policy import RegionBy
from desk_sync.domain.account.partner import WRITER_NOT_LOOKED_UP, PartnerTag, TaggedElsewhere, TicketWriter, tag_of
from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.domain.commitment.regions import RegionBasis, RegionPolicy, TicketOrigin
from desk_sync.domain.fingerprint import fingerprint
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedAccount:
    """An account that a person may choose for the ticket: where its evidence was found, and why it does not act."""

    account_id: str
    place: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What we hold true of a ticket. `hands_off`: box and severity stay as they are, whatever they are.

    `questions` are for a person, although the verdict stands: each puts the ticket on the review list. `suggestions`
    are the accounts to choose from where the ticket names some, and proves none. It is `unproven` then, unless some
    evidence could not be read: what was set for an account does not follow any more.
    """

    verdict: Verdict
    licences: int = 0
    account_id: str | None = None
    snapshot_id: str | None = None
    policy_version: str = ""
    reasons: tuple[Reason, ...] = ()
    hands_off: bool = False
    questions: tuple[str, ...] = ()
    suggestions: tuple[SuggestedAccount, ...] = ()
    unproven: bool = False

    @property
    def basis(self) -> str:
        """The ground that our values stand on; a person's value holds until it changes (L7)."""
        return f"{self.account_id or '-'}:{self.verdict}"

    @property
    def gist(self) -> str:
        """What a person who sets the decision aside has seen of it: neither the age of the data nor the mapping."""
        rules = [reason.rule for reason in self.reasons]
        seen = (self.verdict, self.account_id, self.licences, rules, self.questions)
        return fingerprint((*seen, self.suggestions) if self.suggestions else seen)

    def because(self, rule: str, text: str) -> Decision:
        return replace(self, reasons=(*self.reasons, Reason(rule, text)))


def decide(ticket: Ticket, lookup: Lookup, writer: TicketWriter, policy: Policy, now: datetime) -> Decision:
    """The account's entitlement, seen from this ticket."""
    decision = assess(lookup, policy, now, writer)
    excluded = policy.licences.excluded_service(ticket.product or "")
    if decision.account_id and excluded and policy.tickets.exclude_tickets_about_excluded_services:
        aside = replace(decision, verdict=Verdict.NOT_PRIORITY, hands_off=True)
        return aside.because("C16", f"the ticket is about {excluded.name}: box and severity stay as they are")
    return decision


def assess(lookup: Lookup, policy: Policy, now: datetime, writer: TicketWriter = WRITER_NOT_LOOKED_UP) -> Decision:
    """The account's entitlement, whatever the ticket is about. Stale or missing data are unknown (L8)."""
    snapshot = (lookup.account and lookup.account.origin) or lookup.snapshot
    unknown = Decision(
        verdict=Verdict.UNKNOWN,
        snapshot_id=snapshot.snapshot_id if snapshot else None,
        policy_version=policy.version,
        reasons=(*lookup.reasons, *writer.reasons),
        hands_off=True,
    )
    if snapshot is None:
        return unknown
    stale_at = policy.licences.freshness.stale_at(snapshot)
    if lookup.account is None:
        aged = replace(unknown, reasons=(*unknown.reasons, data_reason(None, snapshot)))
        return aged if now > stale_at else _suggested(aged, lookup)
    if now > stale_at:
        return unknown.because("R45", f"unknown since {stale_at:%F %H:%M}Z: {_origin(lookup.account, snapshot)}")
    found = entitle(lookup.account, policy.licences, writer)
    decision = replace(
        unknown,
        verdict=found.verdict,
        licences=found.licences,
        account_id=lookup.account.account_id,
        reasons=(*unknown.reasons, data_reason(lookup.account, snapshot), *found.reasons),
        hands_off=found.verdict is Verdict.REVIEW,
    )
    return _seen_by_the_partner(decision, lookup.account, writer, policy)


def _suggested(unknown: Decision, lookup: Lookup) -> Decision:
    """Return the decision about a ticket that proves no account, with those to choose from."""
    return replace(
        unknown,
        verdict=Verdict.REVIEW if lookup.contested else unknown.verdict,
        suggestions=tuple(map(_suggestion, lookup.candidates)),
        unproven=bool(lookup.candidates) and lookup.whole,
    )


def _suggestion(candidate: AccountCandidate) -> SuggestedAccount:
    evidence, account_id = candidate.evidence, candidate.account.account_id
    return SuggestedAccount(
        account_id=account_id, place=evidence.place, why=f"{evidence} leads to account {account_id}"
    )


def _seen_by_the_partner(decision: Decision, account: Account, writer: TicketWriter, policy: Policy) -> Decision:
    """The decision, with what follows from whose customer the account is, and what stays open as nobody knows."""
    tag = tag_of(account, writer)
    if tag is PartnerTag.UNTAGGED:
        decision = decision.because("R8", "the customer is tagged to no partner")
    if policy.partners.tagged_elsewhere is TaggedElsewhere.IGNORE:
        tag = PartnerTag.SILENT
    if tag is PartnerTag.ANOTHERS:
        said = "the customer is tagged to another partner than the one who writes: a person must decide"
        decision = replace(decision, verdict=Verdict.REVIEW, hands_off=True).because("R8", said)
    by_country = policy.licences.region_by is RegionBy.PARTNER_COUNTRY and not writer.countries
    if tag is PartnerTag.UNSETTLED or by_country:
        return replace(decision, questions=(*decision.questions, PARTNER_UNKNOWN))
    return decision


PARTNER_UNKNOWN = "who the partner is"
PARTNER_PLACE_UNKNOWN = "in which escalation region the partner is"
REGION_UNKNOWN: Mapping[RegionBasis, str] = {
    RegionBasis.PARTNER_COUNTRY: PARTNER_PLACE_UNKNOWN,
    RegionBasis.CUSTOMER_COUNTRY: "in which escalation region the customer is",
    RegionBasis.DATA_CENTER: "to which escalation region the data centre belongs",
}


def asking_where(decision: Decision, regions: RegionPolicy, writer: TicketWriter, origin: TicketOrigin) -> Decision:
    """The decision, with what a person should say where clocks or ladder are those of the fallback region (C17).

    The reason for the verdict stays the last one.
    """
    for by in dict.fromkeys((regions.calendar_by, regions.ladder_by)):
        located = regions.locate(origin, by)
        if located.by_default:
            no_partner = by is RegionBasis.PARTNER_COUNTRY and writer.partner is None
            question = PARTNER_UNKNOWN if no_partner else REGION_UNKNOWN[by]
            questions = tuple(dict.fromkeys((*decision.questions, question)))
            decision = replace(decision, questions=questions, reasons=(located.reason, *decision.reasons))
    return decision


def data_reason(account: Account | None, snapshot: Snapshot) -> Reason:
    """Return the reason that says from which data the decision was made."""
    return Reason("R45", _origin(account, snapshot) if account else _age(snapshot))


def _origin(account: Account, snapshot: Snapshot) -> str:
    others = f"; {', '.join(account.also_in)} has it too and comes later" if account.also_in else ""
    return f"{_age(snapshot)}{others}"


def _age(snapshot: Snapshot) -> str:
    if not snapshot.in_full:
        return f"source {snapshot.source} was asked for it at {snapshot.imported_at:%F %H:%M}Z"
    dated = f", with data of {snapshot.as_of:%F}" if snapshot.as_of else ""
    return f"source {snapshot.source} was last read in full at {snapshot.imported_at:%F %H:%M}Z{dated}"
