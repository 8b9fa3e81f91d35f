"""Reading of a scenario file. Every mistake in it is reported with its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from desk_sync.adapters.yaml import check as yaml_file
from desk_sync.adapters.yaml.tree import YamlTree
from desk_sync.errors import InputError, Problem
from desk_sync.simulation.scenario_shape import DatabaseStep, OnTicket, ScenarioShape, SourceStep


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedScenario:
    """The content of a scenario file, with the positions of its parts in the file."""

    file: Path
    shape: ScenarioShape
    tree: YamlTree

    def path(self, name: str) -> Path:
        """Return the path of a file that the scenario names; it is relative to the scenario's."""
        return self.file.parent / name

    def mapping(self, name: str) -> str:
        """Return the name of a shipped mapping, or the path of one; it is relative to the scenario's."""
        return name if re.fullmatch(r"[\w-]+", name) else str(self.path(name))

    def input_error(self, problems: list[Problem]) -> InputError:
        """Return the error for these problems, in the order of the file."""
        return InputError(str(self.file), sorted(problems, key=lambda problem: (problem.line, problem.column)))


def read(file: Path, *, host_clock: timedelta | None = None) -> LoadedScenario:
    """Return the scenario in the file, with this `host_clock` if there is one. Raises InputError with every mistake."""
    tree = yaml_file.read(file, if_missing="name a scenario file", if_empty="docs/scenarios.md shows a scenario")
    shape, problems = yaml_file.check(tree, ScenarioShape, lambda _: ())
    problems += _contradictions(shape, tree, file.parent) if shape else ()
    if shape is None or problems:
        raise InputError(str(file), sorted(problems, key=lambda problem: (problem.line, problem.column)))
    if host_clock is not None:
        shape = shape.model_copy(update={"host_clock": host_clock})
    return LoadedScenario(file=file, shape=shape, tree=tree)


def _contradictions(shape: ScenarioShape, tree: YamlTree, folder: Path) -> Iterator[Problem]:
    """Yield the problems of values that are valid alone, but not together."""
    if shape.instant(shape.until) <= shape.start:
        yield tree.problem(["until"], "must come after the start")
    yield from _ticket_problems(shape, tree)
    for path, first, at in _instants(shape):
        if not first <= shape.instant(at) <= shape.instant(shape.until):
            yield tree.problem([*path, "at"], "is outside of the scenario")
    yield from _database_problems(shape, tree)
    yield from _source_problems(shape, tree)
    for where, name in shape.files.items():
        if not (folder / name).is_file():
            yield tree.problem(where, f"there is no file {name}", "its path is relative to the scenario's")


def _database_problems(shape: ScenarioShape, tree: YamlTree) -> Iterator[Problem]:
    for place, step in enumerate(shape.steps):
        as_of = shape.instant(step.as_of) if isinstance(step, DatabaseStep) and step.as_of is not None else None
        if as_of and not shape.start <= as_of <= shape.instant(step.at):
            yield tree.problem(["steps", place, "as_of"], "is not between the start and this step")


def _source_problems(shape: ScenarioShape, tree: YamlTree) -> Iterator[Problem]:
    for place, step in enumerate(shape.steps):
        if isinstance(step, SourceStep) and step.source != "down" and shape.sources is None:
            hint = "add `sources: {kind: billing}` to the scenario"
            yield tree.problem(
                ["steps", place, "source"], "an account file has no quirks, a simulated source has", hint
            )


def _ticket_problems(shape: ScenarioShape, tree: YamlTree) -> Iterator[Problem]:
    opened: dict[str, datetime] = {}
    for place, ticket in enumerate(shape.tickets):
        if ticket.key in opened:
            yield tree.problem(["tickets", place, "key"], f"{ticket.key} is the key of another ticket already")
        opened[ticket.key] = shape.instant(ticket.at)
    for place, step in enumerate(shape.steps):
        if isinstance(step, OnTicket):
            if step.ticket not in opened:
                hint = f"the keys of its tickets: {', '.join(opened) or 'none'}"
                yield tree.problem(["steps", place, "ticket"], f"there is no ticket {step.ticket}", hint)
            elif shape.instant(step.at) < opened[step.ticket]:
                yield tree.problem(["steps", place, "at"], f"{step.ticket} is not open yet")


def _instants(shape: ScenarioShape) -> Iterator[tuple[tuple[object, ...], datetime, datetime | timedelta]]:
    """Yield the instant of each ticket and step with its path, and the earliest at which it could be.

    A ticket may be older than the product's start, and have had a life in Desk before it.
    """
    for place, ticket in enumerate(shape.tickets):
        yield ("tickets", place), shape.instant(ticket.at), ticket.at
    for place, step in enumerate(shape.steps):
        yield ("steps", place), min(shape.opened) if isinstance(step, OnTicket) else shape.start, step.at
