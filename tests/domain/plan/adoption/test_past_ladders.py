"""The escalation from a ticket's traces: which levels were raised, of which ladder, and who asked for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm
from desk_sync.domain.escalation.escalate import EscalationState, step_key, stop_key
from desk_sync.domain.escalation.ladder import LadderCause, LadderRung, RaisedLevel
from desk_sync.domain.escalation.requests import EscalationRequest, EscalationRequests, Requester
from desk_sync.domain.escalation.triggers import request_key
from desk_sync.domain.plan.adoption.past_ladders import PastLadders
from desk_sync.domain.plan.adoption.traces import TicketTraces
from desk_sync.domain.plan.memory import EscalationMemory
from desk_sync.domain.plan.note.note import NOTE
from desk_sync.domain.ticket.effect import reference_of
from desk_sync.domain.ticket.past import PastChange, PastEdit, TicketPast
from tests.support.clock_scenes import HOUR
from tests.support.makers import NOW, PERSON, ROBOT
from tests.support.plan_scenes import LARGE, LATE, LATE_TICKET, SMALL, STAFFED, draft, past, with_escalation

POLICY = with_escalation(STAFFED)
RISKY = with_escalation(STAFFED, at_risk=frozenset({1}))
CLOCK = "acknowledgement:20261123T050000Z"
DETERMINATION = "determination:20261123T050000Z"
ACKNOWLEDGEMENT, OLDER = f"{CLOCK}:20261123T080000Z", "acknowledgement:1"


def comment_on(key: str, level: int, at=NOW, *, public: bool = False) -> ConversationItem:
    """Return our comment on a level."""
    return note(step_key(key, level), at, public=public)


def note(effect: str, at=NOW, *, public: bool = False) -> ConversationItem:
    """Return our comment that is an effect."""
    return ConversationItem(
        ref=effect,
        at=at,
        form=ItemForm.COMMENT,
        author=AuthorKind.AGENT,
        author_id=ROBOT,
        public=public,
        reference=reference_of(LATE_TICKET.ticket_id, effect),
    )


EDITED = replace(note(NOTE, NOW - 2.5 * HOUR), edited_at=NOW)
"""The note of the clocks, made after the first target, and edited now."""


def change(name, after, *, by=PERSON, at=NOW):
    return PastChange(name=name, at=at, by=by, before=None, after=after)


def adopted(
    *comments,
    changes=(),
    edits=(),
    memory=None,
    since_new=None,
    policy=POLICY,
    ticket=LATE_TICKET,
    lookup=LARGE,
    facts=LATE,
    known=(),
):
    traces = TicketTraces(
        comments=comments, past=TicketPast(changes=tuple(changes), edits=edits), agents=frozenset({ROBOT})
    )
    context = draft(ticket, lookup, policy=policy, **facts).escalation.context
    memory = memory or EscalationMemory(state=EscalationState(known=frozenset(known)))
    return PastLadders(context, traces, memory, since_new).adopted()


def test_a_level_is_raised_at_the_instant_of_its_comment():
    state = adopted(comment_on(ACKNOWLEDGEMENT, 1, NOW - HOUR), comment_on(ACKNOWLEDGEMENT, 2)).state

    assert [(each.ladder, each.level, each.at) for each in state.raised] == [
        (ACKNOWLEDGEMENT, 1, NOW - HOUR),
        (ACKNOWLEDGEMENT, 2, NOW),
    ]
    assert (state.ladder.key, state.ladder.because) == (ACKNOWLEDGEMENT, LadderCause.ACKNOWLEDGEMENT)
    assert ACKNOWLEDGEMENT in state.known


def test_a_ladder_that_is_known_stays_as_it_was_frozen():
    known = adopted(comment_on(ACKNOWLEDGEMENT, 1, NOW - HOUR))
    frozen = replace(known, state=replace(known.state, ladder=replace(known.state.ladder, policy_version="old")))

    state = adopted(comment_on(ACKNOWLEDGEMENT, 1, NOW - HOUR), comment_on(ACKNOWLEDGEMENT, 2), memory=frozen).state

    assert (state.ladder.policy_version, [each.level for each in state.raised]) == ("old", [1, 2])


def test_a_ladder_of_an_older_version_is_about_the_clock_that_it_was_named_by():
    state = adopted(comment_on(OLDER, 1, NOW - HOUR)).state

    assert (state.ladder.key, state.ladder.about, state.ladder.started_at) == (OLDER, CLOCK, NOW - HOUR)
    assert [each.ladder for each in state.raised] == [OLDER]


def test_a_ladder_whose_breach_is_gone_is_found_by_the_severity_of_that_time():
    lowered = {"history": past("0h s1, 5m message, 3h45m s3")}

    ticket = replace(LATE_TICKET, severity="S3-Minimal")

    state = adopted(comment_on(ACKNOWLEDGEMENT, 1, NOW - HOUR), ticket=ticket, lookup=SMALL, facts=lowered).state

    assert [each.ladder for each in state.raised] == [ACKNOWLEDGEMENT]
    assert (state.ladder.about, state.ladder.reason.text) == (CLOCK, "a comment of 2026-11-23 08:00Z reports it")


@pytest.mark.parametrize("notes", [0, 1, 2])
def test_a_note_that_a_ladder_stopped_is_known(notes):
    stopped = [note(stop_key(ACKNOWLEDGEMENT, number)) for number in range(1, notes + 1)]

    state = adopted(comment_on(ACKNOWLEDGEMENT, 1, NOW - HOUR), *stopped).state

    assert (state.stops, state.lapsed) == (notes, {ACKNOWLEDGEMENT} if notes else set())


@pytest.mark.parametrize(
    ("key", "about"),
    [(ACKNOWLEDGEMENT, CLOCK), ("overrun:20261123T080000Z", "overrun"), ("cluster:account", ""), (OLDER, "")],
)
def test_a_key_names_the_clock_or_the_overrun(key, about):
    assert (
        adopted(comment_on(key, 1, NOW - HOUR), known={key}, facts={"history": past(hours=0)}).state.ladder.about
        == about
    )


def test_a_report_of_a_breach_of_security_starts_no_ladder():
    state = adopted(comment_on("security", 3)).state

    assert ([each.because for each in state.raised], state.ladder) == ([LadderCause.SECURITY], None)


def test_a_ladder_whose_trigger_is_forgotten_starts_with_its_first_comment():
    ladder = adopted(comment_on("cluster:account", 1, NOW - HOUR), comment_on("cluster:account", 2)).state.ladder

    assert (ladder.because, ladder.started_at) == (LadderCause.CLUSTER, NOW - HOUR)


def test_a_new_ladder_keeps_the_levels_of_the_one_that_was_running():
    before = adopted(comment_on("cluster:account", 1, NOW - 2 * HOUR)).state
    higher = replace(before.ladder, rungs=(*before.ladder.rungs, LadderRung(9)))

    memory = EscalationMemory(state=replace(before, ladder=higher))
    ladder = adopted(
        comment_on("cluster:account", 1, NOW - 2 * HOUR), comment_on(ACKNOWLEDGEMENT, 1), memory=memory
    ).state.ladder

    assert (ladder.key, ladder.top) == (ACKNOWLEDGEMENT, 9)


@pytest.mark.parametrize(
    ("since_new", "known"),
    [
        pytest.param(NOW, {ACKNOWLEDGEMENT}, id="it happened before we first acted"),
        pytest.param(NOW - 3 * HOUR, set(), id="it happened later"),
        pytest.param(None, set(), id="there is a memory"),
    ],
)
def test_what_happened_before_our_first_act_is_known(since_new, known):
    assert adopted(since_new=since_new).state.known == known


ASKED_AT = NOW - 5 * timedelta(minutes=1)


@pytest.mark.parametrize(
    ("changes", "comments", "request_made"),
    [
        pytest.param([], [], None, id="nobody asked"),
        pytest.param(
            [change("escalation_request", True, at=ASKED_AT)],
            [],
            (Requester.AGENT, ASKED_AT),
            id="an agent ticked the box",
        ),
        pytest.param(
            [change("escalation_request", True, by=None, at=ASKED_AT)],
            [],
            (Requester.PARTNER, ASKED_AT),
            id="the partner did",
        ),
        pytest.param(
            [change("status", "please ESCALATE", at=ASKED_AT)],
            [],
            (Requester.AGENT, ASKED_AT),
            id="a status asks for it",
        ),
        pytest.param([change("status", "Open")], [], None, id="another status does not"),
        pytest.param(
            [], [comment_on(request_key(ASKED_AT), 1)], (Requester.PARTNER, ASKED_AT), id="only our comment tells of it"
        ),
        pytest.param(
            [], [comment_on(request_key(ASKED_AT), 1, public=True)], None, id="a public comment says nothing of it"
        ),
    ],
)
def test_an_open_request_was_made_when_desk_says(changes, comments, request_made):
    rules = replace(STAFFED.requests, statuses=frozenset({"Please escalate"}))

    requests = adopted(*comments, changes=changes, policy=with_escalation(STAFFED, requests=rules)).requests

    assert (requests.request and (requests.request.by, requests.request.at)) == request_made


def test_a_request_that_is_remembered_stays():
    request = EscalationRequest(by=Requester.AGENT, at=NOW)
    memory = EscalationMemory(requests=EscalationRequests(request=request, taken_over=((NOW, None),)))

    assert adopted(memory=memory).requests == memory.requests


def test_take_overs_last_from_tick_to_untick():
    changes = [
        change("taken_over", False, at=NOW - 4 * HOUR),
        change("taken_over", True, at=NOW - 3 * HOUR),
        change("taken_over", False, at=NOW - 2 * HOUR),
        change("taken_over", True, at=NOW - HOUR),
    ]

    assert adopted(changes=changes).requests.taken_over == ((NOW - 3 * HOUR, NOW - 2 * HOUR), (NOW - HOUR, None))


def test_levels_that_are_remembered_are_not_raised_again():
    raised = RaisedLevel(ladder=ACKNOWLEDGEMENT, because=LadderCause.ACKNOWLEDGEMENT, level=1, at=NOW)
    memory = EscalationMemory(state=EscalationState(raised=(raised,), known=frozenset({ACKNOWLEDGEMENT})))

    assert adopted(comment_on(ACKNOWLEDGEMENT, 1), memory=memory).state.raised == (raised,)


class TestTargetsThatWereNotified:
    """R36b: the note of the clocks is written at the look that notifies of a target."""

    AT_RISK = frozenset({f"{CLOCK}:20261123T060000Z:at_risk", f"{DETERMINATION}:20261123T070000Z:at_risk"})

    @pytest.mark.parametrize(
        ("notes", "edited_by", "warned"),
        [
            pytest.param([note(NOTE, NOW - 2.5 * HOUR)], ROBOT, 1, id="the note was made after the first target"),
            pytest.param([EDITED], ROBOT, 2, id="and edited after the second"),
            pytest.param([EDITED], PERSON, 1, id="an edit of a person says nothing"),
            pytest.param([note(NOTE, NOW - 3.5 * HOUR)], ROBOT, None, id="a note from before the targets"),
            pytest.param(
                [note(f"clock:{CLOCK}:20261123T060000Z:at_risk")], ROBOT, 1, id="a comment of an older version"
            ),
            pytest.param([], ROBOT, None, id="no comment"),
        ],
    )
    def test_they_are_those_that_passed_before_the_note_was_written(self, notes, edited_by, warned):
        edits = (PastEdit(at=NOW, by=edited_by),)

        found = adopted(*notes, edits=edits, policy=RISKY).state.warned

        assert found is None if warned is None else len(found) == warned
        assert (found or frozenset()) <= self.AT_RISK
