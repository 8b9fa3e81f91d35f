"""Countries as people and systems write them."""

from __future__ import annotations

import pytest

from desk_sync.adapters.text import countries
from desk_sync.adapters.text.countries import country_code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        pytest.param("DE", "DE", id="a code"),
        pytest.param(" de ", "DE", id="a code with spaces, in small letters"),
        pytest.param("UK", "GB", id="a code that is written by mistake"),
        pytest.param("Germany", "DE", id="English"),
        pytest.param("Deutschland", "DE", id="German"),
        pytest.param("Brasil", "BR", id="Portuguese"),
        pytest.param("Alemania", "DE", id="Spanish"),
        pytest.param("Pays-Bas", "NL", id="French"),
        pytest.param("日本", "JP", id="Japanese"),
        pytest.param("Polska", "PL", id="its own language"),
        pytest.param("The Netherlands", "NL", id="with an article"),
        pytest.param("The Bahamas", "BS", id="with an article, in no list"),
        pytest.param("Viet Nam", "VN", id="as the United Nations write it"),
        pytest.param("U.S.A.", "US", id="an abbreviation"),
        pytest.param("ÖSTERREICH", "AT", id="in capital letters"),
        pytest.param("Atlantis", None, id="no country"),
        pytest.param("", None, id="nothing"),
        pytest.param(" . ", None, id="no letter"),
    ],
)
def test_a_country_is_read_as_it_is_written(written, code):
    assert country_code(written) == code


def test_an_empty_country_loads_no_list_of_names():
    """Most contacts have none, and the lists of all languages take a second to load."""
    before = countries._own_names.cache_info()

    country_code("")

    assert countries._own_names.cache_info() == before
