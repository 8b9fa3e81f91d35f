"""The wording of a text: its fixed parts in their order, from its beginning to its end, without blanks."""

from __future__ import annotations

import pytest

from desk_sync.domain.fingerprint import without_blanks
from desk_sync.domain.ticket.wording import Wording


@pytest.mark.parametrize(
    ("parts", "text", "matches"),
    [
        pytest.param(["Hello you"], "Hello  you\n", True, id="other blanks"),
        pytest.param(["Hello you"], "Hello you there", False, id="more than one part"),
        pytest.param(["Due ", " at the latest."], "Due 12:00 at the latest.", True, id="something between two parts"),
        pytest.param(["Due ", " at the latest."], "Due at the latest.", True, id="nothing between two parts"),
        pytest.param(["Due ", " at the latest."], "It is due 12:00 at the latest.", False, id="another beginning"),
        pytest.param(["Due ", " at the latest."], "Due 12:00 at the latest. Ada", False, id="another end"),
        pytest.param(["a", "b", "c", "d"], "a1b2c3d", True, id="four parts"),
        pytest.param(["a", "b", "c", "d"], "a1c2b3d", False, id="another order"),
        pytest.param(["a", "b", "b"], "a1b", False, id="a part that is needed twice"),
        pytest.param(["ab", "ba"], "aba", False, id="parts that overlap"),
        pytest.param(["Request ", ""], "Request 7", True, id="an open end"),
    ],
)
def test_a_text_matches_its_wording(parts, text, matches):
    assert Wording.of(parts).matches(without_blanks(text)) is matches
