"""The port PartnerBook: what Desk said of who writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from desk_sync.adapters.store.partners import SqlPartners
from desk_sync.domain.partner import Partner
from desk_sync.ports import Learnt
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
        pytest.param(Learnt(partner=PRAIRIE, at=NOW), id="a partner"),
        pytest.param(Learnt(partner=None, at=NOW), id="nobody"),
        pytest.param(Learnt(partner=None, at=NOW, refused=True), id="a refusal"),
    ],
)
def test_it_is_recalled_as_it_was_learnt(book, learnt):
    book.learn("account:900", learnt)

    assert book.recall("account:900") == learnt


def test_nothing_is_known_of_whom_nobody_asked_about(book, engine):
    book.learn("account:900", Learnt(partner=PRAIRIE, at=NOW))

    assert book.recall("account:901") is None
    assert SqlPartners(engine, "other").recall("account:900") is None


def test_what_was_learnt_last_counts(book):
    later = Learnt(partner=replace(PRAIRIE, tier="Advanced"), at=NOW + timedelta(days=1))
    book.learn("account:900", Learnt(partner=PRAIRIE, at=NOW))
    book.learn("account:900", later)

    assert book.recall("account:900") == later
