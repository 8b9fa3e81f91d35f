"""The memory of a ticket: which events are news, intended writes after a crash, and a past that is judged anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.account.identity import IdentifierKind
from desk_sync.domain.commitment.seen_items import NEVER_READ, REMEMBERED, SeenItems, SeenState
from desk_sync.domain.escalation.escalate import EscalationState
from desk_sync.domain.plan.memory import (
    READING,
    AppliedValue,
    ClocksMemory,
    CommentsMemory,
    EvidenceMemory,
    FieldsMemory,
    Memory,
    Override,
    is_news,
)
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.event import EventHint, EventItem
from desk_sync.domain.ticket.held_back import EVERY, FieldRefusal, RefusalKind, hold_back
from desk_sync.domain.ticket.waiting_comment import CommentRefusal, put_off
from desk_sync.domain.ticket.written_request import RequestKind, WrittenRequest
from tests.support.clock_scenes import HOUR
from tests.support.makers import NOW, PERSON, ROBOT, changed, make_event, make_evidence, make_memory, make_ticket
from tests.support.plan_scenes import BOX, LARGE_BASIS, OURS, SEVERITY, TREATED, known_clocks

MEMORY = make_memory(written_digest="after", read_digest="before")
THREAD = {"hint": EventHint.CONVERSATION, "item": EventItem.THREAD, "actor_id": PERSON}
COMMENT = THREAD | {"item": EventItem.COMMENT}


@pytest.mark.parametrize(
    ("event", "news"),
    [
        pytest.param({"state": "after", "before": "before"}, False, id="the echo of our own write"),
        pytest.param({"state": "after", "before": "after"}, False, id="nothing that we read has changed"),
        pytest.param({"state": "after", "before": None}, False, id="the state that we know, reported again"),
        pytest.param({"state": "after", "before": "else"}, True, id="changed, and changed back"),
        pytest.param({"state": "else", "before": "after"}, True, id="a change"),
        pytest.param({"state": "before", "before": None}, True, id="an older state: a later event may be lost"),
        pytest.param({"state": None, "before": None}, True, id="a payload without all that we read"),
        pytest.param({"hint": EventHint.GONE}, True, id="deleted"),
        pytest.param(THREAD, True, id="a thread"),
        pytest.param(THREAD | {"actor_id": ROBOT}, True, id="a thread, by our agent"),
        pytest.param(COMMENT, True, id="a comment"),
        pytest.param(COMMENT | {"actor_id": ROBOT}, False, id="our own public comment"),
        pytest.param(COMMENT | {"actor_id": ROBOT, "reference": "ds-1"}, False, id="our own private comment"),
        pytest.param(COMMENT | {"actor_id": ROBOT, "reference": "ds-2"}, True, id="one that another database knows"),
        pytest.param(COMMENT | {"reference": "ds-2"}, True, id="a comment that quotes another"),
        pytest.param({"hint": EventHint.CONVERSATION}, True, id="an event of an earlier version"),
    ],
)
def test_an_event_is_news_unless_the_last_look_knew_it(event, news):
    assert is_news(make_event(**event), MEMORY, {"ds-1"}, {ROBOT}) is news


def test_a_ticket_that_was_never_looked_at_is_always_news():
    assert is_news(make_event(state=None), Memory(), set(), set())
    assert is_news(make_event(state="x"), Memory(), set(), set())


@pytest.mark.parametrize(
    ("modified_at", "news"),
    [
        pytest.param(NOW, False, id="our own write"),
        pytest.param(NOW + timedelta(seconds=1), True, id="a later change"),
        pytest.param(None, False, id="an event without an instant"),
    ],
)
def test_while_a_field_is_held_back_a_later_change_of_what_is_not_read_is_news(modified_at, news):
    memory = make_memory(written_digest="after", left_at=NOW)

    assert is_news(make_event(state="after", before="after", modified_at=modified_at), memory, set(), set()) is news


@pytest.mark.parametrize(
    ("planned", "look_at"),
    [
        pytest.param(None, NOW + EVERY, id="nothing else is due"),
        pytest.param(NOW + 2 * EVERY, NOW + EVERY, id="before the planned look"),
        pytest.param(NOW, NOW, id="after it"),
    ],
)
def test_the_next_look_is_no_later_than_the_next_try_of_a_field_that_is_held_back(planned, look_at):
    refusal = FieldRefusal(kind=RefusalKind.INVALID)
    held = hold_back(refusal, None, value="x", found=None, now=NOW, mapping="p1")
    overdue = hold_back(refusal, None, value="x", found=None, now=NOW - 2 * EVERY, mapping="p1")

    fields = FieldsMemory(held_back={BOX: held, SEVERITY: overdue})

    assert Memory(fields=fields).next_look_at(planned, NOW) == look_at


def test_the_next_look_is_no_later_than_the_next_try_of_a_comment():
    comment = Effect(key="a", kind=EffectKind.UPDATE, text="A text.")
    waiting = put_off(comment, CommentRefusal(reason="no"), None, NOW)

    memory = Memory(comments=CommentsMemory(waiting={"a": waiting}))

    assert memory.next_look_at(NOW + EVERY, NOW) == waiting.try_again_at


def test_a_public_comment_keeps_the_text_that_was_announced():
    announced = Effect(key="a", kind=EffectKind.UPDATE, text="News at 9.", public=True, frame=("News at ", ""))
    private = Effect(key="b", kind=EffectKind.ESCALATION, text="As of 9.")

    memory = CommentsMemory().announcing([announced, private])

    assert memory.as_announced(replace(announced, text="News at 10.")) == replace(announced, frame=())
    assert memory.as_announced(replace(private, text="As of 10.")).text == "As of 10."


@pytest.mark.parametrize(
    ("facts", "escalating", "kept"),
    [
        pytest.param({"kept": True}, False, True, id="a level that was raised"),
        pytest.param({"kept": True, "public": True}, True, True, id="the partner's update, while it escalates"),
        pytest.param({"kept": True, "public": True}, False, False, id="it is over: the partner is not told any more"),
        pytest.param({}, True, False, id="planned again by each look"),
    ],
)
def test_a_comment_that_waits_is_made_later_if_it_is_still_right(facts, escalating, kept):
    comment = Effect(key="a", kind=EffectKind.UPDATE, text="A text.", **facts)
    waiting = put_off(comment, CommentRefusal(reason="no"), None, NOW)

    found = list(CommentsMemory(waiting={"a": waiting}).kept(escalating=escalating))

    assert found == [comment] * kept


LOW = make_ticket(severity="S3-Minimal")


class TestIntendedWrites:
    """L7: after a crash around a write it is certain whose value the ticket has."""

    def test_those_of_an_earlier_look_are_kept_beside_the_new_ones(self):
        memory = FieldsMemory(intended={BOX: OURS[BOX]}).intending({SEVERITY: OURS[SEVERITY]}, make_ticket())

        assert memory.intended == OURS

    def test_the_latest_intention_for_a_field_counts(self):
        older = AppliedValue(value="S2-Moderate", before=None, basis=LARGE_BASIS)

        assert FieldsMemory(intended={SEVERITY: older}).intending(OURS, make_ticket()).intended == OURS

    FOUND = make_ticket(severity="S2-Moderate")
    OURS_THERE = make_ticket(**TREATED)

    @pytest.mark.parametrize(
        ("ticket", "events", "written"),
        [
            pytest.param(OURS_THERE, [], {BOX, SEVERITY}, id="all are there"),
            pytest.param(FOUND, [], set(), id="none is there, and nothing shows that one was"),
            pytest.param(replace(LOW, large_user=True), [], {BOX, SEVERITY}, id="one was replaced"),
            pytest.param(replace(FOUND, large_user=True), [], {BOX, SEVERITY}, id="one was put back"),
            pytest.param(LOW, [], {SEVERITY}, id="a third value came after our reading"),
            pytest.param(FOUND, [changed(FOUND, OURS_THERE, by=ROBOT)], {BOX, SEVERITY}, id="our echo shows them"),
            pytest.param(FOUND, [changed(OURS_THERE, FOUND)], {BOX, SEVERITY}, id="an event shows their end"),
            pytest.param(FOUND, [changed(LOW, FOUND)], set(), id="an event of another change"),
        ],
    )
    def test_the_values_of_one_write_come_true_together(self, ticket, events, written):
        memory = FieldsMemory().intending(OURS, self.FOUND).settled(ticket, events)

        assert (memory.applied.keys(), memory.intended.keys()) == (written, OURS.keys() - written)

    def test_a_value_that_was_announced_by_an_earlier_version_replaces_the_one_before_ours(self):
        assert FieldsMemory(intended=OURS).settled(self.FOUND, []).applied == {}

    @given(st.booleans(), st.sampled_from([None, "S1-Critical"]), st.sampled_from([{}, OURS]))
    def test_settling_twice_is_settling_once(self, box, severity, applied):
        ticket = make_ticket(large_user=box, severity=severity)
        settled = FieldsMemory(applied=applied, intended=OURS).settled(ticket, [])

        assert settled.settled(ticket, []) == settled

    def test_a_value_that_was_applied_before_stays_if_nothing_was_intended(self):
        memory = FieldsMemory(applied=OURS)

        assert memory.settled(make_ticket(**TREATED), []) == memory == memory.settled(make_ticket(), [])


class TestEvidence:
    def test_each_mail_and_each_piece_of_evidence_is_remembered_once(self):
        first, second = make_evidence("a@one.example"), make_evidence("b@two.example")
        memory = EvidenceMemory().after([first], ["2"], threads=2).after([second, first], ["3"], threads=3)

        assert (memory.from_threads, memory.mails_read, memory.threads_read) == ((first, second), ("3", "2"), 3)

    def test_what_was_not_read_is_remembered_once(self):
        memory = (
            EvidenceMemory().after([], ["1"], threads=2, unread=["x"]).after([], ["2"], threads=3, unread=["y", "x"])
        )

        assert memory.unread == ("x", "y")

    def test_only_the_last_mails_are_remembered(self):
        many = map(str, range(100, 100 + REMEMBERED))
        memory = EvidenceMemory().after([], ["1"], threads=2).after([], many, threads=9)

        assert len(memory.mails_read) == REMEMBERED
        assert "1" not in memory.mails_read


def test_both_lists_must_have_been_read_since_an_instant():
    read, older = SeenItems(read_at=NOW), SeenItems(read_at=NOW - HOUR)

    assert ClocksMemory(threads_seen=read, comments_seen=read).read_since(NOW)
    assert not ClocksMemory(threads_seen=read, comments_seen=older).read_since(NOW)
    assert not ClocksMemory(threads_seen=older, comments_seen=read).read_since(NOW)


class TestUnjudged:
    def test_only_the_severities_are_kept_as_they_were_read(self):
        memory = known_clocks("0h s2, 1h reply, 1h30m paused, 2h s1", threads_counted=3).clocks

        kept = memory.unjudged()

        assert kept.inputs.history == known_clocks("0h s2, 2h s1").clocks.inputs.history
        assert (kept.inputs.promise, kept.threads_counted) == (memory.inputs.promise, 3)

    def test_a_memory_without_clocks_has_nothing_to_forget(self):
        assert ClocksMemory().unjudged() == ClocksMemory()


ALL_SEEN = SeenItems(read_at=NOW, states={"1": SeenState.PUBLIC})
ENDED = known_clocks(
    "0h s1, 1h reply, 2h solved",
    threads_seen=ALL_SEEN,
    comments_seen=ALL_SEEN,
    threads_counted=3,
    comments_counted=2,
    suppressed=frozenset({"resolution:1:breached"}),
    applied={SEVERITY: AppliedValue(value="S1-Critical", before=None, basis=LARGE_BASIS)},
    overrides={BOX: Override(value=False, basis=LARGE_BASIS)},
    state=EscalationState(known=frozenset({"acknowledgement:1"})),
    from_threads=(make_evidence("admin@large.example", IdentifierKind.EMAIL),),
    threads_read=3,
    mails_read=("1", "2"),
    unread=("one mail is too large",),
    written_digest="left",
)


def test_of_an_ended_ticket_it_is_forgotten_which_parts_of_the_conversation_were_read():
    small = ENDED.reopenable()

    assert (small.clocks.threads_seen, small.clocks.comments_seen) == (NEVER_READ, NEVER_READ)
    assert (small.evidence.mails_read, small.evidence.unread) == ((), ())


def test_all_else_of_an_ended_ticket_is_kept():
    """Values, history and promise, suppressed alarms, levels and triggers, evidence, counts, and our last state."""
    small = ENDED.reopenable()

    clocks = replace(small.clocks, threads_seen=ALL_SEEN, comments_seen=ALL_SEEN)
    evidence = replace(small.evidence, mails_read=("1", "2"), unread=ENDED.evidence.unread)
    assert replace(small, clocks=clocks, evidence=evidence) == ENDED


def test_what_is_kept_of_an_ended_ticket_cannot_become_smaller():
    assert ENDED.reopenable().reopenable() == ENDED.reopenable()


class TestRequestsInMails:
    def mail(self, number):
        return WrittenRequest(kind=RequestKind.ESCALATION, mail=str(number), at=NOW + timedelta(minutes=number))

    def test_the_newest_are_remembered_each_mail_once(self):
        mails = [self.mail(number) for number in range(REMEMBERED + 5)]

        memory = EvidenceMemory().with_requests(mails[:3]).with_requests(mails)

        assert list(memory.requests) == mails[5:]

    def test_they_stay_when_the_rules_of_reading_evidence_change(self):
        memory = EvidenceMemory(mails_read=("1",), reading=READING - 1).with_requests([self.mail(1)])

        assert memory.current() == EvidenceMemory(reading=READING, requests=memory.requests)
