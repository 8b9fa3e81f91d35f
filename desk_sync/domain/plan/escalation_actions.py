"""The actions of an escalation's steps: fields, comments, and messages to people (R37–R40, R22, R23)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.clock_reading import AT_RISK, alarm_key
from desk_sync.domain.escalation.basic_questions import HOWTO, BasicQuestion, QuestionRule, TooMany, advice, too_many
from desk_sync.domain.escalation.comments import (
    LevelDuty,
    StepFacts,
    Titles,
    level_duty,
    line,
    private_comment,
    request_note,
    stop_note,
    subject,
    warning,
)
from desk_sync.domain.escalation.escalate import EscalationOutcome, EscalationStep
from desk_sync.domain.escalation.ladder import Ladder, LadderCause, RaisedLevel
from desk_sync.domain.escalation.matrix import find_recipients, find_stand_ins
from desk_sync.domain.escalation.notice import Message, notice_routes
from desk_sync.domain.escalation.public_update import FALLBACK_LANGUAGE, PublicStep, UpdateTexts
from desk_sync.domain.escalation.staff import StaffMember
from desk_sync.domain.plan.escalation import EscalationContext, stands
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.ticket import Field, Ticket, Value

Agents: TypeAlias = Mapping[str, DeskAgent | None]
"""Desk's agents by e-mail address; None for an address without an agent."""


def agents_needed(outcome: EscalationOutcome, context: EscalationContext) -> frozenset[str]:
    """Return the addresses of the agents that Desk must be asked about before the steps can be made."""
    people = {person.agent for step in outcome.steps for person in step.recipients.people}
    assigned = any(context.policy.escalation.action(step.level).assign for step in outcome.steps)
    fallback = {context.policy.escalation.fallback_agent} if assigned else set()
    return frozenset(each for each in people | fallback if each)


def escalation_fields(outcome: EscalationOutcome, context: EscalationContext) -> Iterator[tuple[Field, DesiredValue]]:
    """Yield the values that show the escalation: level and owner while the ladder stands, else none.

    The owner are the people who answered for the level on the day on which it was raised (R37).
    """
    ladder, raised = outcome.state.ladder, outcome.state.raised
    standing = stands(outcome.state, context)
    last = next((each for each in reversed(raised) if standing and ladder and each.ladder == ladder.key), None)
    basis = f"{last.ladder}:{last.level}" if last else ""
    yield Field.ESCALATION_LEVEL, DesiredValue(str(last.level) if last else None, basis)
    yield Field.ESCALATION_OWNER, DesiredValue(_duty(last, ladder, context).owner if last and ladder else None, basis)


ESCALATION_FIELDS = frozenset({Field.ESCALATION_LEVEL, Field.ESCALATION_OWNER})


def actions(outcome: EscalationOutcome, context: EscalationContext, agents: Agents) -> dict[Field, DesiredValue]:
    """Return the values that the steps raised now set, once: a later change by a person stays."""
    values: dict[Field, DesiredValue] = {}
    for step in outcome.steps:
        action = context.policy.escalation.action(step.level)
        assigned = _assigned(step, context, agents) if action.assign else {}
        named = {Field.STATUS: action.status, Field.PRIORITY: action.priority, **assigned}
        values |= {name: DesiredValue(value, step.key) for name, value in named.items() if value}
    return values


def _assigned(step: EscalationStep, context: EscalationContext, agents: Agents) -> dict[Field, Value]:
    """Return the assignment: to the level's first agent who may have the ticket, to a team, or to the fallback."""
    chosen = _first_agent((person.agent for person in step.recipients.people), context, agents)
    if chosen:
        return {Field.ASSIGNEE: chosen.agent_id}
    team = next((person.team for person in step.recipients.people if person.team), None)
    if team:
        return {Field.TEAM: team}
    fallback = _first_agent([context.policy.escalation.fallback_agent], context, agents)
    return {Field.ASSIGNEE: fallback.agent_id} if fallback else {}


def _first_agent(addresses: Iterable[str | None], context: EscalationContext, agents: Agents) -> DeskAgent | None:
    known = (agents.get(address) for address in addresses if address)
    return next((agent for agent in known if agent and agent.can_be_given(context.ticket.department_id)), None)


