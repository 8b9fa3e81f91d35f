"""Identifiers: the values that lead from a ticket to an account, and the choice of the account.

An identifier is always in normal form. One module makes the normal forms, for tickets and for subscription data alike:
`adapters/text/identifiers.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
    if account.super_admin_email:
        yield Identifier(IdentifierKind.EMAIL, account.super_admin_email)
    domains = (account.domain, *account.other_domains)
    yield from (Identifier(IdentifierKind.DOMAIN, each) for each in domains if each is not None)
    for kind, values in (
        (IdentifierKind.ZOID, account.zoids),
        (IdentifierKind.ZGID, account.zgids),
        (IdentifierKind.ZUID, account.zuids),
    ):
        yield from (Identifier(kind, value) for value in values)


class EvidenceStanding(IntEnum):
    """The weight of evidence. A suggestion never acts without a person; of the others the strongest decides (§0, L17).

    ADMITTED: weak evidence of a kind that the mapping lets act.
    CERTAIN: in a field that a person or the form filled, or bound by a person. LABELLED: behind a label in the new text
    of a mail. ALONE: the only value of its kind in the new text.
    """

    SUGGESTION = 1
    ADMITTED = 2
    ALONE = 3
    LABELLED = 4
    CERTAIN = 5

    @property
    def acts(self) -> bool:
        """True if evidence of this standing may change a ticket without a person."""
        return self is not EvidenceStanding.SUGGESTION


class WeakEvidence(StrEnum):
    """The kinds of evidence that are suggestions, unless the mapping lets them act (§0).

    DOMAIN: of a lone address. SEVERAL: one of several values of one text, which leads to an account alone.
    """

    LINK = "link"
    FORWARDED = "forwarded"
    QUOTED = "quoted"
    DOMAIN = "domain"
    SEVERAL = "several"


class EvidencePlace(StrEnum):
    """The place where an identifier was found, strongest first. `ASKED`: in a request without a ticket.

    `BOUND`: a person has bound the ticket to the account that has it.
    `OURS`: in the customer field, where we wrote it. That is no evidence of its own: it acts by what it was derived
    from, and is a suggestion where nothing of that is left (L17).
    """

    ASKED = "asked for"
    BOUND = "bound to the ticket"
    FIELD = "customer field"
    ORGANISATION_FIELD = "organisation field"
    TEMPLATE = "template"
    LABEL = "label"
    TEXT = "text"
    LINK = "link"
    FORWARDED = "forwarded mail"
    QUOTED = "quoted text"
    OURS = "our own earlier entry"

    @classmethod
    def _missing_(cls, value: object) -> EvidencePlace | None:
        """Return the weaker of the two places that one name was stored for in earlier versions."""
        return cls.LINK if value == "label or link" else None

    @property
    def standing(self) -> EvidenceStanding:
        """The standing of an exact identifier that was found here alone."""
        return _STANDINGS[self]


_STANDINGS: Mapping[EvidencePlace, EvidenceStanding] = {
    EvidencePlace.ASKED: EvidenceStanding.CERTAIN,
    EvidencePlace.BOUND: EvidenceStanding.CERTAIN,
    EvidencePlace.FIELD: EvidenceStanding.CERTAIN,
    EvidencePlace.ORGANISATION_FIELD: EvidenceStanding.CERTAIN,
    EvidencePlace.TEMPLATE: EvidenceStanding.LABELLED,
    EvidencePlace.LABEL: EvidenceStanding.LABELLED,
    EvidencePlace.TEXT: EvidenceStanding.ALONE,
    EvidencePlace.LINK: EvidenceStanding.SUGGESTION,
    EvidencePlace.FORWARDED: EvidenceStanding.SUGGESTION,
    EvidencePlace.QUOTED: EvidenceStanding.SUGGESTION,
    EvidencePlace.OURS: EvidenceStanding.SUGGESTION,
}
_WEAKNESSES: Mapping[EvidencePlace, WeakEvidence] = {
    EvidencePlace.LINK: WeakEvidence.LINK,
    EvidencePlace.FORWARDED: WeakEvidence.FORWARDED,
    EvidencePlace.QUOTED: WeakEvidence.QUOTED,
}
_ORDER = tuple(EvidencePlace)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One value in a ticket that may lead to its account.

    `readings` are its possible meanings, strongest first: a number without a label may be a ZOID, a ZGID or a ZUID.
    `one_of_several`: its text names others of its kind in the same way, so that none of them acts.
    """

    place: EvidencePlace
    readings: tuple[Identifier, ...]
    one_of_several: bool = False

    @property
    def exact(self) -> bool:
        """True if it identifies an account or a person of it, not all the users of a domain."""
        return all(each.kind is not IdentifierKind.DOMAIN for each in self.readings)

    @property
    def standing(self) -> EvidenceStanding:
        """The standing by its place; the domain of a lone address is a suggestion, like one of several values."""
        standing = self.place.standing
        lone_domain = standing is EvidenceStanding.ALONE and not self.exact
        return EvidenceStanding.SUGGESTION if lone_domain or self.one_of_several else standing

    @property
    def weakness(self) -> WeakEvidence | None:
        """The kind of a suggestion; None for strong evidence, and for what we wrote ourselves, which never acts."""
        if self.standing.acts:
            return None
        if self.place.standing.acts:
            return WeakEvidence.SEVERAL if self.one_of_several else WeakEvidence.DOMAIN
        return None if self.one_of_several else _WEAKNESSES.get(self.place)

    def only(self, kinds: Iterable[IdentifierKind]) -> Evidence:
        """Return the evidence with the readings of these kinds alone, in the order of `kinds`."""
        return replace(self, readings=tuple(each for kind in kinds for each in self.readings if each.kind is kind))

    def __str__(self) -> str:
        """Return the kinds and the place, never the value (L11)."""
        several = ", one of several or in doubt" if self.one_of_several else ""
        return f"{' or '.join(each.kind for each in self.readings)} ({self.place}{several})"


