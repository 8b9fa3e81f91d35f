"""Unicode normal forms in linear time.

Normalization sorts each run of combining marks, and the standard library takes quadratic time for it: 6 s for 100,000
marks on one letter. No language needs more than a few, so a run is cut to 30, as in the stream-safe text format of
Unicode (UAX #15).
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby, islice
from typing import Literal

LONGEST_RUN = 30
# Marks are no letters, except those for half-width Katakana: each run of marks is in a run of such characters.
_POSSIBLE_RUN = re.compile(rf"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){{{LONGEST_RUN + 1},}}")


def normal_form(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Return the text in the normal form, with at most 30 combining marks in a row."""
    return text if text.isascii() else unicodedata.normalize(form, _POSSIBLE_RUN.sub(_cut, text))


def _cut(run: re.Match[str]) -> str:
    kinds = groupby(run[0], key=_is_mark)
    return "".join("".join(islice(kind, LONGEST_RUN) if marks else kind) for marks, kind in kinds)


def _is_mark(character: str) -> bool:
    """Return True for a combining mark, and for a character that is decomposed into such marks only."""
    return unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) > 0
