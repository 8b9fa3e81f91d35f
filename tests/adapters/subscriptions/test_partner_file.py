"""The partner file: partners with their domains, or every mistake with its position."""

from __future__ import annotations

from datetime import date

import pytest

from desk_sync.adapters.subscriptions.partner_file import read_partners
from desk_sync.adapters.text.countries import COUNTRIES, country_code
from desk_sync.domain.account.partner import Partner
from desk_sync.errors import InputError

HEADING = "partner_name,domains,country,state,tier,contract_until\n"


@pytest.fixture
def file(tmp_path):
    def write(*rows, heading=HEADING):
        path = tmp_path / "partners.csv"
        path.write_text(heading + "".join(f"{row}\n" for row in rows), encoding="utf-8")
        return path

    return write


def test_a_partner_is_read_with_all_its_columns(file):
    [partner] = read_partners(file("Prairie,Prairie.example; prärie.example,Germany,NE,Premium,2027-03-31"))

    assert partner == Partner(
        name="Prairie",
        country="DE",
        state="NE",
        tier="Premium",
        domains=frozenset({"prairie.example", "xn--prrie-hra.example"}),
        contract_until=date(2027, 3, 31),
    )


def test_missing_columns_are_unknown(file):
    [partner] = read_partners(file("Prairie,prairie.example", heading="partner_name,domains\n"))

    assert (partner.country, partner.state, partner.tier, partner.contract_until) == (None, None, None, None)


@pytest.mark.parametrize(
    ("row", "where", "column", "message"),
    [
        pytest.param(",prairie.example,,,,", "partner_name", 1, "must not be empty", id="no name"),
        pytest.param("Prairie,,,,,", "domains", 2, "must not be empty", id="no domain"),
        pytest.param("Prairie,not a domain..,,,,", "domains", 2, "is not a domain", id="no domain at all"),
        pytest.param("Prairie,gmail.com,,,,", "domains", 2, "public mail provider", id="a public mail domain"),
        pytest.param("Prairie,prairie.example,Mars,,,", "country", 3, '"Mars" is not a country', id="no country"),
        pytest.param("Prairie,prairie.example,,,,soon", "contract_until", 6, "is not a date", id="no date"),
        pytest.param(
            "Prairie,first.example,,,,", "domains", 2, "first.example is on line 2 too", id="a domain of two partners"
        ),
    ],
)
def test_a_mistake_is_reported_with_its_position_and_nothing_is_read(file, row, where, column, message):
    with pytest.raises(InputError) as caught:
        read_partners(file("First,first.example,,,,", row))

    [problem] = caught.value.problems
    assert (problem.line, problem.column, problem.where) == (3, column, where)
    assert message in problem.message


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("DE", "DE"),
        ("uk", "GB"),
        (" deutschland ", "DE"),
        ("ÉTATS-UNIS", "US"),
        ("U.S.A.", "US"),
        ("日本", "JP"),
        ("Österreich", "AT"),
        ("Georgia", "GE"),
        ("Mars", None),
        ("", None),
    ],
)
def test_a_country_is_recognised_by_its_code_and_its_name_in_the_partners_languages(written, code):
    assert country_code(written) == code


def test_every_country_has_a_name_that_leads_to_it():
    from babel import Locale

    names = Locale.parse("en").territories

    assert {country_code(names[code]) for code in COUNTRIES} == COUNTRIES