def bound_evidence(account: Account, strategies: Sequence[IdentifierKind] = STRATEGIES) -> Evidence:
    """Return the evidence that a person's binding of a ticket is: the account's first identifier that counts."""
    named = Evidence(EvidencePlace.BOUND, tuple(identifiers_of(account))).only(strategies)
    return replace(named, readings=named.readings[:1])


def readings(evidence: Iterable[Evidence]) -> tuple[Identifier, ...]:
    """Return all readings of the evidence, each once."""
    return tuple(dict.fromkeys(reading for each in evidence for reading in each.readings))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCandidate:
    """An account that the ticket may be about, with the strongest evidence that leads to it."""

    account: Account
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The result of looking a ticket's evidence up. No account means unknown, never "not large".

    `standing` is that of the evidence that decided, `led_by` are the places of all evidence that leads to this account
    and to no other. Without an account, `candidates` are those that a person may choose from, strongest first; they are
    `contested` if values of one standing lead to different ones. `named` is the evidence that was tried. It is not
    `whole` if evidence may be missing, because a text or a source could not be read.
    """

    account: Account | None
    reasons: tuple[Reason, ...]
    snapshot: Snapshot | None = None
    led_by: frozenset[EvidencePlace] = frozenset()
    standing: EvidenceStanding | None = None
    candidates: tuple[AccountCandidate, ...] = ()
    contested: bool = False
    named: tuple[Evidence, ...] = ()
    whole: bool = True

    @property
    def rests_on_a_field(self) -> bool:
        """True if a field that a person or the form filled leads to the account: nothing in a mail outweighs it."""
        return self.account is not None and self.standing is EvidenceStanding.CERTAIN


@dataclass(frozen=True, slots=True)
class _Lead:
    """One piece of evidence with the accounts that it leads to, and with its standing among the others."""

    evidence: Evidence
    accounts: tuple[Account, ...]
    standing: EvidenceStanding

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

    @property
    def account_ids(self) -> frozenset[str]:
        return frozenset(each.account_id for each in self.accounts)


def choose(
    evidence: Sequence[Evidence],
    matches: Mapping[Identifier, Sequence[Account]],
    snapshot: Snapshot | None,
    strategies: Sequence[IdentifierKind] = STRATEGIES,
    admitted: Collection[WeakEvidence] = (),
) -> Lookup:
    """Return the one account that the evidence leads to (R45, R53), or none: no answer is better than a wrong one.

    `strategies` are the kinds that count, in the order in which the reasons name them, `admitted` the kinds of weak
    evidence that act where nothing stronger does. The evidence of the highest
    standing that leads to any account decides, exact identifiers before domains. The account is unknown if that leads
    to several, or if only suggestions lead to accounts. The order in which the evidence was found has no effect (L18).
    """
    if snapshot is None:
        return Lookup(account=None, reasons=(Reason("R45", "no subscription data have been imported yet"),))
    leads = _leads(evidence, matches, strategies, admitted)
    unknown = Lookup(account=None, reasons=(), snapshot=snapshot, named=tuple(lead.evidence for lead in leads))
    if not leads:
        return replace(unknown, reasons=(Reason("R51", "the ticket names no identifier, or several of one kind"),))
    deciding = _deciding(leads)
    if not deciding:
        return _only_suggested(unknown, leads)
    tried = tuple(lead.reason for lead in leads[: leads.index(deciding[0])] if not lead.accounts)
    reasons = (*tried, *(lead.reason for lead in deciding))
    accounts = {account.account_id: account for lead in deciding for account in lead.accounts}
    if len(accounts) == 1:
        (account,) = accounts.values()
        led_by = frozenset(lead.evidence.place for lead in leads if lead.account_ids == accounts.keys())
        standing = max(lead.standing for lead in deciding)
        return replace(unknown, account=account, reasons=reasons, led_by=led_by, standing=standing)
    contested = len({lead.account_ids for lead in deciding}) > 1
    doubt = (Reason("R45", "equally strong evidence leads to different accounts"),) if contested else ()
    found = tuple(_candidates(deciding))
    return replace(unknown, reasons=(*reasons, *doubt), candidates=found, contested=contested)


def _only_suggested(unknown: Lookup, leads: Sequence[_Lead]) -> Lookup:
    """Return the lookup of evidence of which none acts and leads to an account."""
    found = tuple(_candidates(leads))
    only = (Reason("L17", "that is a suggestion, which a person must confirm"),) if found else ()
    return replace(unknown, reasons=(*(lead.reason for lead in leads), *only), candidates=found)


def _leads(
    evidence: Iterable[Evidence],
    matches: Mapping[Identifier, Sequence[Account]],
    strategies: Sequence[IdentifierKind],
    admitted: Collection[WeakEvidence],
) -> list[_Lead]:
    """Return the evidence of these kinds with its accounts, in the order in which it is tried."""
    usable = [each for each in (each.only(strategies) for each in dict.fromkeys(evidence)) if each.readings]
    accounts = {each: tuple(_accounts(each, matches)) for each in usable}

    def rank(each: Evidence) -> tuple[bool, int, int, tuple[str, ...]]:
        first = strategies.index(each.readings[0].kind)
        return not each.standing.acts, first, _ORDER.index(each.place), tuple(one.value for one in each.readings)

    unknown = [each for each in usable if each.standing > EvidenceStanding.ALONE and not accounts[each]]
    standings = {each: _standing_beside(each, unknown, admitted) for each in usable}
    return [_Lead(each, accounts[each], standings[each]) for each in sorted(usable, key=rank)]


def _standing_beside(
    each: Evidence, unknown: Iterable[Evidence], admitted: Collection[WeakEvidence]
) -> EvidenceStanding:
    """Return its standing; a lone address is not the only one beside another in a field or behind a label."""
    if each.weakness in admitted:
        return EvidenceStanding.ADMITTED
    alone = each.standing is EvidenceStanding.ALONE
    beaten = alone and any(each.readings[0].kind is other.readings[0].kind for other in unknown)
    return EvidenceStanding.SUGGESTION if beaten else each.standing


def _deciding(leads: Sequence[_Lead]) -> Sequence[_Lead]:
    """Return the leads that decide: of the highest standing, exact ones before domains; none if all are suggestions.

    A domain is settled by an exact identifier of one of its accounts, and contested by a labelled one of another.
    """
    acting = [lead for lead in leads if lead.accounts and lead.standing.acts]
    highest = max((lead.standing for lead in acting), default=None)
    strongest = [lead for lead in acting if lead.standing is highest]
    exact = [lead for lead in strongest if lead.evidence.exact]
    if exact or not strongest:
        return exact
    weaker = [lead for lead in acting if lead.evidence.exact]
    of_domain = frozenset[str]().union(*(lead.account_ids for lead in strongest))
    settling = [lead for lead in weaker if lead.account_ids <= of_domain]
    labelled = [lead for lead in weaker if lead.standing > EvidenceStanding.ALONE]
    if any(lead not in settling for lead in labelled):
        return [*strongest, *labelled]
    return settling or strongest


def _candidates(leads: Iterable[_Lead]) -> Iterator[AccountCandidate]:
    """Yield every account of the leads once, with the first evidence that leads to it."""
    found: dict[str, AccountCandidate] = {}
    for lead in leads:
        for account in lead.accounts:
            found.setdefault(account.account_id, AccountCandidate(account=account, evidence=lead.evidence))
    return iter(found.values())


def _accounts(evidence: Evidence, matches: Mapping[Identifier, Sequence[Account]]) -> Iterator[Account]:
    """Return the accounts of all readings, each once, in the order of their ids."""
    found = {each.account_id: each for reading in evidence.readings for each in matches.get(reading, ())}
    return iter(sorted(found.values(), key=lambda each: each.account_id))
