"""The admin's mapping file: YAML in, one checked policy and vocabulary out, or every mistake at once.

`mappings/README.md` explains each setting; the rule ids (R…, C…) are those of `docs/rules.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from desk_sync.adapters.desk.catalogue import PortalCatalogue
from desk_sync.adapters.desk.vocabulary import DeskVocabulary
from desk_sync.adapters.mapping import checks as mapping_checks
from desk_sync.adapters.mapping import clock_checks as mapping_clock_checks
from desk_sync.adapters.mapping import escalation as mapping_escalation
from desk_sync.adapters.mapping import escalation_checks as mapping_escalation_checks
from desk_sync.adapters.mapping import live_checks
from desk_sync.adapters.mapping import schema as shape
from desk_sync.adapters.mapping.clocks import commitment
from desk_sync.adapters.mapping.education import education_policy
from desk_sync.adapters.mapping.escalation import ActionSection
from desk_sync.adapters.mapping.licences import licence_policy
from desk_sync.adapters.mapping.partners import account_fields, partner_policy
from desk_sync.adapters.mapping.schema import MappingFile
from desk_sync.adapters.mapping.sources import SourceSection
from desk_sync.adapters.mapping.tickets import note_policy, ticket_policy
from desk_sync.adapters.yaml import check as yaml_file
from desk_sync.adapters.yaml.problems import Contradiction, texts
from desk_sync.adapters.yaml.tree import YamlTree
from desk_sync.adapters.zoho.hosts import PortalHosts, portal_in
from desk_sync.domain.commitment.clock_fields import CLOCK_FIELDS
from desk_sync.domain.fingerprint import fingerprint, version_digest
from desk_sync.domain.plan.escalation_actions import ESCALATION_FIELDS
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.ticket import Field
from desk_sync.errors import MappingError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalMapping:
    """The content of a mapping file, ready for use.

    `portals` by name; empty if the environment describes the only one. `sources` in the order of look-ups.
    """

    policy: Policy
    vocabulary: DeskVocabulary
    portals: Mapping[str, PortalHosts]
    sources: Mapping[str, SourceSection] = field(default_factory=dict)
    partner_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProblems:
    """The differences between a mapping and its portals. `gaps` are fields that some layouts lack."""

    wrong: Sequence[Problem]
    gaps: Sequence[Problem]

    @property
    def all(self) -> Sequence[Problem]:
        return sorted([*self.wrong, *self.gaps], key=lambda problem: (problem.line, problem.column))


def text(path_or_name: str | Path) -> str:
    """Return the text of the mapping in the file, or of the shipped one of that name."""
    return _find(path_or_name).read_text(encoding="utf-8")


def load(path_or_name: str | Path) -> PortalMapping:
    """Return the mapping in the file, or the shipped one of that name. Raises MappingError with every mistake."""
    file = _find(path_or_name)
    return _load(file) if file == Path(path_or_name) else _shipped(str(path_or_name))


@cache
def _shipped(name: str) -> PortalMapping:
    """Return the shipped mapping, read once per process: it changes with the product's version only."""
    return _load(_find(name))


def _load(file: Path | Traversable) -> PortalMapping:
    content, problems = _read(file)
    if content is None:
        raise MappingError(str(file), problems)
    return _build(content)


def check(path_or_name: str | Path) -> list[Problem]:
    """Return every mistake in the file, in the order of its lines."""
    _, problems = _read(_find(path_or_name))
    return problems


def partner_file(path_or_name: str | Path) -> str | None:
    """Return the partner file that the mapping names, also if the mapping has mistakes; None if it names none."""
    return next((text for name, text in texts(_tree(_find(path_or_name)).value, "partners") if name == "file"), None)


def check_live(path_or_name: str | Path, portals: Mapping[str, PortalCatalogue]) -> LiveProblems:
    """Return what the file has that its portals, by name, do not have, in the order of its lines."""
    tree = _tree(_find(path_or_name))
    return LiveProblems(
        wrong=_in_order(tree, live_checks.contradictions(tree.value, portals)),
        gaps=_in_order(tree, live_checks.gaps(tree.value, portals)),
    )


