"""Bytes as text, by the charset that they are in: not always the one that is declared.

Mail programs declare a charset and use its superset (`shift_jis` is cp932), help desks convert a text to UTF-8 and keep
the old declaration, and ISO-2022-JP is recognised by its escapes whatever is declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from charset_normalizer import from_bytes

_SUPERSETS = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "big5": "big5hkscs",
    "tis-620": "cp874",
    "windows-874": "cp874",
}
_OWN_ESCAPES = ("iso-2022-kr", "utf-16", "utf-32", "utf-7", "hz")
_JAPANESE_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\$\(D|\([IJ])")
_META = re.compile(rb"<meta\b[^<>]{0,200}?charset\s{0,3}=\s{0,3}[\"']?([\w-]{3,30})", re.IGNORECASE)
_HEAD = 4_000
_SAMPLE = 20_000
_GUESSED = [
    "cp932",
    "euc_jp",
    "gb18030",
    "big5hkscs",
    "cp949",
    "cp1251",
    "koi8_r",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp874",
]
_SHARE_OF_ANOTHER_SCRIPT = 0.15
"""A text in Latin letters has fewer bytes outside ASCII."""


def decode(content: bytes, declared: str | None = None) -> str:
    """Return the text. Never raises; bytes that stand for no character are replaced."""
    if _JAPANESE_ESCAPE.search(content):
        return content.decode("iso2022_jp_ext", "replace")
    for charset in _candidates(content, (declared or "").lower()):
        try:
            return content.decode(charset)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


def without_guesses(text: str, content: bytes, declared: str | None) -> str:
    """Return the text of a content without the letters of addresses that are only guessed.

    Bytes that are declared to be UTF-8 and are not can be read in several charsets, and each names another mailbox.
    """
    if (declared or "").lower() not in _UTF_8 or _META.search(content[:_HEAD]) or _JAPANESE_ESCAPE.search(content):
        return text
    try:
        content.decode("utf-8")
    except ValueError:
        return _WORD.sub(_without_guesses, text)
    return text


def _without_guesses(word: re.Match[str]) -> str:
    return _GUESSES.sub("\N{REPLACEMENT CHARACTER}", word[0]) if "@" in word[0] else word[0]


_UTF_8 = frozenset({"utf-8", "utf8"})
_WORD = re.compile(r"[^\s<>()\[\]{}\"“”„«»,;:|=]++")
_GUESSES = re.compile("[\u0080-\u024f]")


def _candidates(content: bytes, declared: str) -> Iterator[str]:
    """Yield the charsets to try; each is taken only if every byte has a meaning in it."""
    if declared.startswith(_OWN_ESCAPES):
        yield declared
    yield "utf-8"
    if found := _META.search(content[:_HEAD]):
        yield _superset(found[1].decode("ascii", "replace").lower())
    superset = _superset(declared)
    is_western = superset in ("cp1252", "utf-8", "")
    if not is_western:
        yield superset
    high = sum(byte > 0x7F for byte in content[:_SAMPLE])
    if high > _SHARE_OF_ANOTHER_SCRIPT * len(content[:_SAMPLE]) or not _is_western(content):
        yield from _guess(content[:_SAMPLE])
    yield "cp1252"


def _superset(charset: str) -> str:
    return _SUPERSETS.get(charset, charset)


def _is_western(content: bytes) -> bool:
    try:
        content.decode("cp1252")
    except ValueError:
        return False
    return True


def _guess(sample: bytes) -> Iterator[str]:
    best = from_bytes(sample, cp_isolation=_GUESSED).best()
    if best is not None:
        yield best.encoding
