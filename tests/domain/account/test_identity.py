"""From a ticket's evidence to one account, or to "unknown": no answer is better than a wrong one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis.strategies import data, lists, permutations, sampled_from

from desk_sync.domain.account.identity import (
    STRATEGIES,
    EvidencePlace,
    EvidenceStanding,
    Identifier,
    IdentifierKind,
    WeakEvidence,
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


def found_by(evidence, strategies=STRATEGIES, admitted=(), **matches):
    """Return the lookup in which each named account has the given identifiers."""
    by_name = {"one": ONE, "two": TWO}
    names = {each for owned in matches.values() for each in owned}
    known = {each: [by_name[name] for name, owned in matches.items() if each in owned] for each in names}
    return choose(evidence, known, make_snapshot(), strategies, admitted)


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
        pytest.param([ANY_NUMBER], {"one": [AS_ZOID], "two": [AS_ZUID]}, "2 accounts", id="a number of two accounts"),
    ],
)
def test_contradictory_evidence_leads_to_no_account(evidence, matches, reason):
    lookup = found_by(evidence, **matches)

    assert (lookup.account, lookup.led_by) == (None, frozenset())
    assert reason in reason_text(lookup)


STRANGER = email(EvidencePlace.TEMPLATE, "b@two.example")


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param([email(EvidencePlace.TEMPLATE), zoid()], id="two labelled values of the mail"),
        pytest.param([email(EvidencePlace.TEMPLATE), STRANGER], id="two addresses behind a label"),
        pytest.param([email(), ANY_NUMBER], id="two fields"),
        pytest.param([email(EvidencePlace.TEXT), email(EvidencePlace.TEXT, "b@two.example")], id="two loose addresses"),
        pytest.param([domain(), domain(EvidencePlace.ASKED, "other.example")], id="two domains"),
        pytest.param([domain(), zoid()], id="the domain of a field against a labelled id"),
    ],
)
def test_equally_strong_evidence_of_different_accounts_is_contested(evidence):
    one, two = evidence
    lookup = found_by(evidence, one=one.readings[:1], two=two.readings[:1])

    assert (lookup.account, lookup.led_by, lookup.contested) == (None, frozenset(), True)
    assert {each.account.account_id for each in lookup.candidates} == {"A1", "A2"}
    assert "equally strong evidence leads to different accounts" in reason_text(lookup)


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        pytest.param(email(), zoid(), id="the field against a label"),
        pytest.param(zoid(), email(EvidencePlace.TEXT), id="a label against a loose address"),
        pytest.param(email(EvidencePlace.TEMPLATE), email(EvidencePlace.TEXT, "b@two.example"), id="an answer"),
        pytest.param(domain(), email(EvidencePlace.TEXT), id="also by the domain alone"),
        pytest.param(zoid(), domain(EvidencePlace.TEMPLATE), id="an id against a domain"),
        pytest.param(email(EvidencePlace.TEXT), domain(EvidencePlace.TEXT, "two.example"), id="a loose domain"),
        pytest.param(email(EvidencePlace.TEXT), zoid(EvidencePlace.QUOTED), id="new text against quoted text"),
        pytest.param(zoid(), email(EvidencePlace.OURS), id="a label against what we wrote ourselves"),
    ],
)
def test_stronger_evidence_wins_in_whatever_order_it_was_found(stronger, weaker):
    for evidence in ([stronger, weaker], [weaker, stronger]):
        lookup = found_by(evidence, one=stronger.readings, two=weaker.readings)

        assert (lookup.account, lookup.standing, lookup.candidates) == (ONE, stronger.standing, ())


@pytest.mark.parametrize(
    "evidence",
    [
        *(
            pytest.param(email(place), id=place)
            for place in (EvidencePlace.LINK, EvidencePlace.FORWARDED, EvidencePlace.QUOTED, EvidencePlace.OURS)
        ),
        pytest.param(domain(EvidencePlace.TEXT), id="the domain of a loose address"),
        pytest.param(domain(EvidencePlace.QUOTED), id="the domain of a quoted one"),
        pytest.param(replace(email(EvidencePlace.TEXT), one_of_several=True), id="one of several in a text"),
        pytest.param(replace(email(EvidencePlace.TEMPLATE), one_of_several=True), id="one of several in an answer"),
    ],
)
def test_weak_evidence_is_a_suggestion(evidence):
    """Law L17."""
    lookup = found_by([evidence], one=evidence.readings)

    assert (lookup.account, lookup.standing, lookup.contested) == (None, None, False)
    assert [(each.account, each.evidence) for each in lookup.candidates] == [(ONE, evidence)]
    assert "a suggestion, which a person must confirm" in reason_text(lookup)


SEVERAL = replace(email(EvidencePlace.TEXT), one_of_several=True)
WEAK = {
    WeakEvidence.LINK: email(EvidencePlace.LINK),
    WeakEvidence.FORWARDED: email(EvidencePlace.FORWARDED),
    WeakEvidence.QUOTED: email(EvidencePlace.QUOTED),
    WeakEvidence.DOMAIN: domain(EvidencePlace.TEXT),
    WeakEvidence.SEVERAL: SEVERAL,
}


class TestWeakEvidenceThatTheMappingLetsAct:
    @pytest.mark.parametrize("kind", WeakEvidence)
    def test_it_acts_by_its_kind_alone(self, kind):
        evidence = WEAK[kind]
        acting = found_by([evidence], admitted=[kind], one=evidence.readings)
        others = [each for each in WeakEvidence if each is not kind]

        assert (acting.account, acting.standing) == (ONE, EvidenceStanding.ADMITTED)
        assert found_by([evidence], admitted=others, one=evidence.readings).account is None

    @pytest.mark.parametrize("stronger", [email(EvidencePlace.TEXT), zoid(), email(EvidencePlace.FIELD)])
    def test_strong_evidence_wins_over_it(self, stronger):
        weak = make_evidence("x@weak.example", place=EvidencePlace.QUOTED)
        lookup = found_by([weak, stronger], admitted=tuple(WeakEvidence), one=stronger.readings, two=weak.readings)

        assert (lookup.account, lookup.standing) == (ONE, stronger.standing)

    def test_two_accounts_are_for_a_person(self):
        weak = make_evidence("x@weak.example", place=EvidencePlace.LINK)
        lookup = found_by(
            [weak, email(EvidencePlace.QUOTED)], admitted=tuple(WeakEvidence), one=email().readings, two=weak.readings
        )

        assert (lookup.account, lookup.contested, len(lookup.candidates)) == (None, True, 2)

    @pytest.mark.parametrize(
        "evidence", [email(EvidencePlace.OURS), replace(email(EvidencePlace.QUOTED), one_of_several=True)]
    )
    def test_what_we_wrote_and_one_of_several_quoted_values_never_act(self, evidence):
        assert found_by([evidence], admitted=tuple(WeakEvidence), one=evidence.readings).account is None


@pytest.mark.parametrize(
    ("evidence", "acts"),
    [
        pytest.param([email(EvidencePlace.TEXT)], True, id="alone"),
        pytest.param([email(EvidencePlace.TEXT), email(value="x@no.example")], False, id="beside another in the field"),
        pytest.param(
            [email(EvidencePlace.TEXT), email(EvidencePlace.TEMPLATE, "x@no.example")], False, id="beside an answer"
        ),
        pytest.param([email(EvidencePlace.TEXT), zoid()], True, id="beside an unknown id"),
        pytest.param(
            [email(EvidencePlace.TEXT), email(EvidencePlace.QUOTED, "x@no.example")], True, id="beside a quoted one"
        ),
        pytest.param([zoid(), email(value="x@no.example")], True, id="a labelled id beside an unknown field"),
    ],
)
def test_a_lone_address_acts_only_if_it_is_the_only_one(evidence, acts):
    lookup = found_by(evidence, one=evidence[0].readings)

    assert (lookup.account is ONE, bool(lookup.candidates)) == (acts, not acts)


@given(
    evidence=lists(
        sampled_from(
            [
                *(email(place) for place in EvidencePlace),
                *(email(place, "b@two.example") for place in EvidencePlace),
                *(zoid(place) for place in EvidencePlace),
                *(domain(place) for place in EvidencePlace),
                email(EvidencePlace.TEXT, "x@no.example"),
                replace(email(EvidencePlace.TEMPLATE), one_of_several=True),
            ]
        ),
        max_size=6,
    ),
    data=data(),
)
def test_the_order_in_which_evidence_became_known_has_no_effect(evidence, data):
    """Law L18."""
    matches = {"one": email().readings, "two": (*zoid().readings, *STRANGER.readings, *domain().readings)}

    assert found_by(data.draw(permutations(evidence)), **matches) == found_by(evidence, **matches)


@given(
    strong=sampled_from([email(), email(EvidencePlace.TEMPLATE), zoid(), email(EvidencePlace.TEXT)]),
    weak=lists(sampled_from([each for each in EvidencePlace if not each.standing.acts]), max_size=4),
)
def test_weak_evidence_never_changes_which_account_acts(strong, weak):
    """Law L17."""
    added = [email(place, "b@two.example") for place in weak]
    matches = {"one": strong.readings, "two": STRANGER.readings}

    assert found_by([*added, strong], **matches).account == ONE


def test_a_domain_of_several_is_settled_by_a_loose_address_of_one():
    evidence = [domain(), email(EvidencePlace.TEXT)]

    assert found_by(evidence, one=BOTH, two=domain().readings).account == ONE


def test_a_place_that_was_stored_for_labels_and_links_alike_counts_as_the_weaker_one():
    assert EvidencePlace("label or link") is EvidencePlace.LINK
    with pytest.raises(ValueError, match="elsewhere"):
        EvidencePlace("elsewhere")


@pytest.mark.parametrize("reading", [AS_ZOID, AS_ZGID, AS_ZUID], ids=lambda reading: reading.kind)
def test_a_number_without_a_label_counts_if_it_leads_to_one_account(reading):
    assert found_by([ANY_NUMBER], one=[reading]).account == ONE


def test_a_number_that_one_account_has_twice_leads_to_one_account():
    assert found_by([ANY_NUMBER], one=[AS_ZOID, AS_ZGID]).account == ONE


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


def test_an_account_without_an_address_is_found_by_its_numbers_only():
    account = make_account(super_admin_email="", domain=None, zoids=("100055000",))

    assert list(identifiers_of(account)) == [Identifier(IdentifierKind.ZOID, "100055000")]
