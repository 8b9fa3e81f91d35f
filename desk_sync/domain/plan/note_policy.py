"""Which tickets get the note that explains them, and in which language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Explain(StrEnum):
    """The tickets that get the note. A clock that is late or at risk is a reason for all but NEVER.

    CHANGED: something was written, taken back or held back, or a large account was left alone, or a person is asked.
    ASKED: a person is asked something.
    """

    CHANGED = "changed"
    ASKED = "asked"
    ALL = "all"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class NoteWords:
    """The words of the note in one language, by what they say; `adapters/mapping/note_words` holds them."""

    texts: Mapping[str, str]

    def say(self, name: str, **values: object) -> str:
        """Return the text of this name with its values. Raises KeyError for a name that does not exist."""
        return self.texts[name].format(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePolicy:
    """`explain` says which tickets get the note; `languages` are those of departments that differ from `language`."""

    texts: Mapping[str, Mapping[str, str]]
    explain: Explain = Explain.CHANGED
    language: str = "en"
    languages: Mapping[str, str] = field(default_factory=dict)

    def words(self, department_id: str) -> NoteWords:
        """Return the words for the agents of a department."""
        return NoteWords(self.texts[self.languages.get(department_id, self.language)])
