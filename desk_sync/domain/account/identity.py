"""Identifiers: the values that lead from a ticket to an account, and the choice of the account.

An identifier is always in normal form. One module makes the normal forms, for tickets and for subscription data alike:
`adapters/text/identifiers.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from desk_sync.domain.account.subscription import Account, Snapshot
from desk_sync.domain.reason import Reason


class IdentifierKind(StrEnum):
    """The five kinds, strongest first. The numeric ones have the same form: only a label distinguishes them."""

    EMAIL = "email"
    ZOID = "zoid"
    ZGID = "zgid"
    ZUID = "zuid"
    DOMAIN = "domain"


STRATEGIES: tuple[IdentifierKind, ...] = tuple(IdentifierKind)


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier in normal form: an address in lower case with its plus tag, a domain in punycode."""

    kind: IdentifierKind
    value: str


def identifiers_of(account: Account) -> Iterator[Identifier]:
    """Yield every identifier that leads to the account."""
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
    """The certainty that an identifier is the customer's: quoted or linked, in a text, labelled, in a field."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CERTAIN = 4


class EvidencePlace(StrEnum):
    """The place where an identifier was found, strongest first. `ASKED`: in a request without a ticket."""

    ASKED = "asked for"
    FIELD = "customer field"
    ORGANISATION_FIELD = "organisation field"
    TEMPLATE = "template"
    LABEL = "label"
    TEXT = "text"
    LINK = "link"
    QUOTED = "quoted text"

    @property
    def acts(self) -> bool:
        """True if evidence from here is strong: it changes a ticket without a person (L17). Weak is a suggestion."""
        return self in _STRONG

    @property
    def confidence(self) -> EvidenceConfidence:
        """The confidence in an identifier that was found here."""
        return _CONFIDENCE[self]


_CONFIDENCE: Mapping[EvidencePlace, EvidenceConfidence] = {
    EvidencePlace.ASKED: EvidenceConfidence.CERTAIN,
    EvidencePlace.FIELD: EvidenceConfidence.CERTAIN,
    EvidencePlace.ORGANISATION_FIELD: EvidenceConfidence.CERTAIN,
    EvidencePlace.TEMPLATE: EvidenceConfidence.HIGH,
    EvidencePlace.LABEL: EvidenceConfidence.HIGH,
    EvidencePlace.TEXT: EvidenceConfidence.MEDIUM,
    EvidencePlace.LINK: EvidenceConfidence.LOW,
    EvidencePlace.QUOTED: EvidenceConfidence.LOW,
}
_STRONG = frozenset(
    {
        EvidencePlace.ASKED,
        EvidencePlace.FIELD,
        EvidencePlace.ORGANISATION_FIELD,
        EvidencePlace.TEMPLATE,
        EvidencePlace.LABEL,
        EvidencePlace.TEXT,
    }
)
_ORDER = tuple(EvidencePlace)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One value in a ticket that may lead to its account.

    `readings` are its possible meanings, strongest first: a number without a label may be a ZOID, a ZGID or a ZUID.
    """

    place: EvidencePlace
    readings: tuple[Identifier, ...]

    @property
    def acts(self) -> bool:
        """True if it may change a ticket without a person: from a strong place, and in a text not by a domain alone."""
        return self.place.acts and (self.exact or self.place is not EvidencePlace.TEXT)

    @property
    def exact(self) -> bool:
        """True if it identifies an account or a person of it, not all the users of a domain."""
        return all(each.kind is not IdentifierKind.DOMAIN for each in self.readings)

    def only(self, kinds: Iterable[IdentifierKind]) -> Evidence:
        """Return the evidence with the readings of these kinds alone, in the order of `kinds`."""
        return Evidence(self.place, tuple(each for kind in kinds for each in self.readings if each.kind is kind))

    def __str__(self) -> str:
        """Return the kinds and the place, never the value (L11)."""
        return f"{' or '.join(each.kind for each in self.readings)} ({self.place})"


def readings(evidence: Iterable[Evidence]) -> tuple[Identifier, ...]:
    """Return all readings of the evidence, each once."""
    return tuple(dict.fromkeys(reading for each in evidence for reading in each.readings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The result of looking a ticket's evidence up. No account means unknown, never "not large".

    `led_by` are the places of all evidence that leads to this account and to no other.
    """

    account: Account | None
    reasons: tuple[Reason, ...]
    snapshot: Snapshot | None = None
    led_by: frozenset[EvidencePlace] = frozenset()


@dataclass(frozen=True, slots=True)
class _Lead:
    """One piece of evidence with the accounts that it leads to."""

    evidence: Evidence
    accounts: tuple[Account, ...]

    @property
    def reason(self) -> Reason:
        match self.accounts:
            case ():
                text = f"no account has this {self.evidence}"
            case (account,):
                by_hand = f", bound by a person on {account.bound_at:%F}" if account.bound_at else ""
                text = f"{self.evidence} leads to account {account.account_id}{by_hand}"
            case several:
                text = f"{self.evidence} leads to {len(several)} accounts"
        return Reason("R45", text)

    def contradicts(self, other: _Lead, account: Account) -> bool:
        """Return True if it is a reason to doubt `account`, to which `other` leads.

        Quoted text is doubted if there is any other evidence that does not lead there.
        """
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
    """Return the one account that the evidence leads to (R45, R53), or none: no answer is better than a wrong one.

    `strategies` are the kinds that count, in the order in which they are tried. Of one kind, the stronger place comes
    first; quoted text comes last. The first evidence that leads to any account decides. The account is unknown if that
    evidence leads to several, or if evidence of at least the same confidence leads to another one.
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
    doubts = [lead for lead in leads if lead.contradicts(leads[first], account)]
    if doubts:
        tried += [Reason("R45", f"{doubt.evidence} does not lead there: unknown") for doubt in doubts]
        return Lookup(account=None, reasons=tuple(tried), snapshot=snapshot)
    led_by = frozenset(lead.evidence.place for lead in leads if lead.accounts == (account,))
    return Lookup(account=account, reasons=tuple(tried), snapshot=snapshot, led_by=led_by)


def _in_order(evidence: Iterable[Evidence], strategies: Sequence[IdentifierKind]) -> list[Evidence]:
    """Return the evidence in the order in which it is tried, without domains in quoted text."""

    def rank(each: Evidence) -> tuple[bool, int, int]:
        quoted = each.place.confidence is EvidenceConfidence.LOW
        return quoted, strategies.index(each.readings[0].kind), _ORDER.index(each.place)

    usable = (each.only(strategies) for each in dict.fromkeys(evidence))
    kept = [each for each in usable if each.readings and (each.exact or each.place.confidence > EvidenceConfidence.LOW)]
    return sorted(kept, key=rank)


def _accounts(evidence: Evidence, matches: Mapping[Identifier, Sequence[Account]]) -> Iterator[Account]:
    """Return the accounts of all readings, each once."""
    found = {each.account_id: each for reading in evidence.readings for each in matches.get(reading, ())}
    return iter(found.values())
