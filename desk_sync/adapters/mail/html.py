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

from desk_sync.adapters.mail.links import MAILTO, target_of
from desk_sync.adapters.mail.quotes import is_attribution
from desk_sync.adapters.text.styles import rules_of, selectors

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^<>]*+>|<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*+)(?P<rest>[^<>]*+)>|[^<]++|<", re.DOTALL
)
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(href|class|id|style|name|type|cite)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE
)
_LONGEST_TAG = 4_000
# A thousand tokens take 2 ms.
_TOKENS_AT_ONCE = 1_000
# The characters before the end of a link in which its target is looked for.
_NEAR_LINK = 500
_PIECES_OF_LINK = 3
_PIECES_OF_LINE = 20

# Elements that are not shown, and those of a text that was struck out.
_HIDDEN = frozenset({"head", "script", "style", "title", "template", "s", "strike", "del"})
_LINE = frozenset({"br", "div", "li", "dt", "dd", "section", "article", "header", "footer", "center", "form"})
_PARAGRAPH = frozenset({"p", "table", "ul", "ol", "blockquote", "pre", "hr", "h1", "h2", "h3", "h4", "h5", "h6"})
_CELL = frozenset({"td", "th"})
# A paragraph needs no end tag: it ends at the next block.
_ENDS_PARAGRAPH = (_LINE | _PARAGRAPH) - {"br"}
_WITHOUT_END = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_BLANKS = re.compile(r"\s+")
_BETWEEN_WORDS = re.compile(r"[ \t]+")
_NOT_DISPLAYED = re.compile(
    r"display\s*+:\s*+none|visibility\s*+:\s*+(?:hidden|collapse)|mso-hide\s*+:\s*+all|color\s*+:\s*+transparent"
    r"|font-size\s*+:\s*+(?:0(?![.\d])|[01]p[xt])|opacity\s*+:\s*+0(?![.\d])"
    r"|(?:text-indent|left|top)\s*+:\s*+-\d{3}|text-decoration(?:-line)?\s*+:[^;]*line-through",
    re.IGNORECASE,
)
_COLOR = re.compile(r"(?<![\w-])color\s*+:\s*+(#[0-9a-f]+|rgb\([\d ,]{1,20}\)|[a-z]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-color)?\s*+:\s*+(#[0-9a-f]+|rgb\([\d ,]{1,20}\)|[a-z]+)", re.IGNORECASE)
_WHITE = {"white": "#ffffff", "rgb(255,255,255)": "#ffffff"}
_NO_SPACE = re.compile(r"(?:height|width)\s*+:\s*+0(?![.\d])", re.IGNORECASE)
_CUT = re.compile(r"overflow\s*+:\s*+hidden", re.IGNORECASE)
_QUOTED_VALUES = re.compile(r"\"[^\"]*\"|'[^']*'")
_HIDDEN_ATTRIBUTE = re.compile(r"(?<!\S)hidden(?![^\s=/])", re.IGNORECASE)
_PREFORMATTED = frozenset({"pre", "textarea", "listing", "xmp"})
_MARKING = _PREFORMATTED | {"blockquote"}
_KEEPS_LINES = re.compile(r"white-space\s*+:\s*+(?:pre|break-spaces)", re.IGNORECASE)
# No character has a longer number; the standard library refuses thousands of digits with an error.
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
# Names that programs give to their quotations.
_QUOTE_MARKS = re.compile(
    r"(?<!indent-block)quote(?![a-z])|quot(?:ed|ation)|gmail_attr|\bcite\b|moz-(?:cite|forward)|zmail_extra|olk_src_body|reply-?intro"
    r"|reference-message-container|original-?message|reply-?header|forward-?header",
    re.IGNORECASE,
)
# Names that programs give to the first line of the earlier mail: all that follows is quoted.
_EARLIER_MAIL_MARKS = re.compile(
    r"divRplyFwdMsg|appendonsend|ms-outlook-mobile-reference-message|outlookmessageheader", re.IGNORECASE
)
_BORDER = re.compile(
    r"border(?:-left|-inline-start)?(?:-width|-style)?\s*+:\s*+(?!none|0(?![.\d]*[1-9]))", re.IGNORECASE
)
_MARGIN = re.compile(r"(?:margin|padding)", re.IGNORECASE)
# A bar beside a block, such as Outlook draws beside an earlier mail; a frame on all sides is none.
_BARRED = frozenset({"div", "section"})
_BAR = re.compile(r"border-(?:left|inline-start)\s*+:\s*+(?!none|0(?![.\d]*[1-9]))[^;]*(?:solid|double)", re.IGNORECASE)
_FRAME = re.compile(
    r"border(?:-right|-top|-bottom)?\s*+:\s*+(?!none|0(?![.\d]*[1-9]))[^;]*(?:solid|double)", re.IGNORECASE
)
_SIGNATURE_MARKS = re.compile(r"(?<![a-z])signature(?![a-z])|signature_", re.IGNORECASE)
# No element has this name: it stays open.
_NEVER_ENDS = ""


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


def _is_displayed(name: str, attributes: Mapping[str, str], rest: str) -> bool:
    if not rest or name in _HIDDEN:
        return name not in _HIDDEN
    if _hides(attributes.get("style", "")):
        return False
    return "hidden" not in rest.lower() or not _HIDDEN_ATTRIBUTE.search(_QUOTED_VALUES.sub("x", rest))


