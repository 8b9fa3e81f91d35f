"""Mistakes in a YAML file: their places, their wording, and suggestions for misspelt words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

Path: TypeAlias = tuple[object, ...]

# A place in the file, a message, and a hint.
Contradiction: TypeAlias = tuple[Path, str, str | None]

# The place of a name in the file, the name in the form in which it is compared, and its meaning.
Naming: TypeAlias = tuple[Path, str, object]


def closest(written: object, words: Iterable[str]) -> str | None:
    """Return the most similar word, ignoring case; None if none is similar."""
    folded = {word.casefold(): word for word in words}
    found = get_close_matches(str(written).casefold(), folded, n=1)
    return folded[found[0]] if found else None


def did_you_mean(word: str | None) -> str | None:
    return f"did you mean {word}?" if word else None


def pairs(root: object, *path: object) -> Iterator[tuple[object, object]]:
    """Yield the keys and values of the section at the path; nothing if there is no section."""
    for step in path:
        root = root.get(step) if isinstance(root, dict) else None
    yield from root.items() if isinstance(root, dict) else ()


def texts(root: object, *path: object) -> Iterator[tuple[object, str]]:
    """Return the keys and values of the section whose values are texts."""
    return ((key, value) for key, value in pairs(root, *path) if isinstance(value, str))


def listed(root: object, *path: object) -> Iterator[Naming]:
    """Yield the texts in the lists of a section, each with its path and the key of its list."""
    for key, values in pairs(root, *path):
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, str):
                yield (*path, key, index), value, key


def shown(value: object) -> str:
    """Return the value as it is shown in a message."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= _LONGEST_SHOWN else f'"{value[:_LONGEST_SHOWN]}…"'
    return _SHOWN.get(type(value), str(value).lower())


_LONGEST_SHOWN = 100
_SHOWN: Mapping[type, str] = {type(None): "nothing", dict: "keys with values", list: "a list"}


def mistake(message: str, meant: str | None = None) -> PydanticCustomError:
    # Pydantic would read braces in a message as placeholders, and does not accept lone surrogates.
    encodable = message.encode(errors="backslashreplace").decode()
    return PydanticCustomError("mistake", "{message}", {"message": encodable, "meant": meant})


class MappingSection(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
