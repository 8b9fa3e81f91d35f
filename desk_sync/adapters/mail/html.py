"""The HTML of mails, which is seldom well formed, as lines of text.

A list item begins with "- ", table cells are separated by a tab, a link's target follows its text in angle brackets.
Line ends inside `pre` are kept, and elements that are not displayed are left out.
The standard library's parser takes quadratic time on unclosed tags; this one reads each character a fixed number of
times. Libraries have no such bound (docs/decisions/0021).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^<>]*+>|<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*+)(?P<rest>[^<>]*+)>|[^<]++|<", re.DOTALL
)
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(href|class|id|style)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE
)
_LONGEST_TAG = 4_000
# A thousand tokens take 2 ms.
_TOKENS_AT_ONCE = 1_000
# The characters before the end of a link in which its target is looked for.
_NEAR_LINK = 500
_PIECES_OF_LINK = 3

_HIDDEN = frozenset({"head", "script", "style", "title", "template"})
_LINE = frozenset({"br", "div", "li", "dt", "dd", "section", "article", "header", "footer", "center", "form"})
_PARAGRAPH = frozenset({"p", "table", "ul", "ol", "blockquote", "pre", "hr", "h1", "h2", "h3", "h4", "h5", "h6"})
_CELL = frozenset({"td", "th"})
# A paragraph needs no end tag: it ends at the next block.
_ENDS_PARAGRAPH = (_LINE | _PARAGRAPH) - {"br"}
_WITHOUT_END = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_BLANKS = re.compile(r"\s+")
_BETWEEN_WORDS = re.compile(r"[ \t]+")
_NOT_DISPLAYED = re.compile(r"display\s*+:\s*+none", re.IGNORECASE)
# No character has a longer number; the standard library refuses thousands of digits with an error.
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_QUOTE_MARKS = re.compile(
    r"gmail_quote|gmail_attr|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra|outlookmessageheader",
    re.IGNORECASE,
)
_SIGNATURE_MARKS = re.compile(r"gmail_signature|moz-signature|protonmail_signature|zmail_signature", re.IGNORECASE)


def _never() -> bool:
    return False


def lines_of(page: str, is_over: Callable[[], bool] = _never) -> tuple[list[str], list[str]]:
    """Return the lines of a page outside its quotes and those inside, without comments, styles and scripts.

    Raises TimeoutError once `is_over` returns True: the time for reading has passed.
    """
    reader = _Page()
    for number, token in enumerate(_TOKEN.finditer(page)):
        if number % _TOKENS_AT_ONCE == 0 and is_over():
            raise TimeoutError("the time for reading has passed")
        reader.read(token)
    return reader.finish()


def _characters(markup: str) -> str:
    """Return the text of a piece of markup without tags."""
    return html.unescape(_LONG_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", markup))


def _attributes(rest: str) -> dict[str, str]:
    return {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(rest)}


def _is_displayed(name: str, attributes: Mapping[str, str]) -> bool:
    return name not in _HIDDEN and not _NOT_DISPLAYED.search(attributes.get("style", ""))


class _OpenElement:
    """An element until its end: when as many elements of its name have ended as have begun."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._depth = 1

    def ends_at(self, name: str, *, ends: bool) -> bool:
        if name == self.name:
            self._depth += -1 if ends else 1
        return self._depth == 0


