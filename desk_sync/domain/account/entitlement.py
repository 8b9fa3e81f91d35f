"""The large-user decision: the licences that count, the threshold, and the cases for a person to decide.

If a fact is not settled (an unpaid licence, a country in no region), the decision is made for every possible value of
it. Only if the answers differ is the verdict REVIEW.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import and_, or_

from desk_sync.domain.account.licence_policy import AccountScope, CountBy, LicencePolicy, RegionBy, Threshold, plain
from desk_sync.domain.account.partner import WRITER_NOT_LOOKED_UP, TicketWriter
from desk_sync.domain.account.subscription import Account, ContestedSubscription, LicenceItem, combine
from desk_sync.domain.reason import Reason


class Verdict(StrEnum):
    """The large-user decision. UNKNOWN is for tickets only: no account was found, or its data are not reliable."""

    PRIORITY = "PRIORITY"
    NOT_PRIORITY = "NOT_PRIORITY"
    REVIEW = "REVIEW"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The decision for one account: the verdict, the number of licences that certainly count, and the reasons."""

    verdict: Verdict
    licences: int
    reasons: tuple[Reason, ...]


class ItemStanding(StrEnum):
    """The result of judging an item. UNSETTLED: no rule decides it, so a person does if the verdict depends on it."""

    COUNTED = "counted"
    NOT_COUNTED = "not counted"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class ItemJudgement:
    """The standing of one item, with the rule that decided it."""

    standing: ItemStanding
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceBounds:
    """The licences of an account by service: those that certainly count, and those that may count."""

    low: Counter[str]
    high: Counter[str]


_ANY_NUMBER = 10**15
"""Stands for a quantity that the data do not give: more than any account has."""


def entitle(account: Account, policy: LicencePolicy, writer: TicketWriter = WRITER_NOT_LOOKED_UP) -> Entitlement:
    """Return the large-user decision for the account (R42–R48); `writer` matters if its region counts (C17)."""
    bounds = licence_bounds(account, policy)
    low, high = _total(bounds.low, policy), _total(bounds.high, policy)
    thresholds, region_reasons = _thresholds(account, policy, writer)
    contested = (_contested(subscription, policy) for subscription in account.contested)
    reasons = (*(judge(item, policy).reason for item in account.items), *contested, *region_reasons)
    answers = {threshold.reached(licences) for threshold in thresholds for licences in (low, high)}
    figures = " or ".join(sorted({str(threshold) for threshold in thresholds}, key=lambda text: (len(text), text)))
    if len(answers) > 1:
        undecided = Reason("R42", f"{_span(low, high)} licences against {figures}: a person must decide")
        return Entitlement(verdict=Verdict.REVIEW, licences=low, reasons=(*reasons, undecided))
    verdict = Verdict.PRIORITY if answers.pop() else Verdict.NOT_PRIORITY
    return Entitlement(
        verdict=verdict, licences=low, reasons=(*reasons, Reason("R42", f"{low} licences against {figures}"))
    )


def entitle_each(accounts: Sequence[Account], policy: LicencePolicy) -> Iterator[tuple[Account, Entitlement]]:
    """Yield each account with its decision; if the policy counts by domain (C18), with the items of its domain."""
    on_domain: dict[str | None, list[Account]] = {}
    for account in accounts:
        on_domain.setdefault(account.domain if policy.per is AccountScope.DOMAIN else None, []).append(account)
    for account in accounts:
        others = on_domain[account.domain] if policy.per is AccountScope.DOMAIN and account.domain else []
        together = combine(account, [each for each in others if each != account], policy.freshness.stale_at)
        yield account, entitle(together, policy)


def judge(item: LicenceItem, policy: LicencePolicy) -> ItemJudgement:
    """Return the standing of the item by the first rule that applies to it."""
    return next(judgement for rule in _RULES if (judgement := rule(item, policy)))


def _by_status(item: LicenceItem, policy: LicencePolicy) -> ItemJudgement | None:
    status = plain(item.status)
    if status in policy.ended:
        return _not_counted(item, "R42", f"status {status} is not in force")
    if status not in policy.in_force | policy.unsettled:
        return _unsettled(item, "R42", f"status {status or 'missing'} is not known")
    return None


def _by_edition(item: LicenceItem, policy: LicencePolicy) -> ItemJudgement | None:
    edition = plain(item.edition)
    word = next((word for word in sorted(policy.unpaid_editions) if word in edition), None)
    if item.paid or word is None:
        return None
    return _not_counted(item, "R42", f"a {word} edition is not purchased")


def _by_exclusion(item: LicenceItem, policy: LicencePolicy) -> ItemJudgement | None:
    exclusion = policy.exclusion(item)
    return _not_counted(item, "R46", f"{exclusion.name} is measured otherwise") if exclusion else None


def _by_unit(item: LicenceItem, policy: LicencePolicy) -> ItemJudgement | None:
    unit = plain(item.unit)
    if unit in policy.counted_units or (not unit and plain(item.name).endswith(policy.user_endings)):
        return None
    if unit in policy.uncounted_units or item.quantity == 0 or (item.quantity is None and not unit):
        return _not_counted(item, "R43", f"{unit or 'no unit'} is not a person with a login")
    return _unsettled(item, "R43", f"unit {unit or 'missing'} is not known")


def _by_service(item: LicenceItem, policy: LicencePolicy) -> ItemJudgement | None:
    if plain(item.service) in policy.services:
        return None
    return _unsettled(item, "R48", "the service is not in the mapping")


def _by_quantity(item: LicenceItem, policy: LicencePolicy) -> ItemJudgement | None:
    return _unsettled(item, "R43", "the data do not say how many") if item.quantity is None else None


