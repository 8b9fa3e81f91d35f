"""Translation between the words of a scenario and Desk's field names and values, by the mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.errors import PermanentError
from desk_sync.simulated_desk.portal.seed import DeskLayout
from desk_sync.simulation.scenario_types import ScenarioValue

BODY = ("subject", "description", "status", "language", "assigneeId")
"""Fields that every portal has under the same name."""


@dataclass(slots=True)
class ScenarioVocabulary:
    """The words of the current mapping, for tickets of one layout."""

    mapping: PortalMapping
    layout: DeskLayout

    def request_body(self, values: Mapping[str, ScenarioValue]) -> dict[str, Any]:
        """Return the body of a POST or PATCH that sets these fields.

        Raises PermanentError for a word for which the mapping has no field.
        """
        names = {word: self.field_name(word) for word in values}
        fields = {name: self._value(word, values[word], name) for word, name in names.items()}
        custom = {name: value for name, value in fields.items() if name.startswith("cf_")}
        rest = {name: value for name, value in fields.items() if name not in custom}
        return rest | ({"cf": custom} if custom else {})

    def mapped_fields(self, whole: Mapping[str, Any]) -> dict[str, ScenarioValue]:
        """Return every mapped field of a ticket by our word; a check box is True or False."""
        fields = {**whole, **whole["cf"]}
        return {
            word: _read_value(fields.get(name), self._type(name))
            for word, name in self.mapping.vocabulary.fields.items()
        }

    def field_name(self, word: str) -> str:
        """Return Desk's name of a field: by our word, or by Desk's own name for a field that the portal has.

        Raises PermanentError for a word for which the mapping has no field.
        """
        named = self.mapping.vocabulary.fields.get(word)
        if named is None and word not in BODY and self.layout.field(word) is None:
            known = ", ".join(("status", *self.mapping.vocabulary.fields))
            raise PermanentError(f"the mapping has no field {word}", hint=f"its fields: {known}")
        return named or word

    def _value(self, word: str, value: ScenarioValue, name: str) -> Any:
        vocabulary, severities = self.mapping.vocabulary, self.mapping.policy.tickets.severities
        match word, value:
            case "severity", int(level):
                return severities.get(level) or str(level)
            case "request_type", str():
                return self._choice(name, vocabulary.request_types, value)
            case "issue_type", str():
                return self._choice(name, vocabulary.issue_types, value)
            case _, bool():
                return str(value).lower()
            case _:
                return value

    def _choice(self, name: str, ours: Mapping[str, str], word: str) -> str:
        """Return the pick-list value with our word's meaning; without one, the word itself, which Desk may refuse."""
        field = self.layout.field(name)
        choices = [choice.value for choice in field.choices] if field else []
        return next((value for value in choices if ours.get(value.lower()) == word), word)

    def _type(self, name: str) -> str:
        field = self.layout.field(name)
        return field.type if field else "Text"


def _read_value(value: Any, kind: str) -> ScenarioValue:
    read: ScenarioValue = value == "true" if kind == "Boolean" else value
    return read
