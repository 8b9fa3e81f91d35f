"""The ports PartnerBook and EducationLog: partners as read from Desk, and the replies that educate them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from desk_sync.adapters.store.engine import writing
from desk_sync.adapters.store.partners import SqlEducationLog, SqlPartners, claim_education
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.plan.education import EducationClaim, LastEducation
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.ports.partners import StoredPartner
from tests.support.makers import NOW

PRAIRIE = Partner(
    name="Prairie",
    country="US",
    state="NE",
    tier="Premium",
    domains=frozenset({"prairie.example", "prairie.test"}),
    contract_until=date(2027, 3, 31),
)


@pytest.fixture
def book(engine):
    return SqlPartners(engine, "default")


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(StoredPartner(partner=PRAIRIE, at=NOW), id="a partner"),
        pytest.param(StoredPartner(partner=None, at=NOW), id="no partner"),
        pytest.param(StoredPartner(partner=None, at=NOW, refused=True), id="a refusal"),
    ],
)
def test_it_is_recalled_as_it_was_stored(book, stored):
    book.learn("account:900", stored)

    assert book.recall("account:900") == stored


def test_a_partner_that_was_never_read_is_unknown(book, engine):
    book.learn("account:900", StoredPartner(partner=PRAIRIE, at=NOW))

    assert book.recall("account:901") is None
    assert SqlPartners(engine, "other").recall("account:900") is None


def test_the_last_reading_counts(book):
    later = StoredPartner(partner=replace(PRAIRIE, tier="Advanced"), at=NOW + timedelta(days=1))
    book.learn("account:900", StoredPartner(partner=PRAIRIE, at=NOW))
    book.learn("account:900", later)

    assert book.recall("account:900") == later


MONTH = timedelta(days=30)


class TestEducation:
    """The port EducationLog, and the claim that `TicketStore.announce` makes."""

    @pytest.fixture
    def claim(self, engine):
        def claim(partner_key, ticket_id, *, at=NOW, portal="default"):
            reply = Effect(key="education:lesson", kind=EffectKind.EDUCATION, text="…", public=True)
            claim = EducationClaim(reply=reply, partner_key=partner_key, every=MONTH)
            with writing(engine) as connection:
                return claim_education(connection, portal, ticket_id, claim, now=at)

        return claim

    @pytest.mark.parametrize(
        ("partner_key", "ticket_id", "after", "granted"),
        [
            pytest.param("p1", "t1", timedelta(0), True, id="the same ticket, again"),
            pytest.param("p1", "t2", MONTH - timedelta(seconds=1), False, id="another ticket, too early"),
            pytest.param("p1", "t2", MONTH, True, id="another ticket, when the time is over"),
            pytest.param("p2", "t2", timedelta(0), True, id="another partner"),
        ],
    )
    def test_a_partner_is_educated_once_within_the_time(self, claim, engine, partner_key, ticket_id, after, granted):
        claim("p1", "t1")
        last = SqlEducationLog(engine, "default").last(partner_key)

        assert claim(partner_key, ticket_id, at=NOW + after) is granted
        assert (last is None or last.permits(ticket_id, NOW + after, every=MONTH)) is granted

    def test_of_many_tickets_at_once_one_is_chosen(self, claim):
        with ThreadPoolExecutor(8) as pool:
            granted = list(pool.map(lambda number: claim("p1", f"t{number}"), range(8)))

        assert sum(granted) == 1

    def test_a_portal_has_its_own_partners(self, claim, engine):
        claim("p1", "t1")

        assert claim("p1", "t2", portal="other")
        assert SqlEducationLog(engine, "default").last("p1") == LastEducation(ticket_id="t1", at=NOW)
