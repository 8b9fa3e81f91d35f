"""Identifiers: what leads from a ticket to an account.

An identifier is always in normal form; the normal forms are made in one place
(`adapters/identifiers.py`), for tickets and for subscription data alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.domain.reason import Reason


class IdentifierKind(StrEnum):
    """The five kinds, strongest first. Shape alone cannot tell the numeric ones apart: only a label can."""

    EMAIL = "email"
    ZOID = "zoid"
    ZGID = "zgid"
    ZUID = "zuid"
    DOMAIN = "domain"


STRATEGIES: tuple[IdentifierKind, ...] = tuple(IdentifierKind)


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier in normal form: addresses in lower case with the plus tag, domains in punycode."""

    kind: IdentifierKind
    value: str


def named_by(account: Account) -> Iterator[Identifier]:
    """Everything that leads to the account."""
    yield Identifier(IdentifierKind.EMAIL, account.super_admin_email)
    domains = (account.domain, *account.other_domains)
    yield from (Identifier(IdentifierKind.DOMAIN, each) for each in domains if each is not None)
    for kind, values in (
        (IdentifierKind.ZOID, account.zoids),
        (IdentifierKind.ZGID, account.zgids),
        (IdentifierKind.ZUID, account.zuids),
    ):
        yield from (Identifier(kind, value) for value in values)


class EvidenceConfidence(IntEnum):
    """How surely an identifier is the customer's: only quoted, loose in a text, labelled, or in a field for it."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CERTAIN = 4


class EvidencePlace(StrEnum):
    """Where an identifier was found, strongest first. `ASKED`: no ticket, somebody asks for it."""

    ASKED = "asked for"
    FIELD = "customer field"
    ORGANISATION_FIELD = "organisation field"
    TEMPLATE = "template"
    LABEL = "label or link"
    TEXT = "text"
    QUOTED = "quoted text"

    @property
    def confidence(self) -> EvidenceConfidence:
        return _CONFIDENCE[self]


_CONFIDENCE: Mapping[EvidencePlace, EvidenceConfidence] = {
    EvidencePlace.ASKED: EvidenceConfidence.CERTAIN,
    EvidencePlace.FIELD: EvidenceConfidence.CERTAIN,
    EvidencePlace.ORGANISATION_FIELD: EvidenceConfidence.CERTAIN,
    EvidencePlace.TEMPLATE: EvidenceConfidence.HIGH,
    EvidencePlace.LABEL: EvidenceConfidence.HIGH,
    EvidencePlace.TEXT: EvidenceConfidence.MEDIUM,
    EvidencePlace.QUOTED: EvidenceConfidence.LOW,
}
_ORDER = tuple(EvidencePlace)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing in a ticket that may lead to its account.

    `readings` is what it may be: an organisation's number without a label is ZOID, ZGID or ZUID, strongest first.
    """

    place: EvidencePlace
    readings: tuple[Identifier, ...]

    @property
    def exact(self) -> bool:
        """Whether it names an account or a person of it, not just everybody on a domain."""
        return all(each.kind is not IdentifierKind.DOMAIN for each in self.readings)

    def only(self, kinds: Iterable[IdentifierKind]) -> Evidence:
        """Read as these kinds alone, in their order."""
        return Evidence(self.place, tuple(each for kind in kinds for each in self.readings if each.kind is kind))

    def __str__(self) -> str:
        """Kinds and place, never the value (L11)."""
        return f"{' or '.join(each.kind for each in self.readings)} ({self.place})"


