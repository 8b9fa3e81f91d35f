"""One word for one thing: no identifier contains a word of the glossary's third column."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.laws.shape import ROOT

FOLDERS = ("desk_sync", "tasks", "tests", "bench")
ROW = re.compile(r"\| \*\*.+\|")


def rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if ROW.fullmatch(line)]


def identifiers(file: Path) -> Iterator[str]:
    """Yield every name that the file defines or uses; its texts are not names."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        for attribute in ("name", "id", "attr", "arg", "asname"):
            if isinstance(name := getattr(node, attribute, None), str):
                yield name


def words_of(identifier: str) -> set[str]:
    """Return its words: parts between underscores, split at capitals, in lower case."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", identifier)
    return {part.lower() for part in parts}


@pytest.fixture(scope="module")
def places() -> dict[str, str]:
    """Each word of an identifier, with a place where it occurs."""
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    return {
        word: f"{identifier} in {file.relative_to(ROOT)}"
        for file in files
        for identifier in set(identifiers(file))
        for word in words_of(identifier)
    }


BANNED = {word: row[0] for row in rows() for word in re.findall(r"\w+", row[2])}


@pytest.mark.parametrize("word", BANNED)
def test_the_word_occurs_in_no_identifier(places, word):
    found = {form: places[form] for form in (word, f"{word}s", f"{word}ing") if form in places}

    assert found == {}, f"use {BANNED[word]}"


def test_the_glossary_has_the_words_of_the_project():
    words = {word.strip(" *") for row in rows() for word in row[0].split(",")}

    assert {"portal", "ticket", "look", "plan", "reason", "effect", "override", "lease", "parked"} <= words
