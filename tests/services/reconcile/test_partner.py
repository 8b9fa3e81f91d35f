"""The partner who writes a ticket: the places where it is found, the calls that this costs, and the consequences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk_sync.adapters.desk.evidence import facts_in, of_facts, read
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import EvidencePlace, IdentifierKind
from desk_sync.domain.account.licence_policy import RegionBy
from desk_sync.domain.account.partner import Partner, PartnerOrigin, TaggedElsewhere
from desk_sync.domain.commitment.regions import RegionBasis
from desk_sync.domain.plan.decision import PARTNER_UNKNOWN
from desk_sync.errors import CredentialsRefused, NotPermitted, Unreadable
from desk_sync.ports.review import PartnerPlace, SettledReview
from tests.support.clock_scenes import REGIONS
from tests.support.makers import ADMIN, NOW, PARTNERS, POLICY, make_account, make_evidence, make_ticket

TICKET = make_ticket().ticket_id
PRAIRIE = Partner(name="Prairie", country="DE", domains=frozenset({"prairie.example", "prairie.test"}))
WHERE_THE_PARTNER_IS = "in which escalation region the partner is"
BY_MAIL = {"sender": "help@prairie.example", "sender_domain": "prairie.example"}
TEXTS_WITH_OWN_ADDRESSES = [
    pytest.param(f"The user {ADMIN} cannot log in. Answer to desk@prairie.test, please.", id="beside the customer's"),
    pytest.param(f"desk@mail.prairie.test: {ADMIN} cannot log in", id="below a registered domain"),
]
TAGGED = make_account(partner_domain="prairie.example")


@pytest.fixture
def opened(desk, world):
    """A ticket that this partner, or that address, has opened."""
    desk.partners["900"] = PRAIRIE
    desk.accounts_of_contacts["800"] = "900"

    def ticket(**facts):
        desk.tickets[TICKET] = make_ticket(**facts)
        world.receives(state=None)

    return ticket


def raising(error):
    def act():
        raise error

    return act


def look_again(world, key="again"):
    world.receives(key=key, state="else")
    world.look()


def decision(world):
    return world.tickets.history(TICKET).decisions[-1].decision


def writer(world, desk):
    return world.partners().writer_of(desk.tickets[TICKET])


def place(world, name, country):
    world.places.place(
        PartnerPlace(partner=name, country=country, settled=SettledReview(at=world.now())), known=["Prairie"]
    )


class TestWhereThePartnerIsFound:
    @pytest.mark.parametrize(
        ("facts", "name", "calls"),
        [
            pytest.param({"partner_id": "900"}, "Prairie", ["read_partner"], id="the ticket names the account"),
            pytest.param(
                {"contact_id": "800"}, "Prairie", ["partner_of", "read_partner"], id="the contact leads to the account"
            ),
            pytest.param({"contact_id": "801"} | BY_MAIL, "Listed", ["partner_of"], id="a contact without an account"),
            pytest.param({"partner_id": "901"} | BY_MAIL, "Listed", ["read_partner"], id="the account is gone"),
            pytest.param(BY_MAIL, "Listed", [], id="the partner file has the domain"),
            pytest.param(
                {"sender": "a@eu.prairie.example", "sender_domain": "eu.prairie.example"},
                "Listed",
                [],
                id="or the domain above it",
            ),
            pytest.param(
                {"sender": "a@else.example", "sender_domain": "else.example"}, "else.example", [], id="the domain alone"
            ),
            pytest.param({"sender": "somebody@gmail.com"}, None, [], id="a public mail provider's domain"),
        ],
    )
    def test_the_first_place_with_a_partner_counts(self, desk, world, opened, facts, name, calls):
        world.listed = [replace(PRAIRIE, name="Listed", domains=frozenset({"prairie.example"}))]
        opened(**facts)

        found = writer(world, desk)

        assert (found.partner and found.partner.name, desk.calls) == (name, calls)

    @pytest.mark.parametrize(
        ("name", "facts", "country"),
        [
            pytest.param("Prairie", {"partner_id": "900"}, "IN", id="by its name, against Desk"),
            pytest.param("prairie", {"partner_id": "900"}, "IN", id="in any case"),
            pytest.param("prairie.test", {"partner_id": "900"} | BY_MAIL, "IN", id="by a registered domain"),
            pytest.param(
                "example.net",
                {"partner_id": "900", "sender": "a@eu.example.net", "sender_domain": "eu.example.net"},
                "IN",
                id="by a domain above the sender's",
            ),
            pytest.param("eu.prairie.test", {"partner_id": "900"}, "DE", id="not by one below"),
            pytest.param("Listed", BY_MAIL, "IN", id="against the partner file"),
            pytest.param(
                "else.example",
                {"sender": "a@else.example", "sender_domain": "else.example"},
                "IN",
                id="by domain alone",
            ),
            pytest.param("else.example", BY_MAIL, "FR", id="another partner"),
        ],
    )
    def test_where_a_person_placed_the_partner_counts(self, desk, world, opened, name, facts, country):
        world.listed = [replace(PRAIRIE, name="Listed", country="FR", domains=frozenset({"prairie.example"}))]
        place(world, name, "IN")
        opened(**facts)

        found = writer(world, desk)

        assert found.countries == (country,)
        assert ("a person placed the partner in IN" in str(found.reasons)) is (country == "IN")

    def test_a_partner_that_is_not_known_is_the_one_who_writes(self, desk, world, opened):
        world.policy = replace(POLICY, partners=replace(PARTNERS, order=(PartnerOrigin.DESK,)))
        place(world, "prairie.example", "IN")
        opened(**BY_MAIL)

        found = writer(world, desk)

        domains = frozenset({"prairie.example"})
        assert found.partner == Partner(name="prairie.example", country="IN", domains=domains)
        assert found.origin is PartnerOrigin.DOMAIN

    def test_a_state_is_one_of_the_country_that_was_read(self, desk, world, opened):
        desk.partners["900"] = replace(PRAIRIE, country="US", state="NE")
        opened(partner_id="900")
        place(world, "Prairie", "US")
        assert writer(world, desk).partner.state == "NE"

        place(world, "Prairie", "IN")
        assert writer(world, desk).partner.state is None

    def test_the_last_place_counts(self, desk, world, opened):
        opened(partner_id="900")
        place(world, "Prairie", "IN")
        world.waits(minutes=1)
        place(world, "prairie.test", "AU")
        assert writer(world, desk).countries == ("AU",)

        world.waits(minutes=1)
        place(world, "Prairie", "FR")
        assert writer(world, desk).countries == ("FR",)

    def test_the_order_is_the_policys(self, desk, world, opened):
        world.policy = replace(POLICY, partners=replace(PARTNERS, order=(PartnerOrigin.DOMAIN, PartnerOrigin.DESK)))
        opened(partner_id="900", **BY_MAIL)

        assert writer(world, desk).partner.name == "prairie.example"
        assert desk.calls == []

    def test_an_account_without_domains_has_the_one_that_it_writes_from(self, desk, world, opened):
        desk.partners["900"] = replace(PRAIRIE, domains=frozenset())
        opened(partner_id="900", **BY_MAIL)

        assert writer(world, desk).partner.domains == {"prairie.example"}

    @pytest.mark.parametrize(
        ("in_desk", "facts", "owned"),
        [
            pytest.param({"prairie.example"}, {}, {"prairie.example", "prairie.test"}, id="both lists count"),
            pytest.param(
                {"else.example"}, BY_MAIL, {"else.example", "prairie.example", "prairie.test"}, id="by sender"
            ),
            pytest.param(set(), BY_MAIL, {"prairie.example", "prairie.test"}, id="only the file has any"),
            pytest.param({"else.example"}, {}, {"else.example"}, id="another partner's in the file"),
        ],
    )
    def test_an_account_has_the_domains_that_the_partner_file_has_for_it_too(
        self, desk, world, opened, in_desk, facts, owned
    ):
        world.listed = [replace(PRAIRIE, name="Listed")]
        desk.partners["900"] = replace(PRAIRIE, domains=frozenset(in_desk))
        opened(partner_id="900", **facts)

        assert writer(world, desk).partner.domains == owned

    def test_a_partner_file_that_is_not_used_has_no_domains_for_it(self, desk, world, opened):
        world.policy = replace(POLICY, partners=replace(PARTNERS, order=(PartnerOrigin.DESK,)))
        world.listed = [replace(PRAIRIE, domains=frozenset({"prairie.example", "else.example"}))]
        opened(partner_id="900", **BY_MAIL)

        assert writer(world, desk).partner.domains == PRAIRIE.domains

    @pytest.mark.parametrize("text", TEXTS_WITH_OWN_ADDRESSES)
    def test_the_texts_are_read_with_every_domain_of_the_partner(self, desk, world, opened, text):
        def found(ticket, own_domains):
            return of_facts(facts_in(read(text), sender=ticket.sender, own_domains=own_domains))

        world.imports(make_account())
        desk.evidence_for = found
        opened(partner_id="900", customer_primary_email=None, **BY_MAIL)

        world.look()

        assert desk.tickets[TICKET].customer_primary_email == ADMIN

    def test_an_unknown_partner_is_named_in_the_reasons(self, desk, world, opened):
        opened(sender="somebody@gmail.com")

        assert str(writer(world, desk).reasons[-1]) == "R8: who the partner is remains unknown"


class TestWhatItCosts:
    def test_a_partner_is_read_once_for_all_its_tickets(self, desk, world, opened):
        opened(partner_id="900")
        world.look()
        look_again(world)

        assert desk.count("read_partner") == 1

    @pytest.mark.parametrize(("hours", "reads"), [(23, 1), (24, 2)])
    def test_an_answer_of_desk_is_valid_for_the_time_that_the_policy_gives(self, desk, world, opened, hours, reads):
        opened(partner_id="900")
        world.look()
        world.waits(hours=hours)
        look_again(world)

        assert desk.count("read_partner") == reads

    def test_an_unknown_contact_is_remembered_too(self, desk, world, opened):
        opened(contact_id="801")
        world.look()
        look_again(world)

        assert desk.count("partner_of") == 1

    def test_a_desk_that_refuses_us_is_asked_again_before_long_and_holds_nothing_up(self, desk, world, opened):
        opened(partner_id="900", **BY_MAIL)
        desk.before["read_partner"] = raising(NotPermitted("SCOPE_MISMATCH"))
        world.look()
        look_again(world)
        assert (desk.count("read_partner"), decision(world).verdict) == (1, Verdict.PRIORITY)

        world.waits(minutes=10)
        look_again(world, "later")

        assert desk.count("read_partner") == 2

    def test_an_account_that_cannot_be_read_costs_the_ticket_only_its_partner(self, desk, world, opened):
        opened(partner_id="900", **BY_MAIL)
        desk.before["read_partner"] = raising(Unreadable("larger than 8 MB"))
        world.look()

        assert decision(world).verdict == Verdict.PRIORITY
        world.waits(minutes=10)
        look_again(world)
        assert desk.count("read_partner") == 2

    def test_refused_credentials_say_nothing_about_an_account(self, desk, world, opened):
        opened(partner_id="900", **BY_MAIL)
        desk.before["read_partner"] = raising(CredentialsRefused("invalid_code"))

        with pytest.raises(CredentialsRefused):
            writer(world, desk)
        desk.before.clear()

        assert writer(world, desk).partner == PRAIRIE

    def test_the_last_reading_counts_while_an_account_cannot_be_read(self, world):
        resolver = world.partners()
        partner = Partner(name="Prairie", domains=frozenset({"prairie.example"}))
        before = resolver._stored("account:900", lambda: partner)
        world.waits(days=2)

        kept = resolver._stored("account:900", raising(Unreadable("larger than 8 MB")))

        assert (before.partner, kept.partner, kept.refused) == (partner, partner, True)

    @pytest.mark.parametrize(
        ("policy", "facts"),
        [
            pytest.param(replace(PARTNERS, tagged_elsewhere=TaggedElsewhere.IGNORE), {}, id="nothing depends on it"),
            pytest.param(PARTNERS, {"in_bin": True}, id="the ticket is in the bin"),
        ],
    )
    def test_a_partner_is_read_only_if_something_depends_on_it(self, desk, world, opened, policy, facts):
        elsewhere = replace(REGIONS, calendar_by=RegionBasis.CUSTOMER_COUNTRY, ladder_by=RegionBasis.CUSTOMER_COUNTRY)
        commitment = replace(POLICY.commitment, regions=elsewhere)
        world.policy = replace(POLICY, partners=policy, commitment=commitment)
        opened(partner_id="900", **facts)
        world.look()

        assert desk.count("read_partner") == 0


class TestWhatFollows:
    @pytest.mark.parametrize(
        ("account", "facts", "verdict"),
        [
            pytest.param(TAGGED, {"partner_id": "900"}, Verdict.PRIORITY, id="the partner's own customer"),
            pytest.param(TAGGED, BY_MAIL, Verdict.PRIORITY, id="by the sender's domain"),
            pytest.param(
                make_account(partner_domain="other.example"), {"partner_id": "900"}, Verdict.REVIEW, id="another's"
            ),
            pytest.param(make_account(), {"partner_id": "900"}, Verdict.PRIORITY, id="the data have no tag"),
            pytest.param(
                make_account(partner_domain="other.example", tagged=False),
                {"partner_id": "900"},
                Verdict.PRIORITY,
                id="tagged to no partner",
            ),
        ],
    )
    def test_a_customer_who_is_tagged_to_another_partner_is_a_persons_decision(
        self, desk, world, opened, account, facts, verdict
    ):
        world.imports(account)
        opened(**facts)
        world.look()

        assert decision(world).verdict is verdict
        assert desk.tickets[TICKET].large_user == (verdict is Verdict.PRIORITY)
        [note] = desk.comments[TICKET]
        assert note.startswith("Whose customer is" if verdict is Verdict.REVIEW else "Severity 1: ")

    def test_the_tag_may_be_ignored(self, world, opened):
        world.policy = replace(POLICY, partners=replace(PARTNERS, tagged_elsewhere=TaggedElsewhere.IGNORE))
        world.imports(make_account(partner_domain="other.example"))
        opened(partner_id="900")
        world.look()

        assert decision(world).verdict is Verdict.PRIORITY

    def test_an_account_without_a_partner_is_named_in_the_reasons(self, world, opened):
        world.imports(make_account(partner_domain="other.example", tagged=False))
        opened(partner_id="900")
        world.look()

        assert "R8: the customer is tagged to no partner" in map(str, decision(world).reasons)

    @pytest.mark.parametrize(
        ("account", "questions"),
        [
            pytest.param(TAGGED, (PARTNER_UNKNOWN,), id="the tag depends on it"),
            pytest.param(make_account(), (), id="nothing depends on it"),
        ],
    )
    def test_an_unknown_partner_is_a_question_where_something_depends_on_it(self, world, opened, account, questions):
        world.imports(account)
        opened(sender="somebody@gmail.com")
        world.look()

        assert (decision(world).verdict, decision(world).questions) == (Verdict.PRIORITY, questions)
        assert [each.questions for each in world.reviews.undecided()] == [questions] * bool(questions)

    @pytest.mark.parametrize(
        ("listed", "verdict", "questions"),
        [
            pytest.param([], Verdict.PRIORITY, (PARTNER_UNKNOWN,), id="registered by no partner"),
            pytest.param([PRAIRIE], Verdict.REVIEW, (), id="registered by another partner"),
        ],
    )
    def test_a_domain_alone_does_not_contradict_a_tag(self, world, opened, listed, verdict, questions):
        world.listed = listed
        world.imports(make_account(partner_domain="other.example"))
        opened(**BY_MAIL)
        world.look()

        assert (decision(world).verdict, decision(world).questions) == (verdict, questions)

    @pytest.mark.parametrize(
        ("country", "verdict"),
        [
            pytest.param("IN", Verdict.NOT_PRIORITY, id="India requires 100"),
            pytest.param("DE", Verdict.PRIORITY, id="Europe for 60"),
            pytest.param(None, Verdict.REVIEW, id="without a country"),
        ],
    )
    def test_the_threshold_may_follow_the_partners_country(self, desk, world, opened, country, verdict):
        world.policy = replace(POLICY, licences=replace(POLICY.licences, region_by=RegionBy.PARTNER_COUNTRY))
        desk.partners["900"] = replace(PRAIRIE, country=country)
        opened(partner_id="900")
        world.look()

        assert decision(world).verdict is verdict

    def test_an_unknown_partner_is_a_question_where_the_threshold_follows_it(self, world, opened):
        world.policy = replace(POLICY, licences=replace(POLICY.licences, region_by=RegionBy.PARTNER_COUNTRY))
        opened(sender="somebody@gmail.com")
        world.look()

        assert decision(world).questions == (PARTNER_UNKNOWN,)
        assert "a partner of no known country" in "".join(map(str, decision(world).reasons))

    @pytest.mark.parametrize(
        ("country", "facts", "questions"),
        [
            pytest.param("DE", {"partner_id": "900"}, (), id="Germany is in one"),
            pytest.param("KZ", {"partner_id": "900"}, (WHERE_THE_PARTNER_IS,), id="Kazakhstan is in none"),
            pytest.param(None, {"partner_id": "900"}, (WHERE_THE_PARTNER_IS,), id="Desk names no country"),
            pytest.param("DE", {"sender": "somebody@gmail.com"}, (PARTNER_UNKNOWN,), id="the partner is unknown"),
            pytest.param("KZ", {"partner_id": "900", "in_bin": True}, (), id="the ticket is in the bin"),
        ],
    )
    def test_a_partner_in_no_escalation_region_has_the_fallbacks_and_is_a_question(
        self, desk, world, opened, country, facts, questions
    ):
        desk.partners["900"] = replace(PRAIRIE, country=country)
        opened(created_at=NOW, **facts)
        world.look()

        past = world.tickets.history(TICKET)
        assert (past.promise.region, decision(world).verdict) == ("EUROPE_UK", Verdict.PRIORITY)
        assert decision(world).questions == questions
        assert bool(questions) == any("in no region" in str(reason) for reason in decision(world).reasons)
        assert [each.questions for each in world.reviews.undecided()] == [questions] * bool(questions)

    def test_a_customer_in_no_escalation_region_is_another_question(self, world, opened):
        regions = replace(REGIONS, calendar_by=RegionBasis.CUSTOMER_COUNTRY)
        world.policy = replace(POLICY, commitment=replace(POLICY.commitment, regions=regions))
        world.imports(make_account(100, countries=("KZ",)))
        opened(partner_id="900", created_at=NOW)
        world.look()

        assert decision(world).questions == ("in which escalation region the customer is",)


class TestThePartnersOwnDomains:
    @pytest.mark.parametrize(
        "evidence",
        [
            pytest.param(
                make_evidence("prairie.test", IdentifierKind.DOMAIN, place=EvidencePlace.TEXT), id="its other domain"
            ),
            pytest.param(make_evidence("it@prairie.test", place=EvidencePlace.TEXT), id="an address there"),
        ],
    )
    def test_they_are_never_the_customers(self, desk, world, opened, evidence):
        own = make_account(super_admin_email="it@prairie.test", domain="prairie.test", account_id="P1")
        world.imports(own)
        opened(partner_id="900", customer_primary_email=None, evidence=(evidence,))
        world.look()

        assert decision(world).account_id is None

    def test_an_address_in_the_customer_field_is_the_customers(self, world, opened):
        own = make_account(super_admin_email="it@prairie.test", domain="prairie.test", account_id="P1")
        world.imports(own)
        opened(partner_id="900", customer_primary_email="it@prairie.test")
        world.look()

        assert decision(world).account_id == "P1"

    def test_a_number_is_no_partners_domain(self, world, opened):
        world.imports(make_account(zoids=("76006415",)))
        zoid = make_evidence("76006415", IdentifierKind.ZOID, place=EvidencePlace.LABEL)
        opened(partner_id="900", customer_primary_email=None, evidence=(zoid,))
        world.look()

        assert decision(world).account_id == "A1"