def _in_order(tree: YamlTree, found: Iterable[Contradiction]) -> Sequence[Problem]:
    problems = [tree.problem(*each) for each in found]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a mapping file, for editors."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "desk-sync mapping"}
    return head | {key: value for key, value in MappingFile.model_json_schema().items() if key != "title"}


def _find(path_or_name: str | Path) -> Path | Traversable:
    """Return the file; a bare name is a shipped mapping, beside the package in a checkout or inside it in a wheel."""
    name = str(path_or_name)
    if not re.fullmatch(r"[\w-]+", name):
        return Path(name)
    folders = (resources.files("desk_sync") / "mappings", Path(__file__).parents[3] / "mappings")
    files = [folder / f"{name}.yaml" for folder in folders]
    return next((file for file in files if file.is_file()), Path(name))


def _read(file: Path | Traversable) -> tuple[MappingFile | None, list[Problem]]:
    """Return the content of the file, or None with its mistakes."""
    return yaml_file.check(_tree(file), MappingFile, _contradictions)


def _tree(file: Path | Traversable) -> YamlTree:
    return yaml_file.read(
        file,
        if_missing="name a file, or a shipped mapping: partner_support",
        if_empty="start from a copy of partner_support.yaml",
    )


def _contradictions(root: object) -> Iterator[Contradiction]:
    yield from mapping_checks.contradictions(root)
    yield from mapping_clock_checks.contradictions(root)
    yield from mapping_escalation_checks.contradictions(root)


def _build(content: MappingFile) -> PortalMapping:
    vocabulary = DeskVocabulary(
        fields=content.desk_fields.model_dump(exclude_none=True)
        | _assigned_fields(content.escalation.actions.values()),
        issue_types={value.lower(): word for value, word in content.values.issue_type.items()},
        request_types={value.lower(): word for word, values in content.values.request_type.items() for value in values},
        clock_states=content.values.clock_state.model_dump(),
        account_fields=account_fields(content.partners),
    )
    licences = licence_policy(content.licences, content.sources)
    tickets = ticket_policy(content.tickets, dict[int, str](content.values.severity.items()))
    strategies, admitted = tuple(content.identity.strategies), tuple(content.identity.weak_evidence_acts)
    clocks = commitment(content.regions, content.calendars, content.clocks, tickets.automation_agents)
    escalation = mapping_escalation.policy_of(content.escalation, vocabulary.fields.get("escalation_request"))
    partners = partner_policy(content.partners, content.mailboxes)
    education = education_policy(content.education)
    meaning = (vocabulary, licences, tickets, partners, education, strategies, *admitted)
    return PortalMapping(
        policy=Policy(
            version=version_digest((*meaning, fingerprint(clocks), fingerprint(escalation))),
            licences=licences,
            tickets=tickets,
            commitment=clocks,
            escalation=escalation,
            strategies=strategies,
            admitted=admitted,
            partners=partners,
            shown=(CLOCK_FIELDS | ESCALATION_FIELDS | {Field.EXPLANATION}) & vocabulary.fields.keys(),
            education=education,
            notes=note_policy(content.tickets),
        ),
        vocabulary=vocabulary,
        portals={name: _portal(section) for name, section in (content.portals or {}).items()},
        sources=content.sources,
        partner_file=content.partners.file,
    )


def _assigned_fields(actions: Iterable[ActionSection]) -> dict[str, str]:
    """Return Desk's own fields that some escalation level sets; the others are not read."""
    actions = tuple(actions)
    assigns = {Field.ASSIGNEE: "assigneeId", Field.TEAM: "teamId"} if any(each.assign for each in actions) else {}
    status = {Field.STATUS: "status"} if any(each.status for each in actions) else {}
    priority = {Field.PRIORITY: "priority"} if any(each.priority for each in actions) else {}
    return {str(name): written for name, written in {**status, **priority, **assigns}.items()}


def _portal(section: shape.PortalSection) -> PortalHosts:
    limits = section.model_dump(include={"concurrency", "credit_reserve"}, exclude_none=True)
    return portal_in(**section.model_dump(exclude={"concurrency", "credit_reserve"}), limits=limits)
