"""Our words for what people say in a scenario, and Desk's for what the simulated Desk takes and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desk_sync.adapters.mapping.file import PortalMapping
from desk_sync.errors import PermanentError
from desk_sync.simulated_desk.seed import DeskLayout
from desk_sync.simulation.scenario_shape import Said

BODY = ("subject", "description", "status", "language", "assigneeId")
"""Fields that every portal has under the same name."""


@dataclass(frozen=True, slots=True)
class ScenarioWords:
    """One mapping's words, for tickets of one layout."""

    mapping: PortalMapping
    layout: DeskLayout

    def sent(self, said: Mapping[str, Said]) -> dict[str, Any]:
        """The body of a POST or PATCH that sets these fields.

        Raises PermanentError for a word that the mapping has no field for, or a value that Desk has none for.
        """
        names = {word: word if word in BODY else self._name(word) for word in said}
        values = {name: self._value(word, said[word], name) for word, name in names.items()}
        custom = {name: value for name, value in values.items() if name.startswith("cf_")}
        rest = {name: value for name, value in values.items() if name not in custom}
        return rest | ({"cf": custom} if custom else {})

    def told(self, whole: Mapping[str, Any]) -> dict[str, Said]:
        """Every mapped field of a ticket as Desk answers it; a check box is true or false."""
        answered = {**whole, **whole["cf"]}
        return {
            word: _told(answered.get(name), self._type(name)) for word, name in self.mapping.vocabulary.fields.items()
        }

    def _name(self, word: str) -> str:
        try:
            return self.mapping.vocabulary.fields[word]
        except KeyError:
            known = ", ".join(("status", *self.mapping.vocabulary.fields))
            raise PermanentError(f"the mapping has no field {word}", hint=f"there is {known}") from None

    def _value(self, word: str, said: Said, name: str) -> Any:
        vocabulary, severities = self.mapping.vocabulary, self.mapping.policy.tickets.severities
        match word, said:
            case "severity", int(level):
                return severities.get(level) or str(level)
            case "request_type", str():
                return self._choice(name, vocabulary.request_types, said)
            case "issue_type", str():
                return self._choice(name, vocabulary.issue_types, said)
            case _, bool():
                return str(said).lower()
            case _:
                return said

    def _choice(self, name: str, ours: Mapping[str, str], word: str) -> str:
        """A value of the pick list that stands for our word; else what was said, for Desk to judge."""
        field = self.layout.field(name)
        choices = [choice.value for choice in field.choices] if field else []
        return next((value for value in choices if ours.get(value.lower()) == word), word)

    def _type(self, name: str) -> str:
        field = self.layout.field(name)
        return field.type if field else "Text"


def _told(value: Any, kind: str) -> Said:
    said: Said = value == "true" if kind == "Boolean" else value
    return said
