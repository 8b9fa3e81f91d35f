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
# Marks are neither letters nor digits, so every run of them that is too long is in such a run of other characters.
_POSSIBLE_RUN = re.compile(rf"[^\w\s\x00-\x7f]{{{LONGEST_RUN + 1},}}")


def normal_form(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Return the text in the normal form, with at most 30 combining marks in a row."""
    return text if text.isascii() else unicodedata.normalize(form, _POSSIBLE_RUN.sub(_cut, text))


def _cut(run: re.Match[str]) -> str:
    kinds = groupby(run[0], key=lambda character: unicodedata.combining(character) > 0)
    return "".join("".join(islice(kind, LONGEST_RUN) if marks else kind) for marks, kind in kinds)
