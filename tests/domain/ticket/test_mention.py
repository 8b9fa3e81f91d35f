from __future__ import annotations

import pytest

from desk_sync.domain.ticket.mention import mention, without_mentions


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Ada", "Ada", id="an ordinary name"),
        pytest.param("x zsu[@user:7]zsu", "x zsu(@user:7]zsu", id="a mention of an agent"),
        pytest.param("ZSU[@team:7]zsu", "ZSU(@team:7]zsu", id="in any case, of anything"),
    ],
)
def test_a_text_of_others_holds_no_mention(text, shown):
    assert without_mentions(text) == shown


def test_a_mention_is_found_in_a_text_of_ours_alone():
    assert without_mentions(mention("7")) != mention("7")
