"""What the steps of an escalation do to the ticket, and what is said of them, and to whom (R37–R40, R22, R23)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from desk_sync.domain.escalation.basic_questions import HOWTO, BasicQuestion, QuestionRule, TooMany, advice, too_many
from desk_sync.domain.escalation.comments import StepFacts, line, private_comment, subject
from desk_sync.domain.escalation.escalate import EscalationOutcome, EscalationStep
from desk_sync.domain.escalation.matrix import reach, successors
from desk_sync.domain.escalation.notice import Message, addressed
from desk_sync.domain.escalation.public_update import PublicStep, UpdateTexts
from desk_sync.domain.escalation.staff import StaffMember
from desk_sync.domain.plan.escalation import EscalationContext
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.desired import DesiredValue
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.ticket import Field, Value


def asks(owed: EscalationOutcome, scene: EscalationContext) -> frozenset[str]:
    """The agents of whom Desk has to be asked before the steps can be made, by their addresses."""
    people = {person.agent for step in owed.steps for person in step.reach.people}
    assigned = any(scene.policy.escalation.action(step.level).assign for step in owed.steps)
    fallback = {scene.policy.escalation.fallback_agent} if assigned else set()
    return frozenset(each for each in people | fallback if each) - scene.around.agents.keys()


def escalation_fields(owed: EscalationOutcome, scene: EscalationContext) -> Iterator[tuple[Field, DesiredValue]]:
    """What the fields of a ticket show of its escalation: level and owner while the ladder stands, else nothing."""
    ladder, raised = owed.escalation.ladder, owed.escalation.raised
    standing = ladder and ladder.stopped_at(scene.signals) is None
    last = next((each for each in reversed(raised) if standing and ladder and each.ladder == ladder.key), None)
    ground = f"{last.ladder}:{last.level}" if last else ""
    yield Field.ESCALATION_LEVEL, DesiredValue(str(last.level) if last else None, ground)
    yield Field.ESCALATION_OWNER, DesiredValue(", ".join(last.roles) if last else None, ground)


ESCALATION_FIELDS = frozenset({Field.ESCALATION_LEVEL, Field.ESCALATION_OWNER})


def acts(owed: EscalationOutcome, scene: EscalationContext) -> dict[Field, Value]:
    """What the steps that are raised now do to the ticket, once: what a person makes of it afterwards stays."""
    values: dict[Field, Value] = {}
    for step in owed.steps:
        action = scene.policy.escalation.action(step.level)
        assigned = _assigned(step, scene) if action.assign else {}
        named = {Field.STATUS: action.status, Field.PRIORITY: action.priority, **assigned}
        values |= {name: value for name, value in named.items() if value}
    return values


def _assigned(step: EscalationStep, scene: EscalationContext) -> dict[Field, Value]:
    """The first agent of the level who may have the ticket, else the first team, else the fallback."""
    chosen = _first_agent((person.agent for person in step.reach.people), scene)
    if chosen:
        return {Field.ASSIGNEE: chosen.agent_id}
    team = next((person.team for person in step.reach.people if person.team), None)
    if team:
        return {Field.TEAM: team}
    fallback = _first_agent([scene.policy.escalation.fallback_agent], scene)
    return {Field.ASSIGNEE: fallback.agent_id} if fallback else {}


def _first_agent(addresses: Iterable[str | None], scene: EscalationContext) -> DeskAgent | None:
    known = (scene.around.agents.get(address) for address in addresses if address)
    return next((agent for agent in known if agent and agent.may_have(scene.ticket.department_id)), None)


def comments(owed: EscalationOutcome, scene: EscalationContext, updates: UpdateTexts) -> Iterator[Effect]:
    """The private comment of each step, with the whole picture; and what `updates` has for the partner (R37)."""
    for step in owed.steps:
        yield Effect(key=step.key, kind=EffectKind.ESCALATION, text=private_comment(_picture(step, scene)))
        told = PublicStep(ticket=scene.number, level=step.level, answering=step.reach.found_at)
        if public := updates.text(told, scene.ticket.language):
            yield Effect(key=f"{step.key}:public", kind=EffectKind.UPDATE, text=public, public=True)
    for review in owed.reviews:
        yield Effect(key=review.key, kind=EffectKind.REVIEW, text=str(review.reason))
    for found, rule in _questions(scene):
        yield Effect(key=found.key, kind=EffectKind.REVIEW, text=_advice(found, rule, scene))


def messages(owed: EscalationOutcome, scene: EscalationContext) -> Iterator[Message]:
    """What each person of a step is told outside Desk, and who is told in their place if that cannot be done."""
    links = {"ticket": scene.ticket.url} if scene.ticket.url else {}
    for step in owed.steps:
        about, said = subject(step, scene.number), line(step, scene.number, links)
        yield from _told(scene, step.reach.people, step.stand_ins, topic=step.key, about=about, line=said)
    for found, rule in _questions(scene):
        yield from _to_the_manager(found, rule, scene)


def last_of_questions(scene: EscalationContext) -> frozenset[str]:
    """The tickets that make the partner's basic questions too many."""
    return frozenset(found.questions[-1].ticket_id for found, _ in _all_questions(scene))


