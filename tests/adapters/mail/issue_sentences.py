"""The sentences of `tests/cases/words`, and how many of them are read rightly; prints the table of docs/mails.md."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from desk_sync.adapters.mail.issue_words import infer
from desk_sync.adapters.text.languages import LANGUAGES

ROOT = Path(__file__).parents[3]
KINDS = ("outage", "login", "security")
FILES = [(language, kind) for language in LANGUAGES for kind in KINDS]

FURTHER = sorted(path.stem for path in (ROOT / "tests/cases/words/further").glob("*.txt"))


def further(name: str, mark: str) -> list[str]:
    """Return the sentences with this mark of a further set, of another time."""
    text = (ROOT / f"tests/cases/words/further/{name}.txt").read_text(encoding="utf-8")
    return [line[2:] for line in text.splitlines() if line[0] == mark]


@cache
def _lines(language: str, kind: str) -> tuple[str, ...]:
    return tuple((ROOT / f"tests/cases/words/{language}-{kind}.txt").read_text(encoding="utf-8").splitlines())


def read(language: str, kind: str, mark: str, *, rest: int | None = None) -> list[str]:
    """Return the sentences with this mark: all, or those whose line number leaves the rest when divided by two."""
    lines = enumerate(_lines(language, kind), 1)
    return [line[2:] for number, line in lines if line[0] == mark and rest in (None, number % 2)]


def seen(language: str, kind: str, *, rest: int) -> float:
    """Return the percentage of the telling sentences from which their kind is inferred."""
    sentences = read(language, kind, "+", rest=rest)
    return 100 * sum(kind in {each.issue_type for each in infer(sentence)} for sentence in sentences) / len(sentences)


def taken(language: str, kind: str, *, rest: int) -> float:
    """Return the percentage of the innocent sentences from which any kind is inferred."""
    sentences = read(language, kind, "-", rest=rest)
    return 100 * sum(bool(infer(sentence)) for sentence in sentences) / len(sentences)


def table() -> str:
    """Return the table of languages and kinds: seen / taken, of the odd and of the even lines."""
    return "\n".join(_rows())


def _rows() -> Iterator[str]:
    yield "| language | " + " | ".join(f"{kind}, odd | {kind}, even" for kind in KINDS) + " |"
    yield "|---" * 7 + "|"
    for language in LANGUAGES:
        figures = (
            f"{seen(language, kind, rest=rest):.0f} / {taken(language, kind, rest=rest):.0f}"
            for kind in KINDS
            for rest in (1, 0)
        )
        yield f"| {language} | " + " | ".join(figures) + " |"


if __name__ == "__main__":
    print(table())
