"""JSON from outside, read leniently: what other systems put into strings, and no strict reader admits, is replaced.

Half an emoji (a lone surrogate), control characters, a byte order mark, CESU-8 and bytes that are no UTF-8 cost their
own characters and nothing else; NUL too, which a database may refuse. A body that is not JSON otherwise is refused.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

import orjson

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_NUL = b"\\u0000"
_CESU_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
# The closing quote is optional, so that no search ever starts again inside a string: the time stays linear.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_UNREADABLE = re.compile(
    r"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<lone>\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000))"
    r"|(?P<escape>\\.)"
    r"|(?P<control>[\x00-\x1f])",
    re.DOTALL,
)
# Ends before an escape that was cut off.
_CUT_STRING = rb'(?:[^"\\]++|\\u[0-9a-fA-F]{4}|\\[^u])*+'
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


class NotJson(ValueError):
    """The body is not JSON, not even when it is read leniently."""


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text in UTF-8. Raises NotJson."""
    try:
        if _NUL not in body:
            return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return orjson.loads(_repaired(body))
    except orjson.JSONDecodeError:
        raise NotJson("the body is not JSON") from None


def beginning_of(name: str, cut: bytes) -> str:
    """Return the start of the first text under this key in a JSON text that was cut off; "" if it has none."""
    match = re.search(rb'"' + re.escape(name.encode()) + rb'"\s*:\s*("' + _CUT_STRING + rb")", cut)
    return str(read_json(match[1] + b'"')) if match else ""


def _repaired(body: bytes) -> str:
    whole = _CESU_PAIR.sub(_joined, body.removeprefix(codecs.BOM_UTF8))
    return _STRING.sub(lambda string: _UNREADABLE.sub(_replaced, string[0]), whole.decode(errors="replace"))


def _joined(pair: re.Match[bytes]) -> bytes:
    """Return a character that CESU-8 writes as two surrogates, in UTF-8."""
    halves = pair[0].decode(errors="surrogatepass")
    return halves.encode("utf-16-be", "surrogatepass").decode("utf-16-be").encode()


def _replaced(found: re.Match[str]) -> str:
    """Return what stands for an escape or a control character inside a string."""
    match found.lastgroup:
        case "lone":
            return REPLACEMENT
        case "control":
            return _ESCAPES.get(found[0], REPLACEMENT)
        case _:
            return found[0]
