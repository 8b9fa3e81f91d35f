"""From a ticket's evidence to one account, or to "unknown": no answer is better than a wrong one."""

from __future__ import annotations

import pytest

from desk_sync.domain.account.identity import (
    STRATEGIES,
    EvidencePlace,
    Identifier,
    IdentifierKind,
    choose,
    identifiers_of,
    readings,
)
from tests.support.makers import ADMIN, make_account, make_evidence, make_snapshot

ONE, TWO = make_account(account_id="A1"), make_account(account_id="A2")
NUMBER = "76006415"


def email(place=EvidencePlace.FIELD, value=ADMIN):
    return make_evidence(value, place=place)


def zoid(place=EvidencePlace.LABEL, value=NUMBER):
    return make_evidence(value, IdentifierKind.ZOID, place=place)


def domain(place=EvidencePlace.FIELD, value="large.example"):
    return make_evidence(value, IdentifierKind.DOMAIN, place=place)


ANY_NUMBER = make_evidence(
    NUMBER, IdentifierKind.ZOID, IdentifierKind.ZGID, IdentifierKind.ZUID, place=EvidencePlace.ORGANISATION_FIELD
)
AS_ZOID, AS_ZGID, AS_ZUID = ANY_NUMBER.readings
BOTH = (*email(EvidencePlace.QUOTED).readings, *domain(EvidencePlace.QUOTED).readings)


def found_by(evidence, strategies=STRATEGIES, **matches):
    """Return the lookup in which each named account has the given identifiers."""
    by_name = {"one": ONE, "two": TWO}
    names = {each for owned in matches.values() for each in owned}
    known = {each: [by_name[name] for name, owned in matches.items() if each in owned] for each in names}
    return choose(evidence, known, make_snapshot(), strategies)


def reason_text(lookup):
    return "\n".join(map(str, lookup.reasons))


@pytest.mark.parametrize(
    ("evidence", "matches", "found", "reason"),
    [
        pytest.param(
            [email()], {"one": email().readings}, "A1", "email (customer field) leads to account A1", id="one"
        ),
        pytest.param(
            [email(), zoid()],
            {"two": zoid().readings},
            "A2",
            "no account has this email (customer field)",
            id="the next one decides",
        ),
        pytest.param(
            [email(EvidencePlace.TEMPLATE), email(value="user@large.example"), domain()],
            {"one": domain().readings},
            "A1",
            "domain (customer field) leads",
            id="the domain of a user",
        ),
        pytest.param([email()], {}, None, "no account has this email", id="none"),
        pytest.param([], {}, None, "names no identifier", id="nothing to go by"),
        pytest.param(
            [domain(), zoid()],
            {"one": domain().readings, "two": (*domain().readings, *zoid().readings)},
            "A2",
            "zoid (label) leads",
            id="a domain of several is settled by an exact identifier",
        ),
    ],
)
def test_the_first_evidence_that_leads_to_an_account_decides(evidence, matches, found, reason):
    lookup = found_by(evidence, **matches)

    assert (lookup.account and lookup.account.account_id) == found
    assert reason in reason_text(lookup)
    assert ADMIN not in reason_text(lookup)


@pytest.mark.parametrize(
    ("evidence", "matches", "reason"),
    [
        pytest.param(
            [email(), zoid()],
            {"one": email().readings, "two": (*email().readings, *zoid().readings)},
            "leads to 2 accounts",
            id="several have the address, whatever comes after",
        ),
        pytest.param(
            [domain()], {"one": domain().readings, "two": domain().readings}, "2 accounts", id="a shared domain"
        ),
        pytest.param(
            [email(EvidencePlace.TEMPLATE), zoid()],
            {"one": email().readings, "two": zoid().readings},
            "zoid (label) does not lead there",
            id="two of the template contradict each other",
        ),
        pytest.param(
            [email(), ANY_NUMBER],
            {"one": email().readings, "two": [AS_ZGID]},
            "organisation field) does not lead there",
            id="two fields contradict each other",
        ),
        pytest.param(
            [email(EvidencePlace.TEXT), zoid()],
            {"one": email().readings, "two": zoid().readings},
            "does not lead there",
            id="a loose address against a label",
        ),
        pytest.param(
            [domain(), domain(EvidencePlace.ASKED, "other.example")],
            {"one": domain().readings, "two": domain(value="other.example").readings},
            "does not lead there",
            id="two domains",
        ),
        pytest.param([ANY_NUMBER], {"one": [AS_ZOID], "two": [AS_ZUID]}, "2 accounts", id="a number of two accounts"),
    ],
)
def test_contradictory_evidence_leads_to_no_account(evidence, matches, reason):
    lookup = found_by(evidence, **matches)

    assert (lookup.account, lookup.led_by) == (None, frozenset())
    assert reason in reason_text(lookup)


