"""When a field that Desk does not accept is tried again, and what people read of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.ticket.held_back import (
    ELSEWHERE,
    EVERY,
    SHORTEST,
    FieldRefusal,
    HeldBack,
    RefusalKind,
    hold_back,
)
from tests.support.makers import NOW

INVALID = FieldRefusal(kind=RefusalKind.INVALID)
UNANSWERED = FieldRefusal(kind=RefusalKind.UNANSWERED)


def hold(refusal: FieldRefusal = INVALID, before: HeldBack | None = None, **facts) -> HeldBack:
    return hold_back(refusal, before, **{"value": "S1-Critical", "found": None, "now": NOW, "mapping": "p1"} | facts)


@pytest.mark.parametrize("kind", RefusalKind)
def test_each_refusal_has_a_text_with_the_fields_that_it_names(kind):
    assert str(FieldRefusal(kind=kind).reason)
    assert FieldRefusal(kind=kind, detail="cf_region is missing").reason.endswith(": cf_region is missing")


@pytest.mark.parametrize(
    ("kind", "everywhere"),
    [
        (RefusalKind.INVALID, True),
        (RefusalKind.DUPLICATE, True),
        (RefusalKind.REFUSED, True),
        (RefusalKind.DROPPED, True),
        (RefusalKind.FORBIDDEN, True),
        pytest.param(RefusalKind.MISSING, False, id="another field of the ticket is empty"),
        pytest.param(RefusalKind.CHANGED, False, id="a rule acts on the ticket's values"),
        pytest.param(RefusalKind.OVERTAKEN, False, id="somebody acted on the ticket"),
        pytest.param(RefusalKind.UNANSWERED, False, id="no answer"),
    ],
)
def test_only_a_refusal_that_follows_from_the_field_may_hold_it_back_for_other_tickets(kind, everywhere):
    assert FieldRefusal(kind=kind).may_be_everywhere is everywhere


@pytest.mark.parametrize(
    ("refusal", "tries", "pause"),
    [
        pytest.param(INVALID, 1, EVERY, id="once an hour"),
        pytest.param(INVALID, 50, EVERY, id="however often"),
        pytest.param(UNANSWERED, 1, SHORTEST, id="no answer: soon"),
        pytest.param(UNANSWERED, 3, 4 * SHORTEST, id="then later"),
        pytest.param(UNANSWERED, 1000, EVERY, id="at most an hour"),
        pytest.param(
            FieldRefusal(kind=RefusalKind.UNANSWERED, at_least=timedelta(hours=3)), 1, timedelta(hours=3), id="as asked"
        ),
        pytest.param(
            FieldRefusal(kind=RefusalKind.UNANSWERED, at_least=timedelta(days=9)), 1, ELSEWHERE, id="not for ever"
        ),
        pytest.param(FieldRefusal(kind=RefusalKind.INVALID, sent=False), 0, ELSEWHERE, id="others try it"),
    ],
)
def test_the_pause_follows_from_the_refusal(refusal, tries, pause):
    assert refusal.pause(tries) == pause


def test_a_field_is_held_back_since_its_first_refusal_and_counts_its_tries():
    first = hold()
    second = hold(before=first, now=NOW + EVERY)

    assert (first.since, first.tries) == (NOW, 1)
    assert (second.since, second.tries, second.try_again_at) == (NOW, 2, NOW + 2 * EVERY)


def test_a_field_that_was_not_sent_was_not_tried():
    assert hold(FieldRefusal(kind=RefusalKind.INVALID, sent=False)).tries == 0


@pytest.mark.parametrize(
    ("facts", "waits"),
    [
        pytest.param({}, True, id="nothing changed"),
        pytest.param({"now": NOW + EVERY - timedelta(microseconds=1)}, True, id="just before the hour"),
        pytest.param({"now": NOW + EVERY}, False, id="the hour itself"),
        pytest.param({"value": "S2-Moderate"}, False, id="another value"),
        pytest.param({"mapping": "p2"}, False, id="another mapping"),
        pytest.param({"now": NOW - timedelta(days=2)}, False, id="the clock was put back"),
    ],
)
def test_it_waits_for_the_hour_unless_value_or_mapping_changed(facts, waits):
    given = {"value": "S1-Critical", "now": NOW, "mapping": "p1"} | facts

    assert hold().still_waits(given.pop("value"), **given) is waits
