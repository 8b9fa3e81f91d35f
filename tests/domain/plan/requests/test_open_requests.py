"""The request that is open at a look: by a field, by a person's record, or by words (R33, R34)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.account.partner import TicketWriter
from desk_sync.domain.desk_clock import ClockOffset
from desk_sync.domain.escalation.escalate import NO_ESCALATION, EscalationState
from desk_sync.domain.escalation.ladder import LadderCause, RaisedLevel
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.escalation.requests import (
    NO_REQUESTS,
    EscalationRequest,
    EscalationRequests,
    Requester,
    RequestSource,
)
from desk_sync.domain.escalation.triggers import WordsEffect, request_key
from desk_sync.domain.plan.memory import EscalationMemory
from desk_sync.domain.plan.requests.open_requests import open_requests, requests_at
from desk_sync.domain.ticket.event import EventHint
from desk_sync.domain.ticket.written_request import DESCRIPTION, RequestKind, WrittenRequest
from tests.support.ladders import ladder
from tests.support.makers import ESCALATION, NOW, POLICY, make_event, make_ticket
from tests.support.plan_scenes import LARGE, LATE_TICKET, PRAIRIE, draft, look, observe, past, with_escalation

HOUR = timedelta(hours=1)
ASKED_AT = NOW - timedelta(minutes=10)
MAIL = WrittenRequest(kind=RequestKind.ESCALATION, mail="9", at=ASKED_AT)
DESCRIBED = WrittenRequest(kind=RequestKind.DISSATISFACTION, mail=DESCRIPTION, at=NOW - 4 * HOUR)
RAISING = with_escalation(requests=replace(ESCALATION.requests, words=WordsEffect.RAISE))
RECORDED = make_event(
    key="r", hint=EventHint.REQUEST, type="Request", state=None, actor_id="Ada", occurred_at=NOW - timedelta(minutes=1)
)


def request(source, at=NOW, **facts):
    return EscalationRequests(request=EscalationRequest(by=Requester.PARTNER, at=at, source=source, **facts))


def seen(*mails, ticket=None, **facts):
    return observe(ticket, **{"history": past(), "requests": mails} | facts)


def level(at):
    return EscalationState(raised=(RaisedLevel(ladder="k", because=LadderCause.REQUEST, level=1, at=at, roles=()),))


class TestOpenRequests:
    """A request in words is open until an escalation answers it."""

    @pytest.mark.parametrize(
        ("facts", "mails"),
        [
            pytest.param({}, [DESCRIBED, MAIL], id="of an open ticket, oldest first"),
            pytest.param({"history": None}, [], id="not without clocks"),
            pytest.param({"ticket": make_ticket(status_type="Closed")}, [], id="not of a closed ticket"),
            pytest.param({"ticket": make_ticket(in_bin=True)}, [], id="not in the bin"),
            pytest.param(
                {"related": RelatedFacts(active_since=NOW - HOUR)}, [MAIL], id="not from before escalation began here"
            ),
        ],
    )
    def test_each_mail_of_an_open_ticket_counts(self, facts, mails):
        ticket = replace(facts.pop("ticket", make_ticket()), written_request=DESCRIBED)

        assert list(open_requests(seen(MAIL, ticket=ticket, **facts), NO_ESCALATION, NO_REQUESTS)) == mails

    @pytest.mark.parametrize(
        ("state", "requests", "is_open"),
        [
            pytest.param(level(ASKED_AT), NO_REQUESTS, False, id="a level was raised since"),
            pytest.param(level(ASKED_AT - HOUR), NO_REQUESTS, True, id="a level was raised before"),
            pytest.param(NO_ESCALATION, request(RequestSource.FIELD, NOW - HOUR), False, id="the box is ticked"),
            pytest.param(NO_ESCALATION, request(RequestSource.PERSON), False, id="a person recorded it"),
            pytest.param(
                NO_ESCALATION, request(RequestSource.PERSON, NOW - HOUR), True, id="a person recorded an earlier one"
            ),
            pytest.param(NO_ESCALATION, request(RequestSource.WORDS), True, id="it is the open request itself"),
        ],
    )
    def test_an_escalation_answers_what_was_asked_before(self, state, requests, is_open):
        assert bool(open_requests(seen(MAIL), state, requests)) is is_open

    @pytest.mark.parametrize(
        ("started", "history", "is_open"),
        [
            pytest.param(HOUR, past(), False, id="it is running"),
            pytest.param(timedelta(minutes=5), past(), True, id="it started later"),
            pytest.param(2 * HOUR, past("3h reply"), True, id="a reply had stopped it"),
        ],
    )
    def test_a_ladder_answers_what_is_asked_while_it_runs(self, started, history, is_open):
        state = EscalationState(ladder=ladder(started_at=NOW - started))

        assert bool(open_requests(seen(MAIL, history=history), state, NO_REQUESTS)) is is_open


class TestTheRequestOfALook:
    def requested(self, *mails, before=NO_REQUESTS, policy=POLICY, **facts):
        return requests_at(seen(*mails, **facts), EscalationMemory(requests=before), policy).request

    @pytest.mark.parametrize("effect", [WordsEffect.SUGGEST, WordsEffect.OFF])
    def test_words_alone_request_nothing(self, effect):
        rules = replace(ESCALATION.requests, words=effect)

        assert self.requested(MAIL, policy=with_escalation(requests=rules)) is None

    def test_words_are_the_partners_request_where_the_mapping_follows_them(self):
        found = self.requested(DESCRIBED, MAIL, policy=RAISING)

        assert (found.by, found.at, found.source) == (Requester.PARTNER, ASKED_AT, RequestSource.WORDS)

    def test_a_later_mail_is_a_request_of_its_own(self):
        before = request(RequestSource.WORDS, DESCRIBED.at)

        assert self.requested(DESCRIBED, MAIL, before=before, policy=RAISING).at == ASKED_AT

    def test_words_that_are_no_longer_followed_request_nothing(self):
        assert self.requested(MAIL, before=request(RequestSource.WORDS, ASKED_AT)) is None

    def test_a_record_names_its_person_and_is_in_desks_time(self):
        offset = ClockOffset(behind=HOUR)

        found = self.requested(events=[RECORDED], offset=offset)

        assert (found.by, found.source, found.person) == (Requester.PARTNER, RequestSource.PERSON, "Ada")
        assert found.at == offset.in_desk_time(RECORDED.occurred_at)

    def test_a_record_stays_until_a_newer_one(self):
        before = request(RequestSource.PERSON, NOW - HOUR)

        assert self.requested(before=before) == before.request
        assert self.requested(before=before, events=[RECORDED]).person == "Ada"

    def test_a_box_that_is_ticked_comes_first(self):
        ticked = make_ticket(escalation_request=True)

        found = self.requested(MAIL, ticket=ticked, before=request(RequestSource.PERSON), policy=RAISING)

        assert found.source is RequestSource.FIELD

    def test_a_box_that_is_cleared_requests_nothing(self):
        assert self.requested(before=request(RequestSource.FIELD)) is None


class TestByTheRuleOfR33:
    """Level 1 at once if the response time has passed, else an entry for review; once for each request."""

    @pytest.mark.parametrize(
        ("facts", "policy"),
        [
            pytest.param({"requests": [MAIL]}, RAISING, id="words"),
            pytest.param({"events": [RECORDED]}, POLICY, id="a person's record"),
        ],
    )
    @pytest.mark.parametrize(
        ("hours", "until", "raised"),
        [
            pytest.param(4, None, True, id="the response time has passed"),
            pytest.param(1, None, False, id="it has not"),
            pytest.param(4, NOW.date() - timedelta(days=1), False, id="the contract has ended"),
            pytest.param(4, NOW.date(), True, id="the contract is valid"),
        ],
    )
    def test_it_is_raised_or_left_to_a_person(self, facts, policy, hours, until, raised):
        writer = replace(PRAIRIE, partner=replace(PRAIRIE.partner, contract_until=until))
        replied = past("0h reply", hours=hours)

        plan = look(LATE_TICKET, LARGE, policy=policy, history=replied, writer=writer, **facts)

        key = request_key((facts.get("requests") or [MAIL])[0].at if "requests" in facts else RECORDED.occurred_at)
        assert (key in plan.escalation.memory.state.known) is raised
        assert (plan.decision.questions[-1:] == ("whether to escalate, as somebody asked",)) is not raised

    def test_without_a_writer_the_contract_is_unknown_and_the_request_followed(self):
        plan = look(LATE_TICKET, LARGE, history=past("0h reply"), writer=TicketWriter(), events=[RECORDED])

        assert [each.because for each in plan.escalation.memory.state.raised] == [LadderCause.REQUEST]
        assert "as Ada recorded" in str(plan.decision.reasons)

    def test_what_was_raised_is_not_raised_again(self):
        first = draft(LATE_TICKET, LARGE, None, RAISING, history=past("0h reply"), requests=[MAIL])
        state = first.escalation.outcome.state

        again = first.escalation
        again = replace(again, memory=EscalationMemory(state=state, requests=first.escalation.requests))

        assert again.requests.request is None
        assert again.outcome.steps == ()
