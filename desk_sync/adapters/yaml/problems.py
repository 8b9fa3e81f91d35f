"""Mistakes in a YAML file: where they are, how they are named, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

Path: TypeAlias = tuple[object, ...]


Contradiction: TypeAlias = tuple[Path, str, str | None]


# Where a name stands, its compared form, and what it stands for.
Naming: TypeAlias = tuple[Path, str, object]


def closest(written: object, words: Iterable[str]) -> str | None:
    """The word that was probably meant."""
    folded = {word.casefold(): word for word in words}
    found = get_close_matches(str(written).casefold(), folded, n=1)
    return folded[found[0]] if found else None


def did_you_mean(word: str | None) -> str | None:
    return f"did you mean {word}?" if word else None


def pairs(root: object, *path: object) -> Iterator[tuple[object, object]]:
    """The keys and values of the section at the path; nothing where there is none."""
    for step in path:
        root = root.get(step) if isinstance(root, dict) else None
    yield from root.items() if isinstance(root, dict) else ()


def texts(root: object, *path: object) -> Iterator[tuple[object, str]]:
    """The keys and values of the section, as far as they are texts."""
    return ((key, value) for key, value in pairs(root, *path) if isinstance(value, str))


def listed(root: object, *path: object) -> Iterator[Naming]:
    """The texts in the lists of a section, each with the key of its list."""
    for key, values in pairs(root, *path):
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, str):
                yield (*path, key, index), value, key


def shown(value: object) -> str:
    """A value as a message names it."""
    return f'"{value}"' if isinstance(value, str) else _SHOWN.get(type(value), str(value).lower())


_SHOWN: Mapping[type, str] = {type(None): "nothing", dict: "keys with values", list: "a list"}


def mistake(message: str, meant: str | None = None) -> PydanticCustomError:
    # Braces in a message would be read as placeholders, and halves of a character cannot be passed on.
    whole = message.encode(errors="backslashreplace").decode()
    return PydanticCustomError("mistake", "{message}", {"message": whole, "meant": meant})


class MappingSection(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
