from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.waiting_comment import CommentRefusal, put_off
from tests.support.makers import NOW

REFUSAL = CommentRefusal(reason="Desk answered 422")
SILENCE = CommentRefusal(reason="no answer", unanswered=True)
MINUTE = timedelta(minutes=1)
COMMENT = Effect(key="k", kind=EffectKind.UPDATE, text="A text.")


@pytest.mark.parametrize(
    ("refusal", "tries", "pause"),
    [
        pytest.param(REFUSAL, 1, timedelta(minutes=10), id="the first"),
        pytest.param(REFUSAL, 3, timedelta(minutes=40), id="each later one twice as long"),
        pytest.param(REFUSAL, 10_000, timedelta(hours=6), id="up to a bound"),
        pytest.param(SILENCE, 1, timedelta(seconds=30), id="soon, without an answer"),
        pytest.param(SILENCE, 10_000, timedelta(minutes=10), id="again and again"),
    ],
)
def test_the_pauses_grow(refusal, tries, pause):
    assert refusal.pause(tries) == pause


def test_a_comment_waits_since_its_first_refusal():
    first = put_off(COMMENT, REFUSAL, None, NOW)
    second = put_off(COMMENT, CommentRefusal(reason="other"), first, NOW + MINUTE)

    assert (second.since, second.tries, second.reason) == (NOW, 2, "other")
    assert second.try_again_at == NOW + 21 * MINUTE


@pytest.mark.parametrize(
    ("after", "waits"),
    [
        pytest.param(timedelta(0), True, id="at once"),
        pytest.param(10 * MINUTE, False, id="at its time"),
        pytest.param(-timedelta(days=1), False, id="our clock was put back"),
    ],
)
def test_it_is_not_tried_before_its_time(after, waits):
    assert put_off(COMMENT, REFUSAL, None, NOW).still_waits(NOW + after) is waits
