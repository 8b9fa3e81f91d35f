"""The state of a partner in the USA (R40)."""

from __future__ import annotations

import pytest

from desk_sync.domain.escalation.us_states import US_STATES, state_code


@pytest.mark.parametrize(
    ("country", "written", "code"),
    [
        pytest.param("US", "NY", "US-NY", id="the postal code"),
        pytest.param("US", "US-NY", "US-NY", id="the ISO code"),
        pytest.param("US", " new  york ", "US-NY", id="the name"),
        pytest.param("US", "Washington", "US-WA", id="the state of that name"),
        pytest.param("US", "Washington, D.C.", "US-DC", id="and the city"),
        pytest.param("US", "D.C.", "US-DC", id="with dots"),
        pytest.param("US", "Ontario", None, id="no state of the USA"),
        pytest.param("US", None, None, id="none"),
        pytest.param("DE", "NI", None, id="another country"),
        pytest.param(None, "NY", None, id="no country"),
    ],
)
def test_a_state_is_found_by_its_code_or_its_name(country, written, code):
    assert state_code(country, written) == code


def test_there_are_fifty_states_and_a_district():
    assert len(US_STATES) == 51