def readings(evidence: Iterable[Evidence]) -> tuple[Identifier, ...]:
    """Everything that the evidence may be read as, each once."""
    return tuple(dict.fromkeys(reading for each in evidence for reading in each.readings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What the subscription data say about a ticket's evidence. No account means unknown, never "not large".

    `led_by` are the places of all evidence that leads to exactly this account.
    """

    account: Account | None
    reasons: tuple[Reason, ...]
    snapshot: Snapshot | None = None
    led_by: frozenset[EvidencePlace] = frozenset()


@dataclass(frozen=True, slots=True)
class _Lead:
    """A piece of evidence, and the accounts that it leads to."""

    evidence: Evidence
    accounts: tuple[Account, ...]

    @property
    def reason(self) -> Reason:
        match self.accounts:
            case ():
                said = f"no account has this {self.evidence}"
            case (account,):
                by_hand = f", bound by a person on {account.bound_at:%F}" if account.bound_at else ""
                said = f"{self.evidence} leads to account {account.account_id}{by_hand}"
            case several:
                said = f"{self.evidence} leads to {len(several)} accounts"
        return Reason("R45", said)

    def speaks_against(self, other: _Lead, account: Account) -> bool:
        """Whether it casts doubt on the account that the other leads to: quoted text must be all that there is."""
        if account.account_id in {each.account_id for each in self.accounts}:
            return False
        if other.evidence.place.confidence is EvidenceConfidence.LOW:
            return True
        as_exact = self.evidence.exact or not other.evidence.exact
        return bool(self.accounts) and as_exact and self.evidence.place.confidence >= other.evidence.place.confidence


def choose(
    evidence: Sequence[Evidence],
    matches: Mapping[Identifier, Sequence[Account]],
    snapshot: Snapshot | None,
    strategies: Sequence[IdentifierKind] = STRATEGIES,
) -> Lookup:
    """The one account that the evidence leads to (R45, R53), or none: rather no answer than a wrong one.

    `strategies` are the kinds that count, in the order in which they are tried; of one kind the stronger place comes
    first, and quoted text after everything. The first that is known decides. Unknown, if it leads to several accounts,
    or if evidence of at least its standing leads to another one.
    """
    if snapshot is None:
        return Lookup(account=None, reasons=(Reason("R45", "no subscription data have been imported yet"),))
    leads = [_Lead(each, tuple(_accounts(each, matches))) for each in _in_order(evidence, strategies)]
    if not leads:
        return Lookup(
            account=None,
            reasons=(Reason("R51", "the ticket names no identifier, or several of one kind"),),
            snapshot=snapshot,
        )
    first = next((at for at, lead in enumerate(leads) if lead.accounts), len(leads) - 1)
    tried = [lead.reason for lead in leads[: first + 1]]
    if len(leads[first].accounts) != 1:
        return Lookup(account=None, reasons=tuple(tried), snapshot=snapshot)
    (account,) = leads[first].accounts
    doubts = [lead for lead in leads if lead.speaks_against(leads[first], account)]
    if doubts:
        tried += [Reason("R45", f"{doubt.evidence} does not lead there: unknown") for doubt in doubts]
        return Lookup(account=None, reasons=tuple(tried), snapshot=snapshot)
    led_by = frozenset(lead.evidence.place for lead in leads if lead.accounts == (account,))
    return Lookup(account=account, reasons=tuple(tried), snapshot=snapshot, led_by=led_by)


def _in_order(evidence: Iterable[Evidence], strategies: Sequence[IdentifierKind]) -> list[Evidence]:
    """The evidence as it is tried. A domain in quoted text is none."""

    def rank(each: Evidence) -> tuple[bool, int, int]:
        quoted = each.place.confidence is EvidenceConfidence.LOW
        return quoted, strategies.index(each.readings[0].kind), _ORDER.index(each.place)

    usable = (each.only(strategies) for each in dict.fromkeys(evidence))
    told = [each for each in usable if each.readings and (each.exact or each.place.confidence > EvidenceConfidence.LOW)]
    return sorted(told, key=rank)


def _accounts(evidence: Evidence, matches: Mapping[Identifier, Sequence[Account]]) -> Iterator[Account]:
    """The accounts of all readings, each once."""
    found = {each.account_id: each for reading in evidence.readings for each in matches.get(reading, ())}
    return iter(found.values())