def _hides(style: str) -> bool:
    """Return True if declarations keep a text from being seen, or strike it out."""
    has_no_space = _NO_SPACE.search(style) and _CUT.search(style)
    return bool(_NOT_DISPLAYED.search(style) or has_no_space) or _is_invisible(style)


def _is_invisible(style: str) -> bool:
    """Return True if a text has the colour of its background."""
    front, behind = _COLOR.search(style), _BACKGROUND.search(style)
    return bool(front and behind) and _color(front) == _color(behind)


def _color(found: re.Match[str] | None) -> str:
    """Return a colour in one spelling."""
    written = "".join((found[1] if found else "").lower().split())
    if re.fullmatch("#[0-9a-f]{3}", written):
        return "#" + "".join(2 * each for each in written[1:])
    return _WHITE.get(written, written)


def _names(attributes: Mapping[str, str]) -> str:
    return " ".join(attributes.get(each, "") for each in ("class", "id", "name"))


def _is_quote(name: str, attributes: Mapping[str, str], line_before: Callable[[], str]) -> bool:
    """Return True if a quotation begins. A `blockquote` with a margin and no border is an editor's indent."""
    if _QUOTE_MARKS.search(_names(attributes)):
        return True
    style = attributes.get("style", "")
    if name != "blockquote":
        return name in _BARRED and bool(_BAR.search(style)) and not _FRAME.search(style)
    is_indent = _MARGIN.search(style) and not _BORDER.search(style) and not {"type", "cite"} & attributes.keys()
    return not is_indent or is_attribution(line_before())


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
        self._sheet: list[str] = []
        self._hiding: set[tuple[str, str]] = set()
        self._quote: _OpenElement | None = None
        self._preformatted: _OpenElement | None = None

    def read(self, token: re.Match[str]) -> None:
        name = (token["name"] or "").lower()
        if self._hidden is not None and self._hidden.name in ("style", "head") and not name:
            self._sheet.append(token[0])
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
        if self._hidden is not None or self._preformatted is None:
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
        if name == "style":
            self._read_sheet(ends=ends)
        if self._hidden is not None:
            hidden = self._hidden.name
            if not self._hidden.ends_at(name, ends=ends) and not (hidden == "p" and name in _ENDS_PARAGRAPH):
                return
            self._hidden = None
            if ends and name == hidden:
                return
        attributes = {} if ends else _attributes(rest)
        if _is_displayed(name, attributes, "" if ends else rest) and not self._is_hidden_by_sheet(name, attributes):
            self._break_lines(name)
            self._apply_marks(name, attributes, ends=ends)
        elif not ends and name not in _WITHOUT_END:
            self._hidden = _OpenElement(name)

    def _read_sheet(self, *, ends: bool) -> None:
        """Keep the classes and ids that a style sheet of the text hides. What precedes it in the head is none."""
        for element, selector, declarations in rules_of("".join(self._sheet)) if ends else ():
            if _hides(declarations):
                self._hiding.add((element, selector))
        self._sheet.clear()

    def _is_hidden_by_sheet(self, name: str, attributes: Mapping[str, str]) -> bool:
        return bool(self._hiding) and not self._hiding.isdisjoint(selectors(name, attributes))

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
        if attributes or name in _MARKING or self._quote is not None or self._preformatted is not None:
            self._apply_quote(name, attributes, ends=ends)
            self._apply_line_ends(name, attributes, ends=ends)
        if name == "li" and not ends:
            self._append("- ")
        elif name == "a":
            self._replace_link(None if ends else _characters(attributes.get("href", "")))
        elif attributes and _SIGNATURE_MARKS.search(_names(attributes)):
            self._end_line()
            self._append("--")
            self._end_line()

    def _apply_quote(self, name: str, attributes: Mapping[str, str], *, ends: bool) -> None:
        if attributes and _EARLIER_MAIL_MARKS.search(_names(attributes)):
            self._end_line()
            self._quote = _OpenElement(_NEVER_ENDS)
        elif self._quote is not None:
            if self._quote.ends_at(name, ends=ends):
                self._end_line()
                self._quote = None
        elif not ends and (attributes or name == "blockquote") and _is_quote(name, attributes, self._line_before):
            self._end_line()
            self._quote = _OpenElement(name)

    def _apply_line_ends(self, name: str, attributes: Mapping[str, str], *, ends: bool) -> None:
        if self._preformatted is not None:
            if self._preformatted.ends_at(name, ends=ends):
                self._preformatted = None
        elif not ends and (name in _PREFORMATTED or _KEEPS_LINES.search(attributes.get("style", ""))):
            self._preformatted = _OpenElement(name)

    def _replace_link(self, link: str | None) -> None:
        """Append the target of the open link, unless the text has it already, and open `link`."""
        target = target_of(self._link or "")
        shown = target.removeprefix(MAILTO)
        near = "".join(piece[-len(target) - _NEAR_LINK :] for piece in self._line[-_PIECES_OF_LINK:])
        if shown and shown.lower() not in near.lower():
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

    def _line_before(self) -> str:
        """Return the last line that is not empty."""
        pending = "".join(self._line[-_PIECES_OF_LINE:]).strip()
        return pending or next((line for line in self._fresh[-2:][::-1] if line), "")

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
