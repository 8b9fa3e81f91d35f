"""A comment: its reference, by which it is found again in Desk (L6), and its text, which mentions nobody."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from desk_sync.domain.ticket.effect import Effect, EffectKind

NOTE = Effect(key="decision", kind=EffectKind.DECISION, text="large")
TICKET = "100000000000000001"


def test_a_comment_of_an_earlier_version_is_still_found():
    assert NOTE.reference(TICKET) == "ds-545219e123fa"


def test_a_comment_keeps_its_reference_when_its_text_is_edited():
    edited = replace(NOTE, text="not large", kind=EffectKind.UPDATE, public=True)

    assert edited.reference(TICKET) == NOTE.reference(TICKET)


@given(st.lists(st.tuples(st.text(max_size=8), st.from_regex(r"[0-9]{1,18}", fullmatch=True)), unique=True))
def test_no_two_comments_share_a_reference(places):
    references = [replace(NOTE, key=key).reference(ticket_id) for key, ticket_id in places]

    assert len(set(references)) == len(places)
    assert all(re.fullmatch(r"ds-[0-9a-f]{12}", reference) for reference in references)


@given(st.text(), st.sampled_from([kind for kind in EffectKind if kind is not EffectKind.ESCALATION]))
@example("of zsu[@user:7]zsu", EffectKind.REVIEW)
@example("of ZSU[@team:7_all]ZSU", EffectKind.UPDATE)
def test_a_comment_mentions_no_agent_whom_a_text_of_others_names(text, kind):
    written = Effect(key="k", kind=kind, text=text).text

    assert "zsu[" not in written.lower()
    assert len(written) == len(text)
