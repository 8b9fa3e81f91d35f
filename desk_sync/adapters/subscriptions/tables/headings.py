"""The heading of a table: which column has which of our names.

A heading is in one language: ours, in any style ("Account ID", "account-id"), or one of five others. One that mixes
languages was edited by hand: its words may mean something else, so it is refused, with the names that are probably
meant. Names that are the same in every language, and columns that are not required, may be ours in every heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources

from desk_sync.adapters.subscriptions.tables.cells import shown
from desk_sync.adapters.text.fold import fold
from desk_sync.errors import Problem

MOST_COLUMNS = 1_000
_LISTED = 12
_LONGEST = 200
"""Characters of a column's name."""
_LONGEST_LINE = 2_000
"""Characters of the names of all columns that are in one cell."""
_SIMILARITY = 0.85
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
_NEUTRAL = ("status", "zoid", "addons", "region")
"""Names that are words of every language."""
_NOT_USED = (
    "company_name",
    "partner_tier",
    "service_id",
    "billing_frequency",
    "currency",
    "next_billing_date",
    "expires_at",
    "notes",
)
_OF_PARTNERS = ("partner_name", "domains", "country", "state", "tier", "contract_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableHeading:
    """The positions of the columns by our names, from 0, and the mistakes.

    `unread` are the names of the columns that are none of ours. A heading `resembles` ours if it has, in any language,
    at least half of the required columns: the table was meant to be read.
    """

    columns: Mapping[str, int]
    mistakes: Sequence[Problem] = ()
    unread: Sequence[str] = ()
    resembles: bool = True


def read_heading(cells: Sequence[str], required: Sequence[str], line: int, *, delimiters: str = "") -> TableHeading:
    """Return the meaning of a heading in the first language in which it has every required column.

    `delimiters` are the characters that can separate its cells, empty in a workbook.
    """
    if len(cells) > MOST_COLUMNS:
        too_many = Problem(message=f"{len(cells):,} columns are more than {MOST_COLUMNS:,}", line=line)
        return TableHeading(columns={}, mistakes=[too_many])
    names = [_plain(cell) for cell in cells]
    for words in _languages():
        meant = [words.get(name) for name in names]
        if set(required) <= set(meant):
            return _complete(cells, [each or _ours().get(name) for each, name in zip(meant, names, strict=True)], line)
    return _incomplete(cells, names, required, line, delimiters)


def _complete(cells: Sequence[str], meant: Sequence[str | None], line: int) -> TableHeading:
    return TableHeading(
        columns={name: at for at, name in enumerate(meant) if name},
        mistakes=list(_repeated(meant, line)),
        unread=[cell for cell, name in zip(cells, meant, strict=True) if cell and name is None],
    )


def _repeated(meant: Sequence[str | None], line: int) -> Iterator[Problem]:
    for at, name in enumerate(meant):
        if name and name in meant[:at]:
            yield Problem(message="the column appears twice", where=name, line=line, column=at + 1)


def _incomplete(
    cells: Sequence[str], names: Sequence[str], required: Sequence[str], line: int, delimiters: str
) -> TableHeading:
    """Return the mistake of a heading that lacks columns: what it lacks, and what it has instead."""
    meant = [next((words[name] for words in _languages() if name in words), None) for name in names]
    lacking = [name for name in required if name not in meant]
    if lacking:
        twice = [name for name in dict.fromkeys(meant) if name and meant.count(name) > 1]
        message = f"the heading has no {', '.join(lacking)}" + "".join(f", and {name} twice" for name in twice)
        unknown = [cell for cell, name in zip(cells, meant, strict=True) if cell and name is None]
        hint = _found([cell for cell in cells if cell], unknown, lacking, delimiters)
    else:
        message = "the heading mixes languages, so its words can mean something else"
        foreign = [each for each in zip(cells, names, meant, strict=True) if each[2] and each[1] not in _ours()]
        hint = f"rename {_listed([f'{shown(cell)} to {ours}' for cell, _, ours in foreign])}"
    return TableHeading(
        columns={},
        mistakes=[Problem(message=message, line=line, hint=hint)],
        resembles=len(lacking) * 2 <= len(required),
    )


def _found(filled: Sequence[str], unknown: Sequence[str], lacking: Sequence[str], delimiters: str) -> str:
    if len(filled) == 1:
        return f"it has the one cell {shown(filled[0])}; {_one_cell(filled[0], lacking, delimiters)}"
    similar = [(cell, name) for cell in unknown if (name := _similar(cell, lacking))]
    if similar:
        return f"rename {_listed([f'{shown(cell)} to {name}, if it is that' for cell, name in similar])}"
    return f"it has {_listed(list(map(shown, unknown or filled)))}"


def _one_cell(cell: str, lacking: Sequence[str], delimiters: str) -> str:
    """Return what to do about a heading of one cell: it holds the names of several columns, or it is a title."""
    text = _plain(cell, _LONGEST_LINE)
    if sum(_plain(name) in text for name in lacking) * 2 <= len(lacking):
        return "the heading must come first: delete the rows above it"
    if not delimiters:
        return "divide it into one cell for each column"
    *others, last = (_DELIMITER_NAMES.get(each, each) for each in delimiters)
    return f"separate the cells by {', '.join(others)} or {last}"


def _similar(cell: str, lacking: Sequence[str]) -> str | None:
    """Return the column that is lacking and has a name that is nearly the cell, in any language."""
    words = {word: name for language in _languages() for word, name in language.items() if name in lacking}
    found = get_close_matches(_plain(cell), words, n=1, cutoff=_SIMILARITY)
    return words[found[0]] if found else None


def _listed(items: Sequence[str]) -> str:
    return ", ".join([*items[:_LISTED], *["…"][: len(items) > _LISTED]])


def _plain(name: str, longest: int = _LONGEST) -> str:
    """Return the form in which names are compared: folded letters and digits. "Super-Admin" is one word in some."""
    return "".join(_WORD.findall(fold(name[:longest])))


_WORD = re.compile(r"[^\W_]+")


@cache
def _languages() -> Sequence[Mapping[str, str]]:
    """Return our names by the words of each language, ours first."""
    by_language: dict[str, dict[str, str]] = {}
    for language, name, words in _lines():
        named = by_language.setdefault(language, {_plain(each): each for each in _NEUTRAL})
        named.update((_plain(word), name) for word in words)
    return [_ours(), *by_language.values()]


@cache
def _ours() -> Mapping[str, str]:
    return {_plain(name): name for name in (*(name for _, name, _ in _lines()), *_NOT_USED, *_OF_PARTNERS)}


def _lines() -> Iterator[tuple[str, str, Sequence[str]]]:
    text = resources.files("desk_sync.adapters.subscriptions.tables").joinpath("column_names.txt")
    for line in text.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            language, name, words = line.split(" ", 2)
            yield language, name, words.split(";")
