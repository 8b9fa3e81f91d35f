"""The partner: its domains, its customers' accounts, and the evidence that is its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.domain.account.identity import EvidencePlace, IdentifierKind
from desk_sync.domain.account.partner import (
    WRITER_NOT_LOOKED_UP,
    Partner,
    PartnerOrigin,
    PartnerTag,
    TicketWriter,
    customer_evidence,
    tag_of,
)
from desk_sync.domain.reason import Reason
from tests.support.makers import PARTNERS, make_account, make_evidence

PARTNER = Partner(name="P", country="DE", domains=frozenset({"partner.example"}))
WRITER = TicketWriter(partner=PARTNER, origin=PartnerOrigin.DESK)
BY_DOMAIN = TicketWriter(partner=PARTNER, origin=PartnerOrigin.DOMAIN)
NO_DOMAINS = TicketWriter(partner=Partner(name="P"), origin=PartnerOrigin.DESK)


@pytest.mark.parametrize(
    ("domain", "owned"),
    [
        pytest.param("partner.example", True, id="registered"),
        pytest.param("support.partner.example", True, id="a subdomain"),
        pytest.param("notpartner.example", False, id="another one with the same ending"),
        pytest.param("example", False, id="the domain above"),
    ],
)
def test_a_partner_owns_its_domains_and_their_subdomains(domain, owned):
    assert PARTNER.owns(domain) is owned


@pytest.mark.parametrize(
    ("tagged_to", "writer", "tag"),
    [
        pytest.param("partner.example", WRITER, PartnerTag.OWN, id="to the writing partner"),
        pytest.param("other.example", WRITER, PartnerTag.ANOTHERS, id="to another partner"),
        pytest.param("partner.example", BY_DOMAIN, PartnerTag.OWN, id="the sender's domain is enough for its own"),
        pytest.param("other.example", BY_DOMAIN, PartnerTag.UNSETTLED, id="but not to call it another's"),
        pytest.param("other.example", NO_DOMAINS, PartnerTag.UNSETTLED, id="a partner without domains"),
        pytest.param("other.example", WRITER_NOT_LOOKED_UP, PartnerTag.UNSETTLED, id="an unknown partner"),
        pytest.param(None, WRITER, PartnerTag.SILENT, id="the data have no partner's domain"),
    ],
)
def test_an_account_is_anothers_only_if_the_writing_partner_is_known_for_certain(tagged_to, writer, tag):
    assert tag_of(make_account(partner_domain=tagged_to), writer) is tag


def test_an_untagged_account_is_untagged_for_every_partner():
    account = make_account(tagged=False, partner_domain="partner.example")

    assert {tag_of(account, each) for each in (WRITER, BY_DOMAIN, WRITER_NOT_LOOKED_UP)} == {PartnerTag.UNTAGGED}


@pytest.mark.parametrize(
    ("value", "kinds", "place", "kept"),
    [
        pytest.param("partner.example", [IdentifierKind.DOMAIN], EvidencePlace.TEXT, False, id="its domain"),
        pytest.param("partner.example", [IdentifierKind.DOMAIN], EvidencePlace.FIELD, False, id="also in the field"),
        pytest.param("ada@partner.example", [], EvidencePlace.TEXT, False, id="its address in a text"),
        pytest.param("ada@partner.example", [], EvidencePlace.FIELD, True, id="but not in the customer field"),
        pytest.param("ada@large.example", [], EvidencePlace.TEXT, True, id="a customer's address"),
        pytest.param("76006415", [IdentifierKind.ZOID], EvidencePlace.TEXT, True, id="a number"),
    ],
)
def test_what_names_the_partner_is_no_evidence_for_a_customer(value, kinds, place, kept):
    evidence = make_evidence(value, *kinds, place=place)

    assert customer_evidence([evidence], PARTNER) == ((evidence,) if kept else ())
    weak = replace(evidence, one_of_several=True)
    assert customer_evidence([weak], PARTNER) == ((weak,) if kept else ())
    assert customer_evidence([evidence], None) == (evidence,)


def test_the_mailboxes_of_a_ticket_give_the_data_centres_and_a_reason():
    both = frozenset({"EU", "IN"})
    policy = replace(PARTNERS, mailboxes={"eu@desk.example": frozenset({"EU"}), "all@desk.example": both})

    reached = policy.with_data_centers(WRITER, ["eu@desk.example", "all@desk.example", "unknown@desk.example"])

    assert (reached.partner, reached.data_centers) == (PARTNER, {"EU", "IN"})
    assert [str(reason) for reason in reached.reasons] == ["R61: the mail came to the mailbox of EU, IN"]
    assert policy.with_data_centers(WRITER, ["unknown@desk.example"]) == WRITER


def test_only_a_known_country_is_a_country_of_the_writer():
    assert WRITER.countries == ("DE",)
    assert (NO_DOMAINS.countries, WRITER_NOT_LOOKED_UP.countries) == ((), ())


def test_a_partner_is_called_by_its_name_and_by_its_domains_and_those_above_them():
    partner = replace(PARTNER, name="Prairie Ltd", domains=frozenset({"eu.partner.example"}))

    assert partner.called == {"prairie ltd", "eu.partner.example", "partner.example"}


@pytest.mark.parametrize(
    ("writer", "domains", "names"),
    [
        pytest.param(WRITER, {"else.test"}, {"p", "partner.example", "else.test"}, id="also where it writes from"),
        pytest.param(TicketWriter(), {"else.test"}, {"else.test"}, id="by its domain alone"),
        pytest.param(TicketWriter(), set(), set(), id="by a public mail provider's"),
    ],
)
def test_a_writer_is_called_as_its_partner_and_by_the_domains_that_it_writes_from(writer, domains, names):
    assert writer.called(frozenset(domains)) == names


SAID = Reason("R8", "a person placed the partner")
IN_TEXAS = replace(WRITER, partner=replace(PARTNER, country="US", state="TX"))


@pytest.mark.parametrize(
    ("writer", "placed"),
    [
        pytest.param(
            IN_TEXAS,
            replace(IN_TEXAS, partner=replace(PARTNER, country="IN", state=None), reasons=(SAID,)),
            id="elsewhere than Desk says",
        ),
        pytest.param(
            TicketWriter(),
            TicketWriter(
                partner=Partner(name="else.test", country="IN", domains=frozenset({"else.test"})),
                origin=PartnerOrigin.DOMAIN,
                reasons=(SAID,),
            ),
            id="a partner of whom nothing else is known",
        ),
    ],
)
def test_a_person_places_the_writer_in_a_country(writer, placed):
    assert writer.placed("IN", frozenset({"else.test"}), SAID) == placed


def test_a_writer_who_is_known_to_be_there_is_left_as_it_is():
    assert IN_TEXAS.placed("US", frozenset(), SAID) == IN_TEXAS
