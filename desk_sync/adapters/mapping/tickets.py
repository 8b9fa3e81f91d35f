"""The sections `identity` and `tickets` of the mapping file, and the policy that they give."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, TypeAdapter

from desk_sync.adapters.mapping.types import (
    Id,
    IssueType,
    RequestType,
)
from desk_sync.adapters.text.languages import LANGUAGES, Language
from desk_sync.adapters.yaml.problems import MappingSection, mistake
from desk_sync.adapters.yaml.tree import read_tree
from desk_sync.domain.account.identity import STRATEGIES, IdentifierKind, WeakEvidence
from desk_sync.domain.plan.note_policy import Explain, NotePolicy
from desk_sync.domain.plan.policy import EmailFill, Mode, TicketPolicy

_Kind = TypeVar("_Kind", IdentifierKind, WeakEvidence)


def _each_once(kinds: list[_Kind]) -> list[_Kind]:
    if twice := [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]:
        raise mistake(f"{twice[0]} is listed twice")
    return kinds


class IdentitySection(MappingSection):
    strategies: Annotated[
        list[Annotated[IdentifierKind, Field(strict=False)]],
        Field(min_length=1, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ] = list(STRATEGIES)
    weak_evidence_acts: Annotated[
        list[Annotated[WeakEvidence, Field(strict=False)]],
        Field(json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ] = []


class SeverityLeftAlone(MappingSection):
    issue_types: list[IssueType] = []
    request_types: list[RequestType] = []
    without_request_type: bool = False


_Mode = Annotated[Mode, Field(strict=False)]


class TicketsSection(MappingSection):
    severity_left_alone: SeverityLeftAlone = SeverityLeftAlone()
    about_excluded_services: Literal["no_priority", "like_any_other"] = "no_priority"
    email_fill: Annotated[EmailFill, Field(strict=False)] = EmailFill.ALWAYS
    untick: bool = True
    automation_agents: list[Id] = []
    write_limit: Annotated[int, Field(ge=1)] = 10
    mode: _Mode = Mode.WRITE
    departments: dict[Id, _Mode] = {}
    explain: Annotated[Explain, Field(strict=False)] = Explain.CHANGED
    language: Language = "en"
    languages: dict[Id, Language] = {}


def note_policy(section: TicketsSection) -> NotePolicy:
    texts = {language: _note_words(language) for language in LANGUAGES}
    return NotePolicy(texts=texts, explain=section.explain, language=section.language, languages=section.languages)


@cache
def _note_words(language: str) -> Mapping[str, str]:
    file = resources.files("desk_sync.adapters.mapping").joinpath("note_words", f"{language}.yaml")
    return _WORDS.validate_python(read_tree(file.read_text(encoding="utf-8")).value)


_WORDS: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])


def ticket_policy(section: TicketsSection, severities: Mapping[int, str]) -> TicketPolicy:
    left = section.severity_left_alone
    return TicketPolicy(
        severities=severities,
        severity_left_for_issues=frozenset(left.issue_types),
        severity_left_for_requests=frozenset(left.request_types),
        severity_left_without_request=left.without_request_type,
        exclude_tickets_about_excluded_services=section.about_excluded_services == "no_priority",
        email_fill=section.email_fill,
        untick=section.untick,
        automation_agents=frozenset(section.automation_agents),
        write_limit=section.write_limit,
        mode=section.mode,
        department_modes=section.departments,
    )
