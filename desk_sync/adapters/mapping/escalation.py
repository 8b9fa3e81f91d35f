"""The mapping's section `escalation`: its schema, and the policy that is built from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from functools import cache, partial
from importlib import resources
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, PlainValidator, Tag, TypeAdapter, model_validator
from pydantic import WithJsonSchema as Schema

from desk_sync.adapters.mapping.types import Country, Date, Duration, Id, IssueType, Level, Text
from desk_sync.adapters.text.languages import Language
from desk_sync.adapters.yaml.problems import MappingSection, mistake, shown
from desk_sync.adapters.yaml.tree import read_tree
from desk_sync.domain.escalation.basic_questions import QuestionRule
from desk_sync.domain.escalation.ladder import LadderCause, LadderRung, LadderSignal, SignalEffect
from desk_sync.domain.escalation.matrix import EscalationMatrix, MatrixPost, PostTerritory
from desk_sync.domain.escalation.policy import (
    BreachMeanwhile,
    EscalationPolicy,
    LadderRule,
    LadderTime,
    LevelAction,
    ReasonEnds,
)
from desk_sync.domain.escalation.public_update import (
    LATE_PLACEHOLDERS,
    NEWS_PLACEHOLDERS,
    PLACEHOLDER,
    PLACEHOLDERS,
    UpdateSentences,
    UpdateTexts,
)
from desk_sync.domain.escalation.requests import Requester
from desk_sync.domain.escalation.staff import (
    DutyDays,
    DutyPeriod,
    NoticeAddress,
    NoticeChannel,
    StaffAbsence,
    StaffMember,
    StaffRoster,
)
from desk_sync.domain.escalation.triggers import (
    ClusterBy,
    ClusterRule,
    OverrunRule,
    RequestGate,
    RequestRules,
    WordsEffect,
)
from desk_sync.domain.escalation.us_states import US_STATES


def _state(code: str) -> str:
    if code not in US_STATES:
        raise mistake(f"{code} is not a state such as US-NY", f"US-{code}" if f"US-{code}" in US_STATES else None)
    return code


def _address_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise mistake(f"{shown(name)} is not an address name: use lower-case letters, digits and _")
    return name


def _mail(address: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", address):
        raise mistake(f"{shown(address)} is not a mail address")
    return address


def _wait(written: object) -> timedelta:
    if written == _AT_ONCE:
        return timedelta(0)
    match = re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", written) if isinstance(written, str) else None
    if not match:
        raise mistake(f'{shown(written)} is not a wait such as 2h or 30m, or "{_AT_ONCE}"')
    return timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[match[2]]: int(match[1])})


_AT_ONCE = "at once"


def _with_known(placeholders: Collection[str], text: str) -> str:
    unknown = [name for name in PLACEHOLDER.findall(text) if name not in placeholders]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in sorted(placeholders))
        raise mistake(f"{{{unknown[0]}}} is not a placeholder of this text; these are: {known}")
    return text


def _form(written: object) -> str:
    return "[name]" if isinstance(written, str) else "[section]"


State = Annotated[str, AfterValidator(_state), Schema({"enum": sorted(US_STATES)})]
AddressName = Annotated[str, AfterValidator(_address_name), Schema({"type": "string", "pattern": "^[a-z0-9_]+$"})]
Mail = Annotated[str, AfterValidator(_mail), Schema({"type": "string", "format": "email"})]
Wait = Annotated[
    timedelta, PlainValidator(_wait), Schema({"type": "string", "pattern": f"^([1-9][0-9]{{0,4}}[dhm]|{_AT_ONCE})$"})
]
UpdateText = Annotated[str, AfterValidator(partial(_with_known, PLACEHOLDERS))]
LateText = Annotated[Text, AfterValidator(partial(_with_known, LATE_PLACEHOLDERS))]
NewsText = Annotated[Text, AfterValidator(partial(_with_known, NEWS_PLACEHOLDERS))]
Rank: TypeAlias = Literal[1, 2, 3, 4]


class DaysSection(MappingSection):
    start: Date = Field(date.min, alias="from")
    until: Date = date.max

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.until <= self.start:
            raise mistake(f"until {self.until} is not after {self.start}: it is the first day that does not count")
        return self


class DutySection(DaysSection):
    person: Text


class AbsenceSection(DaysSection):
    deputy: Text | None = None


class PersonSection(MappingSection):
    agent: Mail | None = None
    team: Id | None = None
    mail: list[Mail] = []
    chat: list[AddressName] = []
    absences: list[AbsenceSection] = []


class PostSection(MappingSection):
    role: Text
    countries: list[Country] = []
    states: list[State] = []
    without: list[Country] = []

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if self.without and (self.countries or self.states):
            raise mistake("`without` cannot be combined with countries or states")
        return self


OneDuty = Annotated[Annotated[Text, Tag("[name]")] | Annotated[DutySection, Tag("[section]")], Discriminator(_form)]
OnePost = Annotated[Annotated[Text, Tag("[name]")] | Annotated[PostSection, Tag("[section]")], Discriminator(_form)]
OneCause: TypeAlias = Literal["acknowledgement", "determination", "resolution", "request", "overrun", "cluster"]
OneSignal = Annotated[LadderSignal, Field(strict=False)]
OneAnswer = Annotated[SignalEffect, Field(strict=False)]


class LadderSection(MappingSection):
    because: list[OneCause] = []
    regions: list[Text] = []
    severities: list[Level] = []
    levels: Annotated[dict[Rank, Wait], Field(min_length=1)]
    counts: Annotated[LadderTime, Field(strict=False)] = LadderTime.AS_THE_CLOCK


def _with_closing(
    effect: SignalEffect,
) -> Callable[[dict[LadderSignal, SignalEffect]], dict[LadderSignal, SignalEffect]]:
    """Return the check of answers whose `closing` is the effect, if it is left out."""

    def completed(answers: dict[LadderSignal, SignalEffect]) -> dict[LadderSignal, SignalEffect]:
        if answers.get(LadderSignal.CLOSING) is SignalEffect.NOTHING:
            raise mistake("closing is pause or stop: nothing is raised while a ticket is closed")
        return {LadderSignal.CLOSING: effect} | answers

    return completed


Answers: TypeAlias = dict[OneSignal, OneAnswer]
Paused = Annotated[Answers, AfterValidator(_with_closing(SignalEffect.PAUSE))]
Stopped = Annotated[Answers, AfterValidator(_with_closing(SignalEffect.STOP))]


class AnswersSection(MappingSection):
    acknowledgement: Paused
    determination: Paused
    resolution: Stopped
    request: Stopped
    overrun: Stopped
    cluster: Stopped


class AtRiskSection(MappingSection):
    severities: list[Level] = [1]


class SecuritySection(MappingSection):
    level: Rank
    by_words: bool = True


class ActionSection(MappingSection):
    status: Text | None = None
    priority: Text | None = None
    assign: bool = False


class RequestsSection(MappingSection):
    statuses: list[Text] = []
    tags: list[Text] = []
    partner: Annotated[RequestGate, Field(strict=False)] = RequestGate.AFTER_RESPONSE_TIME
    agent: Annotated[RequestGate, Field(strict=False)] = RequestGate.ALWAYS
    words: Annotated[WordsEffect, Field(strict=False)] = WordsEffect.SUGGEST


class OverrunSection(MappingSection):
    issue_types: Annotated[list[IssueType], Field(min_length=1)]
    window: Duration


class ClusterSection(MappingSection):
    by: Annotated[ClusterBy, Field(strict=False)]
    tickets: Annotated[int, Field(ge=1)]
    within: Duration


class QuestionsSection(MappingSection):
    tickets: Annotated[int, Field(ge=1)] = 5
    within: Duration = timedelta(days=30)
    level: Rank = 4


class SentencesSection(MappingSection):
    acknowledgement: LateText | None = None
    determination: LateText | None = None
    resolution: LateText | None = None
    request: LateText | None = None
    overrun: LateText | None = None
    cluster: LateText | None = None
    security: LateText | None = None
    news_at: NewsText | None = None
    news: Text | None = None


class UpdatesSection(MappingSection):
    enabled: bool = True
    texts: Annotated[dict[Language, UpdateText], Field(min_length=1)]
    sentences: dict[Language, SentencesSection] = {}
    titles: dict[Language, dict[Rank, Text]] = {}


class EscalationSection(MappingSection):
    roles: dict[Text, list[OneDuty]]
    people: dict[Text, PersonSection] = {}
    matrix: Annotated[dict[Text, dict[Rank, list[OnePost]]], Field(min_length=1)]
    ladders: Annotated[list[LadderSection], Field(min_length=1)]
    answers: AnswersSection
    reason_ends: Annotated[ReasonEnds, Field(strict=False)] = ReasonEnds.STOP
    breach_meanwhile: Annotated[BreachMeanwhile, Field(strict=False)] = BreachMeanwhile.RAISE
    at_risk: AtRiskSection = AtRiskSection()
    security: SecuritySection
    actions: dict[Rank, ActionSection] = {}
    fallback_agent: Mail | None = None
    requests: RequestsSection = RequestsSection()
    overrun: OverrunSection | None = None
    clusters: list[ClusterSection] = []
    basic_questions: QuestionsSection | None = None
    late: Duration = timedelta(minutes=15)
    digest: Duration = timedelta(minutes=1)
    public_updates: UpdatesSection


def policy_of(section: EscalationSection, box: str | None = None) -> EscalationPolicy:
    """Return the policy of a checked section; `box` is the check box that requests an escalation, if there is one."""
    updates = section.public_updates
    return EscalationPolicy(
        matrix=matrix_of(section),
        staff=staff_of(section),
        rules=(_security(section.security), *map(_rule, section.ladders)),
        answers={LadderCause(cause): answers for cause, answers in section.answers},
        actions={level: LevelAction(**each.model_dump()) for level, each in section.actions.items()},
        requests=_requests(section.requests, box),
        overrun=_overrun(section.overrun),
        clusters=tuple(ClusterRule(by=each.by, tickets=each.tickets, period=each.within) for each in section.clusters),
        questions=QuestionRule(**section.basic_questions.model_dump()) if section.basic_questions else None,
        infers_security=section.security.by_words,
        fallback_agent=section.fallback_agent,
        late=section.late,
        digest=section.digest,
        updates=_updates(updates) if updates.enabled else UpdateTexts(),
        reason_ends=section.reason_ends,
        breach_meanwhile=section.breach_meanwhile,
        at_risk=frozenset(section.at_risk.severities),
    )


def matrix_of(section: EscalationSection) -> EscalationMatrix:
    """Return the escalation matrix of the section."""
    return EscalationMatrix(
        cells={
            region: {level: tuple(map(_post, posts)) for level, posts in levels.items()}
            for region, levels in section.matrix.items()
        }
    )


def staff_of(section: EscalationSection) -> StaffRoster:
    """Return the people and their duties of the section."""
    return StaffRoster(
        people={name: _person(name, each) for name, each in section.people.items()},
        roles={role: tuple(map(_duty, duties)) for role, duties in section.roles.items()},
    )


def _duty(written: str | DutySection) -> DutyPeriod:
    return (
        DutyPeriod(written)
        if isinstance(written, str)
        else DutyPeriod(written.person, DutyDays(written.start, written.until))
    )


def _person(name: str, section: PersonSection) -> StaffMember:
    return StaffMember(
        name=name,
        agent=section.agent,
        team=section.team,
        addresses=(
            *(NoticeAddress(NoticeChannel.MAIL, each) for each in section.mail),
            *(NoticeAddress(NoticeChannel.CHAT, each) for each in section.chat),
        ),
        absences=tuple(StaffAbsence(DutyDays(each.start, each.until), each.deputy) for each in section.absences),
    )


def _post(written: str | PostSection) -> MatrixPost:
    if isinstance(written, str):
        return MatrixPost(written)
    countries, states, without = (frozenset(each) for each in (written.countries, written.states, written.without))
    return MatrixPost(written.role, PostTerritory(countries=countries, states=states, without=without))


def _security(section: SecuritySection) -> LadderRule:
    """Return a rule with one level only, which is raised at once (R36d)."""
    return LadderRule(
        rungs=(LadderRung(section.level),),
        causes=frozenset({LadderCause.SECURITY}),
        counts=LadderTime.AS_THE_CLOCK,
    )


def _rule(section: LadderSection) -> LadderRule:
    return LadderRule(
        rungs=tuple(LadderRung(level, wait) for level, wait in sorted(section.levels.items())),
        causes=frozenset(map(LadderCause, section.because)),
        regions=frozenset(section.regions),
        severities=frozenset(section.severities),
        counts=section.counts,
    )


def _requests(section: RequestsSection, box: str | None) -> RequestRules:
    gates = {Requester.PARTNER: section.partner, Requester.AGENT: section.agent}
    statuses, tags = frozenset(section.statuses), frozenset(section.tags)
    return RequestRules(statuses=statuses, tags=tags, gates=gates, words=section.words, box=box)


def _overrun(section: OverrunSection | None) -> OverrunRule | None:
    return OverrunRule(issue_types=frozenset(section.issue_types), window=section.window) if section else None


def _updates(section: UpdatesSection) -> UpdateTexts:
    """Return the texts, with the product's sentences where the admin has none."""
    own = {str(language): each.model_dump(exclude_none=True) for language, each in section.sentences.items()}
    return UpdateTexts(
        texts={str(language): text for language, text in section.texts.items()},
        sentences={language: _sentences(each | own.get(language, {})) for language, each in _shipped().items()},
        titles={
            str(language): {int(level): title for level, title in titles.items()}
            for language, titles in section.titles.items()
        },
    )


def _sentences(written: Mapping[str, str]) -> UpdateSentences:
    late = {cause: written[cause] for cause in LadderCause}
    return UpdateSentences(late=late, news_at=written["news_at"], news=written["news"])


@cache
def _shipped() -> Mapping[str, dict[str, str]]:
    text = resources.files("desk_sync.adapters.mapping").joinpath("public_updates.yaml").read_text(encoding="utf-8")
    return _TEXTS.validate_python(read_tree(text).value)


_TEXTS: TypeAdapter[dict[str, dict[str, str]]] = TypeAdapter(dict[str, dict[str, str]])
