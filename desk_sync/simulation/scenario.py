"""A scenario: a story, and where each part of it was written, so that whatever is wrong with it can be pointed at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from desk_sync.adapters.yaml import check as yaml_file
from desk_sync.adapters.yaml.tree import YamlTree
from desk_sync.errors import InputError, Problem
from desk_sync.simulation.scenario_shape import OnTicket, ScenarioShape


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedScenario:
    """A story, and where each part of it was written."""

    file: Path
    story: ScenarioShape
    tree: YamlTree

    def path(self, name: str) -> Path:
        """A file that the scenario names, seen from the scenario."""
        return self.file.parent / name

    @property
    def mapping(self) -> str:
        """The name of a shipped mapping, or the path of one."""
        name = self.story.mapping
        return name if re.fullmatch(r"[\w-]+", name) else str(self.path(name))

    def mistaken(self, problems: list[Problem]) -> InputError:
        return InputError(str(self.file), sorted(problems, key=lambda problem: (problem.line, problem.column)))


def read(file: Path) -> LoadedScenario:
    """The scenario in the file. Raises InputError with every mistake."""
    tree = yaml_file.read(file, if_missing="name a scenario file", if_empty="docs/scenarios.md shows a scenario")
    story, problems = yaml_file.check(tree, ScenarioShape, lambda _: ())
    problems += _contradictions(story, tree, file.parent) if story else ()
    if story is None or problems:
        raise InputError(str(file), sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return LoadedScenario(file=file, story=story, tree=tree)


def _contradictions(story: ScenarioShape, tree: YamlTree, folder: Path) -> Iterator[Problem]:
    """What is wrong although each value is right alone."""
    if story.instant(story.until) <= story.start:
        yield tree.problem(["until"], "must come after the start")
    yield from _tickets_are_known(story, tree)
    for path, at in _moments(story):
        if not story.start <= story.instant(at) <= story.instant(story.until):
            yield tree.problem([*path, "at"], "lies outside of the scenario")
    for where, name in story.files.items():
        if not (folder / name).is_file():
            yield tree.problem(where, f"there is no file {name}", "its path is relative to the scenario's")


def _tickets_are_known(story: ScenarioShape, tree: YamlTree) -> Iterator[Problem]:
    opened: dict[str, datetime] = {}
    for place, ticket in enumerate(story.tickets):
        if ticket.key in opened:
            yield tree.problem(["tickets", place, "key"], f"{ticket.key} is the key of another ticket already")
        opened[ticket.key] = story.instant(ticket.at)
    for place, step in enumerate(story.steps):
        if isinstance(step, OnTicket):
            if step.ticket not in opened:
                known = f"there is {', '.join(opened) or 'none'}"
                yield tree.problem(["steps", place, "ticket"], f"there is no ticket {step.ticket}", known)
            elif story.instant(step.at) < opened[step.ticket]:
                yield tree.problem(["steps", place, "at"], f"{step.ticket} is not open yet")


def _moments(story: ScenarioShape) -> Iterator[tuple[tuple[object, ...], datetime | timedelta]]:
    yield from ((("tickets", place), ticket.at) for place, ticket in enumerate(story.tickets))
    yield from ((("steps", place), step.at) for place, step in enumerate(story.steps))
