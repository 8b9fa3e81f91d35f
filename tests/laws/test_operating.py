"""The commands in docs/operating.md exist, with the options that they have there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer.main

from desk_sync.cli.commands import app
from tests.laws.shape import ROOT

TEXT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"(?:^\$ |`)(desk-sync [a-z][^`#\n]*)", re.MULTILINE)
COMMANDS = sorted({found.strip() for found in COMMAND.findall(TEXT)})


def unknown_words(command: str) -> Iterator[str]:
    """Yield the words of a command that the command line does not have: subcommands and options."""
    place = typer.main.get_command(app)
    words = command.split()[1:]
    while words and hasattr(place, "commands"):
        name = words.pop(0)
        if name not in place.commands:
            yield name
            return
        place = place.commands[name]
    options = {name for parameter in place.params for name in parameter.opts}
    yield from (word for word in words if word.startswith("--") and word.partition("=")[0] not in options)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_exists(command):
    assert list(unknown_words(command)) == []


@pytest.mark.parametrize("command", ["desk-sync portal rename", "desk-sync db upgrade", "desk-sync db downgrade --yes"])
def test_the_text_has_it(command):
    assert any(each.startswith(command) for each in COMMANDS)


@pytest.mark.parametrize("command", ["desk-sync db sidegrade", "desk-sync db downgrade --please"])
def test_one_that_does_not_exist_would_be_found(command):
    assert list(unknown_words(command))