def comments(
    outcome: EscalationOutcome, context: EscalationContext, updates: UpdateTexts, agents: Agents
) -> Iterator[Effect]:
    """Yield the private comment of each step with all facts, and the text of `updates` for the partner (R37).

    A ladder that stops because its reason has gone is noted in private.
    """
    for step in outcome.steps:
        text = private_comment(_facts(step, outcome, context, agents))
        yield Effect(key=step.key, kind=EffectKind.ESCALATION, text=text, kept=True)
        update = updates.write(_public_step(step, context), context.ticket.language)
        if update and _may_be_public(step, context.ticket):
            key, kind = f"{step.key}:public", EffectKind.UPDATE
            yield Effect(key=key, kind=kind, text=update.text, public=True, kept=True, frame=update.frame)
    if stopped := outcome.stopped:
        note = stop_note(stopped, context.reading.clocks, context.now, _zone(context))
        yield Effect(key=stopped.key, kind=EffectKind.ESCALATION, text=note, kept=True)
    for review in outcome.reviews:
        yield Effect(key=review.key, kind=EffectKind.REVIEW, text=request_note(review, _zone(context)))
    for found, rule in _questions(context):
        yield Effect(key=found.key, kind=EffectKind.REVIEW, text=_advice(found, rule, context))


def _public_step(step: EscalationStep, context: EscalationContext) -> PublicStep:
    return PublicStep(
        ticket=context.number,
        level=step.level,
        answering=step.recipients.found_at,
        because=step.because,
        since=step.ladder.started_at,
        next_at=step.next_at,
        zone=_zone(context),
    )


def _may_be_public(step: EscalationStep, ticket: Ticket) -> bool:
    """Return False for a report of a security breach that only words suggest: it is no fact for the partner."""
    return step.because is not LadderCause.SECURITY or ticket.issue_type == "security"


def messages(outcome: EscalationOutcome, context: EscalationContext) -> Iterator[Message]:
    """Yield the message to each recipient of a step, with the stand-ins for a recipient who cannot be reached."""
    for step in outcome.steps:
        about, text = step_notice(step, outcome, context)
        yield from _messages_to(context, step.recipients.people, step.stand_ins, topic=step.key, about=about, line=text)
    for clock in outcome.at_risk:
        about, text = risk_notice(clock, context)
        topic = alarm_key(clock, AT_RISK)
        yield from _messages_to(context, *_people_of(context, WARNED), topic=topic, about=about, line=text)
    for found, rule in _questions(context):
        yield from _to_the_manager(found, rule, context)


def step_notice(step: EscalationStep, outcome: EscalationOutcome, context: EscalationContext) -> tuple[str, str]:
    """Return subject and text of the notice on a level."""
    text = line(_facts(step, outcome, context, {}), context.number, context.ticket.url)
    return subject(step, context.number), text


def risk_notice(clock: Clock, context: EscalationContext) -> tuple[str, str]:
    """Return subject and text of the notice on a clock at risk (R36b)."""
    duty, zone = _warned(context), _zone(context)
    return warning(clock, context.number, context.ticket.url, now=context.now, zone=zone, duty=duty)


WARNED = 1
"""The level whose people are told that a clock is at risk (R36b)."""


def last_of_questions(context: EscalationContext) -> frozenset[str]:
    """Return the tickets with which the partner's basic questions became too many."""
    return frozenset(found.questions[-1].ticket_id for found, _ in _all_questions(context))


def _questions(context: EscalationContext) -> Iterator[tuple[TooMany, QuestionRule]]:
    """Yield the partner's basic questions if this ticket makes them too many (R22, R23)."""
    since = context.related.active_since
    for found, rule in _all_questions(context):
        if found.questions[-1].ticket_id == context.ticket.ticket_id and (since is None or found.at >= since):
            yield found, rule


def _all_questions(context: EscalationContext) -> Iterator[tuple[TooMany, QuestionRule]]:
    """Yield each time that the partner's basic questions became too many by the rule, if there is one."""
    if rule := context.policy.escalation.questions:
        yield from ((found, rule) for found in too_many(_questions_here(context), rule))


def _questions_here(context: EscalationContext) -> Iterator[BasicQuestion]:
    """Yield the partner's how-to tickets, with this one if it is one."""
    ticket = context.ticket
    yield from context.related.questions
    if ticket.issue_type == HOWTO:
        yield BasicQuestion(ticket_id=ticket.ticket_id, at=context.reading.history.created_at, number=context.number)