def _questions(scene: EscalationContext) -> Iterator[tuple[TooMany, QuestionRule]]:
    """The partner's basic questions, where this ticket makes them too many (R22, R23)."""
    since = scene.around.active_since
    for found, rule in _all_questions(scene):
        if found.questions[-1].ticket_id == scene.ticket.ticket_id and (since is None or found.at >= since):
            yield found, rule


def _all_questions(scene: EscalationContext) -> Iterator[tuple[TooMany, QuestionRule]]:
    """Every time that the partner's basic questions became too many, by the rule, if there is one."""
    if rule := scene.policy.escalation.questions:
        yield from ((found, rule) for found in too_many(_asked_here(scene), rule))


def _asked_here(scene: EscalationContext) -> Iterator[BasicQuestion]:
    """The partner's how-to tickets, with this one if it is one."""
    ticket = scene.ticket
    yield from scene.around.questions
    if ticket.issue_type == HOWTO:
        yield BasicQuestion(ticket_id=ticket.ticket_id, at=scene.seen.history.created_at, number=scene.number)


def _advice(found: TooMany, rule: QuestionRule, scene: EscalationContext) -> str:
    return advice(found, scene.partner, rule, [each.number for each in found.questions])


def _to_the_manager(found: TooMany, rule: QuestionRule, scene: EscalationContext) -> Iterator[Message]:
    situation, policy = scene.situation, scene.policy.escalation
    chain, on = policy.matrix.chain(situation.location), situation.date_of(scene.now)
    people, others = reach(chain, rule.level, policy.staff, on).people, successors(chain, rule.level, policy.staff, on)
    about = f"{scene.partner}: {len(found.questions)} basic questions"
    yield from _told(scene, people, others, topic=found.key, about=about, line=_advice(found, rule, scene))


def _told(
    scene: EscalationContext,
    people: Iterable[StaffMember],
    stand_ins: Iterable[StaffMember],
    *,
    topic: str,
    about: str,
    line: str,
) -> Iterator[Message]:
    """The message of a topic for each of the people."""
    ticket_id = scene.ticket.ticket_id
    for to, otherwise in addressed(people, stand_ins):
        yield Message(
            ticket_id=ticket_id, topic=topic, to=to, at=scene.now, about=about, line=line, otherwise=otherwise
        )


def _picture(step: EscalationStep, scene: EscalationContext) -> StepFacts:
    decision = scene.decision
    account = decision.account_id
    agents = {person.name: scene.around.agents.get(person.agent or "") for person in step.reach.people}
    return StepFacts(
        step=step,
        clocks=scene.seen.clocks,
        account=f"{account}, {decision.verdict}, {decision.licences} licences" if account else "unknown",
        partner=scene.partner,
        mentions={name: agent.zuid for name, agent in agents.items() if agent and agent.active},
        unassigned=_lacks_an_agent(step, scene),
    )


def _lacks_an_agent(step: EscalationStep, scene: EscalationContext) -> bool:
    """Whether the level assigns the ticket, and nobody of it may have it."""
    may = _first_agent((person.agent for person in step.reach.people), scene)
    return scene.policy.escalation.action(step.level).assign and may is None
