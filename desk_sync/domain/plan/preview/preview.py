"""Every text that a partner or an agent can get under a mapping, with an example ticket, for each occasion.

Each is made by the function that makes it for a real ticket. Of the texts for agents the note is in every language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

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
from desk_sync.domain.plan.education import EducationOccasion, educate
from desk_sync.domain.plan.escalation import EscalationContext
from desk_sync.domain.plan.escalation_actions import comments, risk_notice, step_notice
from desk_sync.domain.plan.note.clock_lines import doubt
from desk_sync.domain.plan.note.note import write_note
from desk_sync.domain.plan.note_policy import NoteWords
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.plan.preview.example import PreviewScene, example_ticket
from desk_sync.domain.plan.preview.notes import notes
from desk_sync.domain.plan.requests.suggestion import RequestSuggestion
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.template import TemplatePart
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
    return tuple(sorted({*policy.notes.texts, *policy.escalation.updates.texts, *policy.education.texts}))


def preview(policy: Policy, opened_at: datetime) -> Iterator[PreviewText]:
    """Yield the texts: the partner's first, by language; then those for agents. The ticket is opened at `opened_at`."""
    scene = PreviewScene.of(policy, opened_at)
    for language in languages(policy):
        yield from _updates(scene, language)
        yield from _replies(policy, language)
    yield from _levels(scene)
    yield from _other_escalations(scene)
    yield from _risks(scene)
    yield from _lacking(scene)
    yield from _requests(scene)
    for language in policy.notes.texts:
        yield from _notes(scene, language)
        yield from _doubts(scene, language)


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


def _doubts(scene: PreviewScene, language: str) -> Iterator[PreviewText]:
    """Yield the question about a doubtful breach."""
    reading = scene.reading(scene.reading(scene.opened_at).clocks[0].due_at or scene.opened_at)
    clock = replace(reading.clocks[0], proven_at=None, reasons=(_DOUBT,))
    text = doubt(clock, reading.zone, NoteWords(scene.policy.notes.texts[language]))
    yield PreviewText(occasion="a clock may be late", reader=AGENTS, language=language, text=text)


_DOUBT = Reason("L8", "it is not known whether the ticket was on hold")


def _notes(scene: PreviewScene, language: str) -> Iterator[PreviewText]:
    """Yield the notes that explain a ticket."""
    words = NoteWords(scene.policy.notes.texts[language])
    for occasion, facts in notes(scene):
        text = write_note(facts, words).comment.text
        yield PreviewText(occasion=f"note: {occasion}", reader=AGENTS, language=language, text=text)


def _lacking(scene: PreviewScene) -> Iterator[PreviewText]:
    """Yield the note on what a ticket lacks."""
    policy = scene.policy
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