def _advice(found: TooMany, rule: QuestionRule, context: EscalationContext) -> str:
    return advice(found, context.partner, rule, [each.number for each in found.questions], _zone(context))


def _to_the_manager(found: TooMany, rule: QuestionRule, context: EscalationContext) -> Iterator[Message]:
    about, text = f"{context.partner}: {len(found.questions)} basic questions", _advice(found, rule, context)
    yield from _messages_to(context, *_people_of(context, rule.level), topic=found.key, about=about, line=text)


def _people_of(context: EscalationContext, level: int) -> tuple[Iterable[StaffMember], Iterable[StaffMember]]:
    """Return the people of a level by the present matrix, and the stand-ins for those who cannot be reached."""
    ladder, policy = context.ladder, context.policy.escalation
    chain, on = policy.matrix.chain(ladder.location), ladder.date_of(context.now)
    people = find_recipients(chain, level, policy.staff, on).people
    return people, tuple(find_stand_ins(chain, level, policy.staff, on))


def _messages_to(
    context: EscalationContext,
    people: Iterable[StaffMember],
    stand_ins: Iterable[StaffMember],
    *,
    topic: str,
    about: str,
    line: str,
) -> Iterator[Message]:
    """Yield the message on a topic for each of the people."""
    ticket_id = context.ticket.ticket_id
    for to, otherwise in notice_routes(people, stand_ins):
        yield Message(
            ticket_id=ticket_id, topic=topic, to=to, at=context.now, about=about, line=line, otherwise=otherwise
        )


def _facts(step: EscalationStep, outcome: EscalationOutcome, context: EscalationContext, agents: Agents) -> StepFacts:
    known = {person.name: agents.get(person.agent or "") for person in step.recipients.people}
    raised = [each for each in outcome.state.raised if each.ladder == step.ladder.key]
    duties = [(each, _duty(each, step.ladder, context)) for each in raised]
    return StepFacts(
        step=step,
        now=context.now,
        zone=_zone(context),
        duty=next(duty for each, duty in duties if each.level == step.level),
        titles=_titles(context),
        earlier=[(each, duty) for each, duty in duties if each.level < step.level],
        clocks=context.reading.clocks,
        account=_account(context),
        partner=context.partner,
        mentions={name: agent.zuid for name, agent in known.items() if agent and agent.active},
        unassigned=_lacks_an_agent(step, context, agents),
    )


def _account(context: EscalationContext) -> str:
    decision = context.decision
    if decision.account_id is None:
        return "unknown"
    return f"{decision.account_id}, {decision.licences} licences, {_VERDICTS[decision.verdict]}"


_VERDICTS = {
    Verdict.PRIORITY: "a large user account",
    Verdict.NOT_PRIORITY: "not a large user account",
    Verdict.REVIEW: "not decided whether it is a large user account",
    Verdict.UNKNOWN: "not known whether it is a large user account",
}


def _duty(raised: RaisedLevel, ladder: Ladder, context: EscalationContext) -> LevelDuty:
    """Return the people who answered for a level on the day on which it was raised, with the title of their level."""
    levels = [level for level, roles in enumerate(ladder.chain, 1) if set(roles) & set(raised.roles)]
    answering = raised.level if raised.level in levels else next(iter(levels), raised.level)
    on = context.ladder.date_of(raised.at)
    return level_duty(answering, raised.roles, _titles(context), context.policy.escalation.staff, on)


def _warned(context: EscalationContext) -> LevelDuty:
    """Return the people of level 1 today, who are told that a clock is at risk."""
    ladder, policy = context.ladder, context.policy.escalation
    on = ladder.date_of(context.now)
    found = find_recipients(policy.matrix.chain(ladder.location), WARNED, policy.staff, on)
    return level_duty(found.found_at, found.roles, _titles(context), policy.staff, on)


def _titles(context: EscalationContext) -> Titles:
    return context.policy.escalation.updates.titles.get(FALLBACK_LANGUAGE, {})


def _zone(context: EscalationContext) -> str:
    return context.ladder.calendar.tz


def _lacks_an_agent(step: EscalationStep, context: EscalationContext, agents: Agents) -> bool:
    """Return True if the level assigns the ticket, but none of its agents may have it."""
    may = _first_agent((person.agent for person in step.recipients.people), context, agents)
    return context.policy.escalation.action(step.level).assign and may is None
