"""Desired values: a value together with its basis."""

from __future__ import annotations

import pytest

from desk_sync.domain.ticket.desired import DesiredValue


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(DesiredValue("S1-Critical", "60 licences"), True, id="the same value on the same basis"),
        pytest.param(DesiredValue("S1-Critical", "61 licences"), False, id="the same value on another basis (L7)"),
        pytest.param(DesiredValue("S2-Moderate", "60 licences"), False, id="another value on the same basis"),
        pytest.param(DesiredValue(None, "60 licences"), False, id="an empty field"),
    ],
)
def test_a_new_basis_is_a_new_desired_value(other, same):
    assert (DesiredValue("S1-Critical", "60 licences") == other) is same
