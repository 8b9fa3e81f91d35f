"""The HTML of mails, which is seldom well formed, as lines of text.

A list item begins with "- ", table cells are separated by a tab, a link's target follows its text in angle brackets.
The standard library's parser takes quadratic time on unclosed tags; this one reads each character a fixed number of
times. Libraries have no such bound (docs/decisions/0021).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import unquote

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^<>]*+>|<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*+)(?P<rest>[^<>]*+)>|[^<]++|<", re.DOTALL
)
_ATTRIBUTE = re.compile(r"(?<![\w-])(href|class|id)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_LONGEST_TAG = 4_000

_HIDDEN = frozenset({"head", "script", "style", "title", "template"})
_LINE = frozenset({"br", "div", "li", "dt", "dd", "section", "article", "header", "footer", "center", "form"})
_PARAGRAPH = frozenset({"p", "table", "ul", "ol", "blockquote", "pre", "hr", "h1", "h2", "h3", "h4", "h5", "h6"})
_CELL = frozenset({"td", "th"})
_BLANKS = re.compile(r"\s+")
_REPEATED = re.compile(" +")
_AROUND_CELLS = re.compile(r" *\t[ \t]*")
_QUOTE_MARKS = re.compile(
    r"gmail_quote|gmail_attr|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra|outlookmessageheader",
    re.IGNORECASE,
)
_SIGNATURE_MARKS = re.compile(r"gmail_signature|moz-signature|protonmail_signature|zmail_signature", re.IGNORECASE)


def lines_of(page: str) -> tuple[list[str], list[str]]:
    """Return the lines of a page outside its quotes and those inside, without comments, styles and scripts."""
    reader = _Page()
    for token in _TOKEN.finditer(page):
        reader.read(token)
    return reader.finish()


class _OpenElement:
    """An element until its end: when as many elements of its name have ended as have begun."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._depth = 1

    def ends_at(self, name: str, *, ends: bool) -> bool:
        if name == self._name:
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

    def read(self, token: re.Match[str]) -> None:
        name = (token["name"] or "").lower()
        if name and "@" in token["rest"] and " " not in token["rest"]:
            self._append(token[0])
        elif name:
            self._tag(name, token["rest"][:_LONGEST_TAG], ends=bool(token["end"]))
        elif not token[0].startswith(("<!", "<?")):
            self._append(html.unescape(token[0]))

    def finish(self) -> tuple[list[str], list[str]]:
        self._end_line()
        return self._fresh, self._quoted

    def _append(self, text: str) -> None:
        blank = not text.strip()
        if self._hidden is not None or (blank and self._at_cell):
            return
        if self._break is not None and not blank:
            self._break()
        self._line.append(_BLANKS.sub(" ", text))

    def _tag(self, name: str, rest: str, *, ends: bool) -> None:
        if self._hidden is not None:
            self._hidden = None if self._hidden.ends_at(name, ends=ends) else self._hidden
        elif name in _HIDDEN:
            self._hidden = None if ends else _OpenElement(name)
        else:
            self._break_lines(name)
            self._apply_marks(name, rest, ends=ends)

    def _break_lines(self, name: str) -> None:
        """End the line at a row, and at a block once more text follows, but not beside the edge of a table cell."""
        if name in _CELL:
            self._break = None
            self._line.append("\t")
        elif name == "tr":
            self._end_line()
        elif self._at_cell:
            return
        elif name in _PARAGRAPH:
            self._break = self._end_paragraph
        elif name in _LINE:
            self._break = self._break or self._end_line

    def _apply_marks(self, name: str, rest: str, *, ends: bool) -> None:
        attributes = {} if ends else {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(rest)}
        marks = f"{attributes.get('class', '')} {attributes.get('id', '')}"
        if self._quote is not None:
            if self._quote.ends_at(name, ends=ends):
                self._end_line()
                self._quote = None
        elif not ends and (name == "blockquote" or _QUOTE_MARKS.search(marks)):
            self._end_line()
            self._quote = _OpenElement(name)
        if name == "li" and not ends:
            self._append("- ")
        elif name == "a":
            self._replace_link(None if ends else html.unescape(attributes.get("href", "")))
        elif _SIGNATURE_MARKS.search(marks):
            self._end_line()
            self._append("--")
            self._end_line()

    def _replace_link(self, link: str | None) -> None:
        """Append the target of the open link, unless the text has it already, and open `link`."""
        target = unquote(self._link or "")
        if target.lower().startswith("mailto:"):
            target = target[len("mailto:") :].partition("?")[0]
        if target and target.lower() not in "".join(self._line[-3:]).lower():
            self._append(f" <{target}>")
        self._link = link

    def _end_paragraph(self) -> None:
        self._end_line()
        lines = self._lines
        if lines and lines[-1]:
            lines.append("")

    def _end_line(self) -> None:
        self._break = None
        line = _REPEATED.sub(" ", _AROUND_CELLS.sub("\t", "".join(self._line))).strip()
        if line == "-":
            return
        if line:
            self._lines.append(line)
        self._line.clear()

    @property
    def _at_cell(self) -> bool:
        """True if a table cell has just begun or ended."""
        return self._line[-1:] == ["\t"]

    @property
    def _lines(self) -> list[str]:
        return self._fresh if self._quote is None else self._quoted
