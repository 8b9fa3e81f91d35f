"""Every text that a partner or an agent can get under a mapping, with an example ticket, for each occasion.

Each is made by the function that makes it for a real ticket. Texts for agents are in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk_sync.domain.commitment.clock_comments import doubts, standing_comment
from desk_sync.domain.escalation.basic_questions import BasicQuestion, TooMany, advice
from desk_sync.domain.escalation.escalate import (
    NO_ESCALATION,
    EscalationOutcome,
    EscalationStep,
    StoppedLadder,
    start_ladder,
)
from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.escalation.notice import Notice
from desk_sync.domain.escalation.staff import NoticeAddress, NoticeChannel
from desk_sync.domain.escalation.triggers import EscalationTrigger, RequestGate, ReviewRequest, WordsEffect
from desk_sync.domain.plan.comments import notes
from desk_sync.domain.plan.decision import decide
from desk_sync.domain.plan.education import EducationOccasion, educate
from desk_sync.domain.plan.escalation import EscalationContext
from desk_sync.domain.plan.escalation_actions import comments, risk_notice, step_notice
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.plan.preview.example import WRITER, PreviewScene, example_ticket
from desk_sync.domain.plan.requests.suggestion import RequestSuggestion
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.inference import Inference
from desk_sync.domain.ticket.template import TemplatePart
from desk_sync.domain.ticket.ticket import Field
from desk_sync.domain.ticket.written_request import RequestKind, WrittenRequest

PARTNER, AGENTS, ON_DUTY = "the partner", "agents", "the people on duty"
ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewText:
    """One text: its occasion, who reads it, and its language. `off` names the setting by which it is not sent."""

    occasion: str
    reader: str
    language: str
    text: str
    off: str = ""


def languages(policy: Policy) -> tuple[str, ...]:
    """Return the languages of the mapping's texts, sorted."""
    return tuple(sorted({ENGLISH, *policy.escalation.updates.texts, *policy.education.texts}))


def preview(policy: Policy, opened_at: datetime) -> Iterator[PreviewText]:
    """Yield the texts: the partner's first, by language; then those for agents. The ticket is opened at `opened_at`."""
    scene = PreviewScene.of(policy, opened_at)
    for language in languages(policy):
        yield from _updates(scene, language)
        yield from _replies(policy, language)
    yield from _levels(scene)
    yield from _other_escalations(scene)
    yield from _risks(scene)
    yield from _clocks(scene)
    yield from _notes(scene)
    yield from _requests(scene)


def _agents(occasion: str, text: str) -> PreviewText:
    return PreviewText(occasion=occasion, reader=AGENTS, language=ENGLISH, text=text)


def _updates(scene: PreviewScene, language: str) -> Iterator[PreviewText]:
    """Yield the public updates: of each level of a late first reply, and of the first level of each other cause."""
    if language not in scene.policy.escalation.updates.texts:
        return
    for because, step, outcome, context in _raised(scene):
        localised = replace(context, ticket=replace(context.ticket, language=language))
        texts = [each.text for each in comments(outcome, localised, scene.policy.escalation.updates, {}) if each.public]
        for text in texts:
            occasion = f"public update, level {step.level}, because of {because}"
            yield PreviewText(occasion=occasion, reader=PARTNER, language=language, text=text)


def _raised(
    scene: PreviewScene,
) -> Iterator[tuple[LadderCause, EscalationStep, EscalationOutcome, EscalationContext]]:
    for because, trigger in scene.triggers().items():
        facts = {"issue_type": "security"} if because is LadderCause.SECURITY else {}
        for number, (outcome, context) in enumerate(scene.climb(trigger, **facts)):
            if number == 0 or because is LadderCause.ACKNOWLEDGEMENT:
                yield from ((because, step, outcome, context) for step in outcome.steps)


def _replies(policy: Policy, language: str) -> Iterator[PreviewText]:
    off = "" if policy.education.reply else "education.reply is false"
    for occasion, text in policy.education.texts.get(language, {}).items():
        name = f"education, {_OCCASIONS[occasion]}"
        yield PreviewText(occasion=name, reader=PARTNER, language=language, text=text, off=off)


_OCCASIONS = {
    EducationOccasion.NO_IDENTIFIER: "the ticket names no customer",
    EducationOccasion.PUBLIC_MAIL: "the partner writes from a public mail provider's address",
}


def _levels(scene: PreviewScene) -> Iterator[PreviewText]:
    for because, step, outcome, context in _raised(scene):
        occasion = f"escalation level {step.level}, because of {because}"
        private = next(each for each in comments(outcome, context, scene.policy.escalation.updates, {}))
        yield _agents(occasion, private.text)
        yield from _notices(occasion, *step_notice(step, outcome, context))


def _notices(occasion: str, about: str, text: str) -> Iterator[PreviewText]:
    """Yield a notice as it comes by mail and by chat."""
    to = NoticeAddress(NoticeChannel.MAIL, "person@support.example.com")
    notice = Notice(key="ds-0123456789abcdef", to=to, subject=about, lines=(text,))
    for channel, body in ((NoticeChannel.MAIL, notice.text), (NoticeChannel.CHAT, notice.brief)):
        shown = f"{notice.subject}\n\n{body}"
        yield PreviewText(occasion=f"notice by {channel}: {occasion}", reader=ON_DUTY, language=ENGLISH, text=shown)