def _by_payment(item: LicenceItem, policy: LicencePolicy) -> ItemJudgement | None:
    if plain(item.status) in policy.unsettled:
        return _unsettled(item, "R42", f"status {item.status}: the programme does not say")
    if not item.paid:
        return _unsettled(item, "R42", "complimentary: the programme does not say")
    return None


def _counted(item: LicenceItem, policy: LicencePolicy) -> ItemJudgement:
    return ItemJudgement(ItemStanding.COUNTED, Reason("R43", f"{_name(item)} counts"))


_RULES: Sequence[Callable[[LicenceItem, LicencePolicy], ItemJudgement | None]] = (
    _by_status,
    _by_edition,
    _by_exclusion,
    _by_unit,
    _by_service,
    _by_quantity,
    _by_payment,
    _counted,
)


def _not_counted(item: LicenceItem, rule: str, why: str) -> ItemJudgement:
    return ItemJudgement(ItemStanding.NOT_COUNTED, Reason(rule, f"{_name(item)} does not count: {why}"))


def _unsettled(item: LicenceItem, rule: str, why: str) -> ItemJudgement:
    return ItemJudgement(ItemStanding.UNSETTLED, Reason(rule, f"{_name(item)} may count: {why}"))


def _name(item: LicenceItem) -> str:
    number = "a number of" if item.quantity is None else item.quantity
    return f"{item.service} / {item.name}, {number} {plain(item.unit) or 'of no unit'}"


def licence_bounds(account: Account, policy: LicencePolicy) -> LicenceBounds:
    """Return how many licences certainly count, and how many may count."""
    low, high = _counts(account.items, policy)
    for subscription in account.contested:
        least, most = _contested_counts(subscription, policy)
        low, high = low + least, high + most
    return LicenceBounds(low=low, high=high)


def _contested_counts(subscription: ContestedSubscription, policy: LicencePolicy) -> tuple[Counter[str], Counter[str]]:
    """Return the least and the most licences of each service in all readings."""
    counts = [_counts(reading, policy) for reading in subscription.readings]
    return reduce(and_, (low for low, _ in counts)), reduce(or_, (high for _, high in counts))


def _counts(items: Iterable[LicenceItem], policy: LicencePolicy) -> tuple[Counter[str], Counter[str]]:
    low: Counter[str] = Counter()
    high: Counter[str] = Counter()
    for item in items:
        standing, name = judge(item, policy).standing, plain(item.service)
        service = policy.services.get(name, name)
        if standing is ItemStanding.COUNTED:
            low[service] += item.quantity or 0
        if standing is not ItemStanding.NOT_COUNTED:
            high[service] += _ANY_NUMBER if item.quantity is None else item.quantity
    return low, high


def _contested(subscription: ContestedSubscription, policy: LicencePolicy) -> Reason:
    low, high = _contested_counts(subscription, policy)
    span = _span(low.total(), high.total())
    return Reason("R42", f"{subscription.doubt} subscription {subscription.subscription_id}: {span} licences")


def _span(low: int, high: int) -> str:
    if high >= _ANY_NUMBER:
        return f"{low} or more"
    return f"{low}" if low == high else f"{low} to {high}"


def _total(per_service: Counter[str], policy: LicencePolicy) -> int:
    return {CountBy.SUM: per_service.total(), CountBy.LARGEST_SERVICE: max(per_service.values(), default=0)}[
        policy.count
    ]


def thresholds_of(account: Account, policy: LicencePolicy, writer: TicketWriter) -> Mapping[str, Threshold]:
    """Return the possible thresholds by region: one for a known region, all of them if no region lists the account."""
    regions, _ = _regions(account, policy, writer)
    return {region: policy.thresholds[region] for region in sorted(regions)}


def _thresholds(
    account: Account, policy: LicencePolicy, writer: TicketWriter
) -> tuple[Sequence[Threshold], Sequence[Reason]]:
    """Return the thresholds that are possible: one for a known region, all of them if no region lists the account."""
    regions, reasons = _regions(account, policy, writer)
    return [policy.thresholds[region] for region in sorted(regions)], reasons


def _regions(account: Account, policy: LicencePolicy, writer: TicketWriter) -> tuple[frozenset[str], Sequence[Reason]]:
    stated, mapped = policy.stated_regions(account), policy.mapped_regions(account, writer)
    unknown = [_UNKNOWN_REGION] if policy.has_unknown_region(account) else []
    if stated:
        return stated, [*unknown, *_disagreement(stated, mapped)]
    if mapped:
        by = policy.region_by.replace("_", " ")
        return mapped, [*unknown, Reason("R42", f"region {', '.join(sorted(mapped))} by {by}")]
    place = _place(account, policy.region_by, writer)
    if policy.fallback_region:
        fallback = Reason("R42", f"{place} falls back to {policy.fallback_region}")
        return frozenset({policy.fallback_region}), [*unknown, fallback]
    return frozenset(policy.thresholds), [*unknown, Reason("R42", f"no region lists {place}")]


_UNKNOWN_REGION = Reason("R42", "warning: a region in the subscription data is not in the mapping")


def _place(account: Account, region_by: RegionBy, writer: TicketWriter) -> str:
    """Return the countries by which a region was searched for, in words for a reason."""
    if region_by is RegionBy.PARTNER_COUNTRY:
        return ", ".join(writer.countries) or "a partner of no known country"
    return ", ".join(account.countries) or "an unnamed country"


def _disagreement(stated: frozenset[str], mapped: frozenset[str]) -> Iterator[Reason]:
    yield Reason("R42", f"region {', '.join(sorted(stated))} as the subscription data say")
    if mapped and mapped != stated:
        yield Reason("R42", f"warning: the country map says {', '.join(sorted(mapped))}")