@pytest.mark.parametrize(
    ("evidence", "other"),
    [
        pytest.param([email(), zoid()], zoid(), id="the mail against a field"),
        pytest.param([zoid(), domain()], domain(), id="a domain against an id"),
        pytest.param([zoid(), email(EvidencePlace.QUOTED)], email(), id="quoted text against new text"),
    ],
)
def test_weaker_evidence_casts_no_doubt(evidence, other):
    strong = next(each for each in evidence if each.readings != other.readings)

    assert found_by(evidence, one=strong.readings, two=other.readings).account == ONE


@pytest.mark.parametrize("reading", [AS_ZOID, AS_ZGID, AS_ZUID], ids=lambda reading: reading.kind)
def test_a_number_without_a_label_counts_if_it_leads_to_one_account(reading):
    assert found_by([ANY_NUMBER], one=[reading]).account == ONE


def test_a_number_that_one_account_has_twice_leads_to_one_account():
    assert found_by([ANY_NUMBER], one=[AS_ZOID, AS_ZGID]).account == ONE


@pytest.mark.parametrize(
    ("evidence", "found"),
    [
        pytest.param([email(EvidencePlace.QUOTED)], ONE, id="alone"),
        pytest.param([email(EvidencePlace.QUOTED), zoid(EvidencePlace.QUOTED)], None, id="beside an unknown number"),
        pytest.param(
            [email(EvidencePlace.QUOTED), email(value="user@other.example")], None, id="beside an unknown address"
        ),
        pytest.param([domain(EvidencePlace.QUOTED)], None, id="a domain"),
    ],
)
def test_quoted_text_counts_only_if_it_is_exact_and_the_only_evidence(evidence, found):
    assert found_by(evidence, one=BOTH).account == found


class TestStrategies:
    """The mapping defines which kinds are tried, in which order."""

    def test_the_first_one_is_tried_first(self):
        lookup = found_by([email(), ANY_NUMBER], (IdentifierKind.ZGID, IdentifierKind.EMAIL), one=[AS_ZGID])

        assert reason_text(lookup) == "R45: zgid (organisation field) leads to account A1"

    @pytest.mark.parametrize(
        ("evidence", "strategies"),
        [
            pytest.param(domain(), (IdentifierKind.EMAIL, IdentifierKind.ZOID), id="a domain"),
            pytest.param(ANY_NUMBER, (IdentifierKind.EMAIL, IdentifierKind.ZUID), id="one reading of a number"),
        ],
    )
    def test_what_is_switched_off_leads_nowhere(self, evidence, strategies):
        assert found_by([evidence], strategies, one=evidence.readings[:1]).account is None


def test_all_places_that_lead_to_the_account_are_recorded():
    lookup = found_by([email(), zoid(), domain()], one=(*zoid().readings, *domain().readings))

    assert lookup.led_by == {EvidencePlace.LABEL, EvidencePlace.FIELD}


@pytest.mark.parametrize(
    ("facts", "identifiers"),
    [
        pytest.param({}, {"email": {ADMIN}, "domain": {"large.example"}}, id="an address and a domain"),
        pytest.param({"domain": None}, {"email": {ADMIN}}, id="without the domain of a public mail provider"),
        pytest.param(
            {"other_domains": ("b.example",), "zoids": ("1",), "zgids": ("1", "2"), "zuids": ("3",)},
            {
                "email": {ADMIN},
                "domain": {"large.example", "b.example"},
                "zoid": {"1"},
                "zgid": {"1", "2"},
                "zuid": {"3"},
            },
            id="all domains and numbers",
        ),
    ],
)
def test_each_identifier_of_an_account_leads_to_it(facts, identifiers):
    expected = {Identifier(IdentifierKind(kind), value) for kind, values in identifiers.items() for value in values}

    assert set(identifiers_of(make_account(**facts))) == expected


def test_each_reading_is_looked_up_once():
    assert readings([zoid(), ANY_NUMBER, zoid(EvidencePlace.QUOTED)]) == ANY_NUMBER.readings


def test_without_data_nothing_is_known():
    assert "no subscription data" in str(choose([email()], {}, None).reasons[0])


@pytest.mark.parametrize(
    ("evidence", "acts"),
    [
        pytest.param(email(EvidencePlace.FIELD), True, id="the field"),
        pytest.param(email(EvidencePlace.TEMPLATE), True, id="a labelled value of the template"),
        pytest.param(domain(EvidencePlace.TEMPLATE), True, id="a labelled domain"),
        pytest.param(zoid(EvidencePlace.LABEL), True, id="a labelled id"),
        pytest.param(email(EvidencePlace.TEXT), True, id="the only address of the text"),
        pytest.param(domain(EvidencePlace.TEXT), False, id="its domain alone is a suggestion"),
        pytest.param(email(EvidencePlace.LINK), False, id="only in a link"),
        pytest.param(zoid(EvidencePlace.QUOTED), False, id="quoted"),
    ],
)
def test_only_strong_evidence_may_change_a_ticket_without_a_person(evidence, acts):
    assert evidence.acts is acts