class _Page:
    """The lines of an HTML text, built tag by tag."""

    def __init__(self) -> None:
        self._fresh: list[str] = []
        self._quoted: list[str] = []
        self._line: list[str] = []
        self._break: Callable[[], None] | None = None
        self._link: str | None = None
        self._hidden: _OpenElement | None = None
        self._quote: _OpenElement | None = None
        self._preformatted = False

    def read(self, token: re.Match[str]) -> None:
        name = (token["name"] or "").lower()
        if name and "@" in token["rest"] and " " not in token["rest"]:
            self._append(token[0])
        elif name:
            self._tag(name, token["rest"][:_LONGEST_TAG], ends=bool(token["end"]))
        elif not token[0].startswith(("<!", "<?")):
            self._text(_characters(token[0]))

    def finish(self) -> tuple[list[str], list[str]]:
        self._end_line()
        return self._fresh, self._quoted

    def _text(self, text: str) -> None:
        """Append a text; its line ends are blanks, except inside `pre`."""
        if self._hidden is not None or not self._preformatted:
            self._append(text)
            return
        for number, line in enumerate(text.split("\n")):
            if number:
                self._break_lines("br")
            self._append(line)

    def _append(self, text: str) -> None:
        """Append a text without line ends. Repeated blanks are left out: they would cost time at each end of line."""
        blank = not text.strip()
        if self._hidden is not None or (blank and (not text or self._after_blank)):
            return
        if self._break is not None and not blank:
            self._break()
        self._line.append(_BLANKS.sub(" ", text))

    def _tag(self, name: str, rest: str, *, ends: bool) -> None:
        if self._hidden is not None:
            hidden = self._hidden.name
            if not self._hidden.ends_at(name, ends=ends) and not (hidden == "p" and name in _ENDS_PARAGRAPH):
                return
            self._hidden = None
            if ends and name == hidden:
                return
        attributes = {} if ends else _attributes(rest)
        if _is_displayed(name, attributes):
            self._break_lines(name)
            self._apply_marks(name, attributes, ends=ends)
        elif not ends and name not in _WITHOUT_END:
            self._hidden = _OpenElement(name)

    def _break_lines(self, name: str) -> None:
        """End the line at a row, and at a block once more text follows, but not beside the edge of a table cell."""
        if name in _CELL:
            self._break = None
            self._line += [] if self._at_cell else ["\t"]
        elif name == "tr":
            self._end_line()
        elif self._at_cell:
            return
        elif name in _PARAGRAPH:
            self._break = self._end_paragraph
        elif name in _LINE:
            self._break = self._break or self._end_line

    def _apply_marks(self, name: str, attributes: Mapping[str, str], *, ends: bool) -> None:
        marks = f"{attributes.get('class', '')} {attributes.get('id', '')}"
        if self._quote is not None:
            if self._quote.ends_at(name, ends=ends):
                self._end_line()
                self._quote = None
        elif not ends and (name == "blockquote" or _QUOTE_MARKS.search(marks)):
            self._end_line()
            self._quote = _OpenElement(name)
        if name == "pre":
            self._preformatted = not ends
        if name == "li" and not ends:
            self._append("- ")
        elif name == "a":
            self._replace_link(None if ends else _characters(attributes.get("href", "")))
        elif _SIGNATURE_MARKS.search(marks):
            self._end_line()
            self._append("--")
            self._end_line()

    def _replace_link(self, link: str | None) -> None:
        """Append the target of the open link, unless the text has it already, and open `link`."""
        target = unquote(self._link or "")
        if target.lower().startswith("mailto:"):
            target = target[len("mailto:") :].partition("?")[0]
        near = "".join(piece[-len(target) - _NEAR_LINK :] for piece in self._line[-_PIECES_OF_LINK:])
        if target and target.lower() not in near.lower():
            self._append(f" <{target}>")
        self._link = link

    def _end_paragraph(self) -> None:
        self._end_line()
        lines = self._lines
        if lines and lines[-1]:
            lines.append("")

    def _end_line(self) -> None:
        self._break = None
        line = _BETWEEN_WORDS.sub(_separator, "".join(self._line)).strip()
        if line == "-":
            return
        if line:
            self._lines.append(line)
        self._line.clear()

    @property
    def _after_blank(self) -> bool:
        return bool(self._line) and self._line[-1].endswith((" ", "\t"))

    @property
    def _at_cell(self) -> bool:
        """True if a table cell has just begun or ended."""
        return self._line[-1:] == ["\t"]

    @property
    def _lines(self) -> list[str]:
        return self._fresh if self._quote is None else self._quoted


def _separator(blanks: re.Match[str]) -> str:
    """Return a tab for blanks at the edge of a table cell, else one blank."""
    return "\t" if "\t" in blanks[0] else " "