def _other_escalations(scene: PreviewScene) -> Iterator[PreviewText]:
    broken = scene.triggers()[LadderCause.ACKNOWLEDGEMENT]
    yield _agents("the escalation stops: its reason has gone", _stopped(scene, broken))
    context, updates = scene.context(scene.opened_at), scene.policy.escalation.updates
    reviews = tuple(each for each in (scene.request(RequestGate.NEVER),) if isinstance(each, ReviewRequest))
    for note in comments(EscalationOutcome(state=NO_ESCALATION, reviews=reviews), context, updates, {}):
        yield _agents("a request for an escalation that a person must decide", note.text)
    if rule := scene.policy.escalation.questions:
        asked = [BasicQuestion(ticket_id=str(1042 + each), at=scene.opened_at) for each in range(rule.tickets)]
        numbers, zone = [each.ticket_id for each in asked], context.ladder.calendar.tz
        text = advice(TooMany(questions=tuple(asked)), context.partner, rule, numbers, zone)
        yield _agents("too many basic questions of one partner", text)


def _stopped(scene: PreviewScene, trigger: EscalationTrigger) -> str:
    context = scene.context(trigger.at)
    ladder = start_ladder(trigger, context.ladder, scene.policy.escalation)
    stopped = StoppedLadder(ladder=ladder, level=ladder.foot, key="example")
    outcome = EscalationOutcome(state=NO_ESCALATION, stopped=stopped)
    return next(each.text for each in comments(outcome, context, scene.policy.escalation.updates, {}))


def _risks(scene: PreviewScene) -> Iterator[PreviewText]:
    """Yield the notices on clocks at risk, if the mapping has any sent."""
    clocks = scene.reading(scene.opened_at).clocks if 1 in scene.policy.escalation.at_risk else ()
    for target_at, number in ((clock.target_at, number) for number, clock in enumerate(clocks) if clock.target_at):
        clock = scene.reading(target_at).clocks[number]
        yield from _notices(f"the {clock.milestone} is at risk", *risk_notice(clock, scene.context(target_at)))


def _clocks(scene: PreviewScene) -> Iterator[PreviewText]:
    """Yield the note of all clocks, with one at risk and one breached, and the question about a doubtful breach."""
    first = scene.reading(scene.opened_at).clocks[0]
    due_at = first.due_at or scene.opened_at
    for at, state in ((first.target_at or due_at, "at risk"), (due_at, "breached")):
        standing = standing_comment(scene.reading(at), None, at)
        yield from (_agents(f"the note of the clocks, one {state}", each.comment.text) for each in (standing,) if each)
    reading = scene.reading(due_at)
    doubtful = replace(reading, clocks=(replace(reading.clocks[0], proven_at=None, reasons=(_DOUBT,)),))
    yield from (_agents("a clock may be breached", each.text) for each in doubts(doubtful, suppressed=()))


_DOUBT = Reason("L8", "it is not known whether the ticket was on hold")
_LONG_AGO = timedelta(days=3650)


def _notes(scene: PreviewScene) -> Iterator[PreviewText]:
    """Yield the notes on a decision, and on what a ticket lacks."""
    policy, opened_at = scene.policy, scene.opened_at
    plain, filled = example_ticket(), example_ticket(customer_primary_email="former@customer.example.com")
    outage = example_ticket(inferred=(Inference("outage", ENGLISH),))
    known = scene.lookup(scene.account())
    cases = (
        ("the customer is not certain", plain, scene.lookup(candidates=(scene.candidate(),)), False),
        ("no account is found for the customer", plain, scene.lookup(named=(scene.evidence(),)), False),
        ("the subscription data are too old", plain, scene.lookup(scene.account(), age=_LONG_AGO), False),
        ("a person must decide on the account", plain, scene.lookup(scene.account("Example Service")), False),
        ("another program undoes what is written", plain, known, True),
        ("the customer's address was replaced", filled, known, False),
        ("the words suggest an issue type", outage, known, False),
    )
    for occasion, ticket, lookup, looping in cases:
        decision = decide(ticket, lookup, WRITER, policy, opened_at)
        wanted = {Field.CUSTOMER_PRIMARY_EMAIL} if ticket is filled else set()
        yield from (_agents(occasion, each.text) for each in notes(ticket, lookup, decision, wanted, looping=looping))
    lacking = example_ticket(
        sender="person@mail.example.com", sender_domain=None, missing=frozenset(TemplatePart), description_words=3
    )
    for note in educate(lacking, nameless=True, policy=policy.education, may_reply=False):
        yield _agents("what a ticket lacks", note.text)


def _requests(scene: PreviewScene) -> Iterator[PreviewText]:
    """Yield the notes on a request in the partner's words, if the mapping leaves it to a person."""
    rules = scene.policy.escalation.requests
    if rules.words is WordsEffect.SUGGEST:
        for kind, occasion in _REQUESTS.items():
            request, zone = WrittenRequest(kind=kind, mail="1", at=scene.opened_at), scene.reading(scene.opened_at).zone
            ticket_id = example_ticket().ticket_id
            suggestion = RequestSuggestion(ticket_id=ticket_id, requests=[request], zone=zone, box=rules.box)
            yield from (_agents(occasion, each.text) for each in suggestion.notes())


_REQUESTS = {
    RequestKind.ESCALATION: "the partner asks for an escalation in words",
    RequestKind.DISSATISFACTION: "the partner says that they are dissatisfied",
}
