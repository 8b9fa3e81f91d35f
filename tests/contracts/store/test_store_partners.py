"""The port PartnerBook: what Desk said of who writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from desk_sync.adapters.store.partners import SqlEducationLog, SqlPartners
from desk_sync.domain.account.partner import Partner
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
    "learnt",
    [
        pytest.param(StoredPartner(partner=PRAIRIE, at=NOW), id="a partner"),
        pytest.param(StoredPartner(partner=None, at=NOW), id="nobody"),
        pytest.param(StoredPartner(partner=None, at=NOW, refused=True), id="a refusal"),
    ],
)
def test_it_is_recalled_as_it_was_learnt(book, learnt):
    book.learn("account:900", learnt)

    assert book.recall("account:900") == learnt


def test_nothing_is_known_of_whom_nobody_asked_about(book, engine):
    book.learn("account:900", StoredPartner(partner=PRAIRIE, at=NOW))

    assert book.recall("account:901") is None
    assert SqlPartners(engine, "other").recall("account:900") is None


def test_what_was_learnt_last_counts(book):
    later = StoredPartner(partner=replace(PRAIRIE, tier="Advanced"), at=NOW + timedelta(days=1))
    book.learn("account:900", StoredPartner(partner=PRAIRIE, at=NOW))
    book.learn("account:900", later)

    assert book.recall("account:900") == later


class TestLessons:
    """The port Lessons."""

    MONTH = timedelta(days=30)

    @pytest.fixture
    def education_log(self, engine):
        return SqlEducationLog(engine, "default")

    @pytest.mark.parametrize(
        ("pupil", "ticket", "after", "granted"),
        [
            pytest.param("p1", "t1", timedelta(0), True, id="the same ticket, again"),
            pytest.param("p1", "t2", MONTH - timedelta(seconds=1), False, id="another ticket, too early"),
            pytest.param("p1", "t2", MONTH, True, id="another ticket, when the time is over"),
            pytest.param("p2", "t2", timedelta(0), True, id="another partner"),
        ],
    )
    def test_a_partner_is_taught_once_within_the_time(self, education_log, partner_key, ticket, after, granted):
        assert education_log.claim("p1", "t1", now=NOW, every=self.MONTH)

        assert education_log.claim(partner_key, ticket, now=NOW + after, every=self.MONTH) is granted

    def test_of_many_tickets_at_once_one_is_chosen(self, education_log):
        with ThreadPoolExecutor(8) as pool:
            granted = list(pool.map(lambda n: education_log.claim("p1", f"t{n}", now=NOW, every=self.MONTH), range(8)))

        assert sum(granted) == 1

    def test_a_portal_has_its_own_partners(self, education_log, engine):
        education_log.claim("p1", "t1", now=NOW, every=self.MONTH)

        assert SqlEducationLog(engine, "other").claim("p1", "t2", now=NOW, every=self.MONTH)
